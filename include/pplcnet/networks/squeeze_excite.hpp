#ifndef PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP
#define PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP

#include "pplcnet/graph/graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a squeeze-excite consists of.
struct SqueezeExcite {
  int squeezed = 0;  ///< channels in between
  Activation gate = Activation::hardsigmoid;
  Layout layout = Layout::convolution;
  Activation after = Activation::none;  ///< applied to the product
};

/// Appends a squeeze-excite: the map times factors that its own means give.
constexpr Value squeeze_excite(Graph& g, Value x, const SqueezeExcite& options, Name reduce,
                               Name expand) {
  Value factors = g.global_mean(x);
  factors = g.dense(factors, options.squeezed,
                    {.activation = Activation::relu, .layout = options.layout}, reduce);
  factors = g.dense(factors, x.shape.channels,
                    {.activation = options.gate, .layout = options.layout}, expand);
  return g.gate(x, factors, options.after);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP
