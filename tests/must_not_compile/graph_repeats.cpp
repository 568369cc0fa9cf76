// Parameters are shared by equally many channels.
// expect: Graph::affine, instance_norm: the number of repeats divides that of channels
// errors: 1
#include "graph.hpp"

using Net = Tiny<[](Graph& g, Value x) { return g.instance_norm(x, "norm", 4); },
                 [](Graph& g, Value x) { return g.instance_norm(x, "norm", 3); }>;
static_assert(Net::parameter_count > 0);
