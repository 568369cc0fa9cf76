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

/// What may be in the place of a squeeze-excite: a function that appends it, or nothing; see
/// blocks/attention.hpp.
struct Attention {
  using Append = Value (*)(Graph& g, Value x, Name name);

  Append append = nullptr;
  /// With -fsanitize=undefined, g++ 12 does not know as a constant that a function is not null.
  bool is_there = false;

  constexpr Attention() = default;
  constexpr Attention(Append function)  // NOLINT(google-explicit-constructor)
      : append(function), is_there(true) {}

  constexpr bool operator==(const Attention&) const = default;
};

/// Appends a squeeze-excite: the map times factors that its own means give.
constexpr Value squeeze_excite(Graph& g, Value x, const SqueezeExcite& options, Name reduce,
                               Name expand, Name pool = {}, Name gate = {}) {
  Value factors = g.global_mean(x, pool);
  factors = g.dense(factors, options.squeezed,
                    {.activation = Activation::relu, .layout = options.layout}, reduce);
  factors = g.dense(factors, x.shape.channels,
                    {.activation = options.gate, .layout = options.layout}, expand);
  return g.gate(x, factors, options.after, gate);
}

/// Appends the same with the names that PP-LCNet gives it inside of a block.
constexpr Value squeeze_excite(Graph& g, Value x, const SqueezeExcite& options, Name block) {
  return squeeze_excite(g, x, options, block + ".se.conv1", block + ".se.conv2",
                        block + ".se.avg_pool", block + ".se");
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SQUEEZE_EXCITE_HPP
