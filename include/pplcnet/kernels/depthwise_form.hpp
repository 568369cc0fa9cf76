#ifndef PPLCNET_KERNELS_DEPTHWISE_FORM_HPP
#define PPLCNET_KERNELS_DEPTHWISE_FORM_HPP

#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Pixels of the longest strip of a depthwise tile.
inline constexpr int kLongestStrip = 7;

/// What a vector of a depthwise tile holds: a panel of channels, half of one, or half panels of two
/// neighbouring pixels, which are computed as a panel of one.
enum class DepthwiseVector { panel, half, pair };

/// What tells the code of depthwise tiles apart. A network needs few of all combinations.
struct DepthwiseForm {
  DepthwiseVector vector;
  int kernel;           ///< 3 or 5
  int across;           ///< stride from one sum of a strip to the next: 1 or 2
  int down;             ///< stride: 1 or 2; 0: either
  bool narrow = false;  ///< for rows that are shorter than a tile

  /// Returns the set of it alone; `Needs::depthwise` is a set of many.
  constexpr std::uint64_t set() const {
    if (down == 0) return with_down(1).set() | with_down(2).set();
    const int tile = (kernel == 5 ? 4 : 0) + 2 * (across - 1) + down - 1;
    return std::uint64_t{1} << (16 * static_cast<int>(vector) + (narrow ? 8 : 0) + tile);
  }
  /// Returns whether a set has it.
  constexpr bool is_in(std::uint64_t forms) const { return (forms & set()) != 0; }

 private:
  constexpr DepthwiseForm with_down(int stride) const {
    return {vector, kernel, across, stride, narrow};
  }
};

/// Returns the set of the forms that a depthwise layer with tiles needs, on any CPU, for pictures
/// of its plan's size or of any.
constexpr std::uint64_t depthwise_forms_of(const Layer& layer, bool any_size) {
  using enum DepthwiseVector;
  const int channels = layer.padded_channels(), across = layer.stride.width;
  const int width = layer.output.width / layer.dilation.width;
  std::uint64_t forms = 0;
  const auto add = [&](DepthwiseForm form) {
    forms |= form.set();
    form.narrow = any_size || width < kLongestStrip * (form.vector == pair ? 2 : 1);
    forms |= form.set();
  };
  const int kernel = layer.kernel.width, down = layer.stride.height;
  if (channels >= kPanel) add({panel, kernel, across, down});
  if (channels % kPanel != 0) add({half, kernel, across, down});
  if (channels == kHalfPanel && across == 1) add({pair, kernel, 2 * across, down});
  return forms;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_DEPTHWISE_FORM_HPP
