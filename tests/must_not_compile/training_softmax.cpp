// Not everything that a network can compute it can learn.
// expect: Training: convolutions, dense layers, batch norms, activations, pools, means over all
// errors: 1
#include "graph.hpp"
#include "pplcnet/trainer.hpp"

using Net =
    Tiny<[](Graph&, Value x) { return x; }, [](Graph& g, Value x) { return g.softmax(x, 2); }>;
static_assert(pplcnet::Trainer<Net, 2>::batch == 2);
