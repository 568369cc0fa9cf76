#ifndef PPLCNET_KERNELS_NEEDS_HPP
#define PPLCNET_KERNELS_NEEDS_HPP

#include <algorithm>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#if PPLCNET_HAS_DEFINITIONS
#include "pplcnet/kernels/depthwise_form.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Which activations layers by rows have while they are stored.
struct TileEnds {
  bool hardswish = true;
  bool clamp = true;  ///< all others
};

/// Which kernels the layers of a plan run. A program that compiles the kernels itself compiles
/// those of its networks only; by default all of them.
struct Needs {
  std::uint64_t operators = ~std::uint64_t{0};  ///< a set of them, of which some are in all sets
  bool half_panels = true;                      ///< products whose channels are no multiple of 16
  bool panel_and_a_half = true;                 ///< of those, products of more than 8
  bool pointwise_8 = true;                      ///< layers of eight channels to eight
  bool half_weights = true;                     ///< float16
  TileEnds ends = {};
  bool convolution_stride_1 = true, convolution_stride_2 = true;
  std::uint64_t depthwise = ~std::uint64_t{0};  ///< a set of DepthwiseForm: tiles
  bool depthwise_any = true;                    ///< kernels and strides without tiles
  bool map_convolution = true;                  ///< dense, of a map
  bool prelu = true;
  bool exponentials = true;  ///< activations that are made of one

  /// Returns whether layers have an operator.
  constexpr bool has(Operator op) const { return (operators & bit_of(op)) != 0; }
  /// Returns the bit of an operator in a set of them.
  static constexpr std::uint64_t bit_of(Operator op) {
    return std::uint64_t{1} << static_cast<int>(op);
  }
  /// What nearly all networks have does not tell their needs apart.
  static constexpr std::uint64_t in_all() {
    return bit_of(Operator::convolution) | bit_of(Operator::depthwise) |
           bit_of(Operator::pointwise) | bit_of(Operator::pool) | bit_of(Operator::dense);
  }
};
static_assert(kOperatorCount <= 64);

/// Returns whether there are tiles for the kernel and the strides of a depthwise layer.
constexpr bool has_depthwise_tiles(const Layer& layer) {
  return (layer.kernel == Pair(3) || layer.kernel == Pair(5)) && layer.stride.height <= 2 &&
         layer.stride.width <= 2;
}

#if PPLCNET_HAS_DEFINITIONS
/// Returns whether an activation is made of an exponential.
constexpr bool has_exponential(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::sigmoid || activation.kind == Kind::silu ||
         activation.kind == Kind::gelu;
}

/// Returns whether a layer is a product whose last panel is half of one.
constexpr bool has_half_panel(const Layer& layer) {
  return layer.is_product() && layer.padded_channels() % kPanel != 0;
}

/// Returns what the layers of a plan need, for pictures of its size or of any.
constexpr Needs needs_of(std::span<const Layer> layers, bool any_size = false) {
  const auto any = [&](auto is) { return std::any_of(layers.begin(), layers.end(), is); };
  const auto any_convolution = [&](int stride) {
    return any([&](const Layer& layer) {
      return layer.is_stem() && (layer.stride.width == 2) == (stride == 2);
    });
  };
  const auto any_activation = [&](bool hardswish) {
    return any([&](const Layer& layer) {
      return layer.works_by_rows() &&
             (layer.activation.kind == Activation::Kind::hardswish) == hardswish;
    });
  };
  std::uint64_t operators = Needs::in_all(), depthwise = 0;
  for (const Layer& layer : layers) {
    operators |= Needs::bit_of(layer.op);
    if (layer.op == Operator::depthwise && has_depthwise_tiles(layer))
      depthwise |= depthwise_forms_of(layer, any_size);
  }
  return {
      .operators = operators,
      .half_panels = any(has_half_panel),
      .panel_and_a_half = any([](const Layer& layer) {
        return has_half_panel(layer) && layer.padded_channels() > kPanel;
      }),
      .pointwise_8 = any(
          [](const Layer& layer) { return has_half_panel(layer) && layer.depth() == kHalfPanel; }),
      .half_weights = any([](const Layer& layer) { return layer.half; }),
      .ends = {.hardswish = any_activation(true), .clamp = any_activation(false)},
      .convolution_stride_1 = any_convolution(1),
      .convolution_stride_2 = any_convolution(2),
      .depthwise = depthwise,
      .depthwise_any = any([](const Layer& layer) {
        return layer.op == Operator::depthwise && !has_depthwise_tiles(layer);
      }),
      .map_convolution = any([](const Layer& layer) { return layer.is_map_convolution(); }),
      .prelu = any([](const Layer& layer) { return layer.has_slopes(); }),
      .exponentials = any([](const Layer& layer) {
        return has_exponential(layer.activation) || has_exponential(layer.last_activation);
      }),
  };
}
#else
/// Returns the needs of a file that compiles no kernels: those that are compiled once are all.
constexpr Needs needs_of(std::span<const Layer>, bool = false) { return {}; }
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_NEEDS_HPP
