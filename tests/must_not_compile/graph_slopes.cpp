// A PReLU's slopes are weights of a convolution or an affine.
// expect: Activation::prelu: of a convolution or an affine
// errors: 1
#include "graph.hpp"

using Net =
    Tiny<[](Graph& g, Value x) { return g.activate(x, pplcnet::Activation::prelu, "slopes"); },
         [](Graph& g, Value x) { return g.add(x, x, pplcnet::Activation::prelu); }>;
static_assert(Net::parameter_count > 0);
