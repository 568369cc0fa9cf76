#ifndef PPLCNET_GRAPH_SHAPE_HPP
#define PPLCNET_GRAPH_SHAPE_HPP

#include <cstdint>

#include "pplcnet/abi.hpp"

// Sizes: of maps, kernels, strides.

namespace pplcnet::inline PPLCNET_ABI {

/// A vertical and a horizontal size, in pixels; a plain number means both.
struct Pair {
  int height = 1, width = 1;

  constexpr Pair() = default;
  constexpr Pair(int both) : height(both), width(both) {}  // NOLINT(google-explicit-constructor)
  constexpr Pair(int h, int w) : height(h), width(w) {}
  constexpr bool operator==(const Pair&) const = default;
};

/// Steps of a convolution.
using Stride = Pair;

/// Size of a picture in pixels.
struct Extent {
  int height = 224, width = 224;
  constexpr bool operator==(const Extent&) const = default;
};

/// Height, width and channels of one image's activations.
struct Shape {
  int height = 1, width = 1, channels = 0;

  constexpr std::int64_t pixels() const { return std::int64_t{height} * width; }
  constexpr std::int64_t size() const { return pixels() * channels; }
  constexpr bool operator==(const Shape&) const = default;
};

/// Rows and columns around a map that a kernel sees as zeros.
struct Padding {
  int top = 0, left = 0, bottom = 0, right = 0;

  constexpr Padding() = default;
  constexpr Padding(int all)  // NOLINT(google-explicit-constructor)
      : top(all), left(all), bottom(all), right(all) {}
  constexpr Padding(int t, int l, int b, int r) : top(t), left(l), bottom(b), right(r) {}
  constexpr bool operator==(const Padding&) const = default;

  /// Returns what keeps the size of a map at a stride of 1: a kernel's reach less one in all, of
  /// which an even kernel has one more below and right.
  static constexpr Padding same(Pair kernel, Pair dilation = 1) {
    const int top = (kernel.height - 1) / 2 * dilation.height;
    const int left = (kernel.width - 1) / 2 * dilation.width;
    return {top, left, top + (kernel.height - 1) % 2, left + (kernel.width - 1) % 2};
  }
};

/// A kernel or a pooling window that moves over a map.
struct Window {
  Pair kernel = 1;
  Stride stride = 1;
  Pair dilation = 1;
  Padding padding = 0;
  bool ceil_mode = false;  ///< a last output may read beyond the padding

  /// Returns the rows and columns from a kernel's first tap to its last.
  constexpr Pair reach() const {
    return {(kernel.height - 1) * dilation.height + 1, (kernel.width - 1) * dilation.width + 1};
  }
  /// Returns the shape of the output; its height or width is below 1 where the kernel does not fit.
  constexpr Shape output(const Shape& input, int channels) const {
    const auto size = [&](int n, int before, int after, int reached, int step) {
      const int room = n + before + after - reached;
      if (room < 0) return 0;
      const int count = (room + (ceil_mode ? step - 1 : 0)) / step + 1;
      return ceil_mode && (count - 1) * step >= n + before ? count - 1 : count;
    };
    return {size(input.height, padding.top, padding.bottom, reach().height, stride.height),
            size(input.width, padding.left, padding.right, reach().width, stride.width), channels};
  }
  constexpr bool operator==(const Window&) const = default;
};

constexpr std::int64_t ceil_div(std::int64_t value, std::int64_t divisor) {
  return (value + divisor - 1) / divisor;
}
constexpr std::int64_t round_up(std::int64_t value, std::int64_t multiple) {
  return ceil_div(value, multiple) * multiple;
}

/// Returns `hundredths / 100` to the nearest multiple of `divisor`, at least one of it, and never
/// more than 10 % below the exact value: `make_divisible` of all frameworks.
constexpr int make_divisible(int hundredths, int divisor) {
  const int step = 100 * divisor;
  int rounded = (hundredths + step / 2) / step * divisor;
  if (rounded < divisor) rounded = divisor;
  return rounded * 1000 < hundredths * 9 ? rounded + divisor : rounded;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_SHAPE_HPP
