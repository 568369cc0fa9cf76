#ifndef PPLCNET_GRAPH_ACTIVATION_HPP
#define PPLCNET_GRAPH_ACTIVATION_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What is applied to a value, element by element.
enum class Activation : unsigned char {
  none,
  relu,                ///< max(x, 0)
  relu6,               ///< min(max(x, 0), 6)
  hardswish,           ///< x * clamp(x / 6 + 0.5, 0, 1)
  hardsigmoid,         ///< clamp(x / 6 + 0.5, 0, 1)
  hardsigmoid_paddle,  ///< clamp(x * 0.1666667f + 0.5, 0, 1): Paddle's slope is not quite 1/6
  sigmoid,             ///< 1 / (1 + exp(-x))
  gelu,                ///< x * (1 + erf(x / sqrt(2))) / 2
  hardsigmoid_fifth,   ///< clamp(x * 0.2 + 0.5, 0, 1)
  clip,                ///< clamp(x, 0, 1)
  silu,                ///< x / (1 + exp(-x))
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_ACTIVATION_HPP
