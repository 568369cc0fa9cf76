// Not everything that a network can be in floats it can be in bytes.
// expect: Quantised: convolutions, depthwise ones, means over all pixels, dense layers, gates
// errors: 1
#include "graph.hpp"
#include "pplcnet/quantised_network.hpp"

using Net =
    Tiny<[](Graph&, Value x) { return x; }, [](Graph& g, Value x) { return g.max_pool(x, {}); }>;
static_assert(pplcnet::Quantised<Net>::classes == 2);
