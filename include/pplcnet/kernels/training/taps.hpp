#ifndef PPLCNET_KERNELS_TRAINING_TAPS_HPP
#define PPLCNET_KERNELS_TRAINING_TAPS_HPP

#include <algorithm>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/graph/shape.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// One axis of a window that moves over a map, forward or, for gradients of its input, backward.
struct TapAxis {
  int kernel, stride, dilation, before;
  int inputs, outputs;

  static TapAxis rows(const Window& w, const Shape& input, const Shape& output) {
    return {w.kernel.height, w.stride.height, w.dilation.height,
            w.padding.top,   input.height,    output.height};
  }
  static TapAxis columns(const Window& w, const Shape& input, const Shape& output) {
    return {w.kernel.width, w.stride.width, w.dilation.width,
            w.padding.left, input.width,    output.width};
  }

  /// Returns the input that a tap of an output reads, which may be outside of the map.
  constexpr int input(int output, int tap) const {
    return output * stride + tap * dilation - before;
  }
  constexpr bool has_input(int input) const { return input >= 0 && input < inputs; }

  /// Consecutive outputs.
  struct Range {
    int begin, end;
  };
  /// Returns the outputs whose tap is on the map.
  constexpr Range outputs_of(int tap) const {
    const int first = before - tap * dilation;  // is read by output 0 as its -first
    const auto up = [&](int n) { return n <= 0 ? 0 : (n + stride - 1) / stride; };
    const int begin = std::min(up(first), outputs);
    return {begin, std::max(begin, std::min(up(inputs + first), outputs))};
  }
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_TAPS_HPP
