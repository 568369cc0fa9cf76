#ifndef PPLCNET_KERNELS_NEEDS_HPP
#define PPLCNET_KERNELS_NEEDS_HPP

#include <algorithm>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Which activations layers by rows have while they are stored.
struct TileEnds {
  bool hardswish = true;
  bool clamp = true;  ///< all others
};

/// Pixels of the longest strip of a depthwise tile.
inline constexpr int kLongestStrip = 7;

/// Which kernels the layers of a plan run. A program that compiles the kernels itself compiles
/// those of its networks only; by default all of them.
struct Needs {
  bool half_panels = true;   ///< layers by rows whose channels are no multiple of 16
  bool half_weights = true;  ///< float16
  TileEnds ends = {};
  bool convolution_stride_1 = true, convolution_stride_2 = true;
  bool depthwise_3 = true, depthwise_5 = true;  ///< kernels that have tiles of their own
  bool depthwise_oblong = true;                 ///< of those, another stride down than across
  bool depthwise_narrow = true;                 ///< of those, rows that are shorter than a tile
  bool depthwise_any = true;                    ///< kernels and strides without such tiles
  bool map_convolution = true;                  ///< dense, of a map
  bool windows = true, gate = true, add = true, copy = true, picture = true;
  bool l1 = true, prelu = true;
  bool reduce = true, multiply = true, normalise = true, rearrange = true, softmax = true;
  bool attention = true, resize = true;

  /// Returns whether a layer writes a whole map.
  constexpr bool maps() const { return windows || gate || add || copy || picture || orders(); }
  /// Returns whether one takes a map as a whole: along its axes, or in another order.
  constexpr bool orders() const {
    return reduce || multiply || normalise || rearrange || softmax || attention || resize;
  }
};

/// Returns whether there are tiles for the kernel and the strides of a depthwise layer.
constexpr bool has_depthwise_tiles(const Layer& layer) {
  return (layer.kernel == Pair(3) || layer.kernel == Pair(5)) && layer.stride.height <= 2 &&
         layer.stride.width <= 2;
}

/// Returns what the layers of a plan need.
constexpr Needs needs_of(std::span<const Layer> layers) {
  const auto any = [&](auto is) { return std::any_of(layers.begin(), layers.end(), is); };
  const auto any_of = [&](Operator op) {
    return any([&](const Layer& layer) { return layer.op == op; });
  };
  const auto any_convolution = [&](int stride) {
    return any([&](const Layer& layer) {
      return layer.is_stem() && (layer.stride.width == 2) == (stride == 2);
    });
  };
  const auto any_depthwise = [&](auto is) {
    return any([&](const Layer& layer) {
      return layer.op == Operator::depthwise && has_depthwise_tiles(layer) && is(layer);
    });
  };
  const auto any_activation = [&](bool hardswish) {
    return any([&](const Layer& layer) {
      return layer.works_by_rows() &&
             (layer.activation.kind == Activation::Kind::hardswish) == hardswish;
    });
  };
  const bool half_panels = any([](const Layer& layer) {
    return layer.works_by_rows() && layer.padded_channels() % kPanel != 0;
  });
  // Eight channels of two pixels may be taken for one pixel of sixteen.
  const int least_width = (half_panels ? 2 : 1) * kLongestStrip;
  return {
      .half_panels = half_panels,
      .half_weights = any([](const Layer& layer) { return layer.half; }),
      .ends = {.hardswish = any_activation(true), .clamp = any_activation(false)},
      .convolution_stride_1 = any_convolution(1),
      .convolution_stride_2 = any_convolution(2),
      .depthwise_3 = any_depthwise([](const Layer& layer) { return layer.kernel == Pair(3); }),
      .depthwise_5 = any_depthwise([](const Layer& layer) { return layer.kernel == Pair(5); }),
      .depthwise_oblong = any_depthwise(
          [](const Layer& layer) { return layer.stride.height != layer.stride.width; }),
      .depthwise_narrow = any_depthwise([&](const Layer& layer) {
        return layer.output.width / layer.dilation.width < least_width;
      }),
      .depthwise_any = any([](const Layer& layer) {
        return layer.op == Operator::depthwise && !has_depthwise_tiles(layer);
      }),
      .map_convolution = any([](const Layer& layer) { return layer.is_map_convolution(); }),
      .windows = any_of(Operator::max_pool) || any_of(Operator::average_pool),
      .gate = any_of(Operator::gate),
      .add = any_of(Operator::add),
      .copy = any_of(Operator::copy),
      .picture = any_of(Operator::picture),
      .l1 = any_of(Operator::l1),
      .prelu = any([](const Layer& layer) { return layer.has_slopes(); }),
      .reduce = any_of(Operator::reduce),
      .multiply = any_of(Operator::multiply),
      .normalise = any_of(Operator::normalise),
      .rearrange = any_of(Operator::rearrange),
      .softmax = any_of(Operator::softmax),
      .attention = any_of(Operator::attention),
      .resize = any_of(Operator::resize),
  };
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_NEEDS_HPP
