// Layers with the same weights have the same shapes.
// expect: Conv::weights_of: a convolution of the same kernel, channels, norm and bias
// errors: 1
#include "graph.hpp"

using Net =
    Tiny<[](Graph& g, Value x) { return g.conv(x, 16, {.weights_of = g.conv(x, 16, {}, "a")}); },
         [](Graph& g, Value x) { return g.conv(x, 16, {.weights_of = g.conv(x, 8, {}, "a")}); }>;
static_assert(Net::parameter_count > 0);
