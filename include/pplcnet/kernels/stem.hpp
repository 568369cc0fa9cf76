#ifndef PPLCNET_KERNELS_STEM_HPP
#define PPLCNET_KERNELS_STEM_HPP

#include <algorithm>
#include <cstddef>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/arguments.hpp"
#include "pplcnet/kernels/rows.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes rows [begin, end) of a convolution of the picture, two at a time; the rows that they
/// read become `lines`.
inline void stem_rows(const Kernels& kernels, const Run& run, const Layer& layer,
                      const Picture& picture, float* lines, int begin, int end,
                      const Rows& output) {
  const int stride = layer.stride.width == 2 ? 2 : 1;
  const Kernels::Stem& kernel = kernels.stems[stride - 1];
  const int step = layer.stride.height, top = begin * step - layer.padding.top;
  kernel.load_lines(layer, picture, top, top + (end - begin - 1) * step + layer.kernel.height,
                    lines);
  const std::size_t row =
      layer.phase_columns() * static_cast<std::size_t>(stride * layer.input.channels * step);
  for (int y = 0; y < end - begin; y += 2) {
    const int upper = std::max(0, std::min(y, end - begin - 2));
    const int lower = std::min(upper + 1, end - begin - 1);
    const auto input = [&](int i) { return lines + static_cast<std::size_t>(i) * row; };
    const auto target = [&](int i) {
      return output.pixels + static_cast<std::size_t>(i) * output.row_pitch;
    };
    kernel.rows({.upper = input(upper),
                 .lower = input(lower),
                 .phase_pitch = layer.phase_columns(),
                 .lines = layer.kernel.height * layer.input.channels,
                 .weights = run.weights + layer.weights,
                 .biases = run.weights + layer.biases,
                 .channels = layer.padded_channels(),
                 .activation = layer.activation.kind,
                 .width = layer.output.width,
                 .upper_output = target(upper),
                 .lower_output = target(lower),
                 .pixel_pitch = output.pixel_pitch});
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_STEM_HPP
