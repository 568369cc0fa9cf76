#ifndef PPLCNET_GRAPH_ACTIVATION_HPP
#define PPLCNET_GRAPH_ACTIVATION_HPP

#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What is applied to a value, element by element.
struct Activation {
  enum class Kind : unsigned char {
    none,
    relu,         ///< max(x, 0)
    relu6,        ///< min(max(x, 0), 6)
    hardswish,    ///< x * clamp(x / 6 + 0.5, 0, 1)
    hardsigmoid,  ///< clamp(x * slope + offset, 0, 1)
    sigmoid,      ///< 1 / (1 + exp(-x))
    gelu,         ///< x * (1 + erf(x / sqrt(2))) / 2
    silu,         ///< x / (1 + exp(-x))
    linear,       ///< x * slope + offset
    root,         ///< sqrt(max(x + offset, 0))
    prelu,        ///< max(x, 0) + min(x, 0) * s, where each channel has an s of its own
  };

  Kind kind = Kind::none;
  float slope = 0, offset = 0;  ///< of a hardsigmoid and of a linear one; a root's offset

  static const Activation none, relu, relu6, hardswish, sigmoid, gelu, silu, prelu;
  static const Activation hardsigmoid;         ///< clamp(x / 6 + 0.5, 0, 1)
  static const Activation hardsigmoid_paddle;  ///< Paddle's slope is not quite 1/6
  static const Activation clip;                ///< clamp(x, 0, 1)
  /// Returns clamp(x * slope + offset, 0, 1).
  static constexpr Activation hardsigmoid_of(float slope, float offset = 0.5F) {
    return {Kind::hardsigmoid, slope, offset};
  }

  /// Returns x * slope + offset.
  static constexpr Activation linear_of(float slope, float offset = 0) {
    return {Kind::linear, slope, offset};
  }

  /// Returns sqrt(max(x + offset, 0)).
  static constexpr Activation root_of(float offset) { return {Kind::root, 0, offset}; }

  constexpr bool operator==(const Activation&) const = default;
};

inline constexpr Activation Activation::none = {};
inline constexpr Activation Activation::relu = {Kind::relu};
inline constexpr Activation Activation::relu6 = {Kind::relu6};
inline constexpr Activation Activation::hardswish = {Kind::hardswish};
inline constexpr Activation Activation::sigmoid = {Kind::sigmoid};
inline constexpr Activation Activation::gelu = {Kind::gelu};
inline constexpr Activation Activation::silu = {Kind::silu};
inline constexpr Activation Activation::prelu = {Kind::prelu};
inline constexpr Activation Activation::hardsigmoid = hardsigmoid_of(1.0F / 6);
inline constexpr Activation Activation::hardsigmoid_paddle = hardsigmoid_of(0.1666667F);
inline constexpr Activation Activation::clip = hardsigmoid_of(1, 0);

/// Returns the name of an activation, as it is spelled in `Activation`.
constexpr std::string_view activation_name(const Activation& activation) {
  constexpr struct {
    Activation activation;
    std::string_view name;
  } kNames[] = {{Activation::none, "none"},
                {Activation::relu, "relu"},
                {Activation::relu6, "relu6"},
                {Activation::hardswish, "hardswish"},
                {Activation::hardsigmoid, "hardsigmoid"},
                {Activation::hardsigmoid_paddle, "hardsigmoid_paddle"},
                {Activation::clip, "clip"},
                {Activation::sigmoid, "sigmoid"},
                {Activation::gelu, "gelu"},
                {Activation::silu, "silu"},
                {Activation::prelu, "prelu"}};
  for (const auto& [known, name] : kNames)
    if (known == activation) return name;
  if (activation.kind == Activation::Kind::root) return "root_of";
  return activation.kind == Activation::Kind::linear ? "linear_of" : "hardsigmoid_of";
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_ACTIVATION_HPP
