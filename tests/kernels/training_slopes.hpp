#ifndef PPLCNET_TESTS_KERNELS_TRAINING_SLOPES_HPP
#define PPLCNET_TESTS_KERNELS_TRAINING_SLOPES_HPP

#include <cmath>
#include <numbers>

#include "pplcnet/graph/activation.hpp"

namespace pplcnet_test {

/// All activations that can be trained.
inline constexpr pplcnet::Activation kTrainedActivations[] = {
    pplcnet::Activation::none,
    pplcnet::Activation::relu,
    pplcnet::Activation::relu6,
    pplcnet::Activation::hardswish,
    pplcnet::Activation::hardsigmoid,
    pplcnet::Activation::hardsigmoid_paddle,
    pplcnet::Activation::clip,
    pplcnet::Activation::sigmoid,
    pplcnet::Activation::gelu,
    pplcnet::Activation::silu,
    pplcnet::Activation::linear_of(0.75F, -0.5F),
    pplcnet::Activation::root_of(1.5F)};

/// Returns the slope of an activation, at kinks as PaddlePaddle has it.
inline double slope(const pplcnet::Activation& activation, double x) {
  using Kind = pplcnet::Activation::Kind;
  const double s = 1 / (1 + std::exp(-x));
  const double y = x * double{activation.slope} + double{activation.offset};
  switch (activation.kind) {
    case Kind::relu:
      return x > 0 ? 1 : 0;
    case Kind::relu6:
      return x > 0 && x < 6 ? 1 : 0;
    case Kind::hardswish:
      return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
    case Kind::hardsigmoid:
      return y > 0 && y < 1 ? double{activation.slope} : 0;
    case Kind::sigmoid:
      return s * (1 - s);
    case Kind::silu:
      return s + x * s * (1 - s);
    case Kind::gelu:
      return std::erfc(-x / std::numbers::sqrt2) / 2 +
             x * std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
    case Kind::linear:
      return double{activation.slope};
    case Kind::root:
      return x + double{activation.offset} > 0 ? 0.5 / std::sqrt(x + double{activation.offset}) : 0;
    default:
      return 1;
  }
}

/// Returns whether the slope is not the same on both sides of a number, or nearly so, or has no
/// bound.
inline bool near_kink(const pplcnet::Activation& activation, double x) {
  constexpr double kNear = 1e-3;
  if (activation.kind == pplcnet::Activation::Kind::root)
    return x + double{activation.offset} < 0.1;
  return std::abs(slope(activation, x - kNear) - slope(activation, x + kNear)) > 0.01;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_TRAINING_SLOPES_HPP
