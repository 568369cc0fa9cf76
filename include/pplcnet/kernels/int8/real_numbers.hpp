#ifndef PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP
#define PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Copies rows [begin, end) of a layer's output, of which the first is at `from`, into a planar
/// destination, as real numbers.
inline void copy_real_rows(const QuantisedLayer& layer, const EndingConstants& constants,
                           BytePixels<const std::uint8_t> from, int begin, int end,
                           float* destination) {
  const Shape& shape = layer.output;
  for (int y = begin; y < end; ++y, from.pixels += from.row_pitch)
    for (int c = 0; c < shape.channels; ++c) {
      float* const to = destination + c * shape.pixels() + std::int64_t{y} * shape.width;
      for (int x = 0; x < shape.width; ++x) {
        const int q = from.pixels[static_cast<std::size_t>(x) * from.pixel_pitch +
                                  static_cast<std::size_t>(c)];
        to[x] = constants.scale[c] * static_cast<float>(q - constants.zero[c]);
      }
    }
}

/// Copies a vector as real numbers.
inline void copy_real_vector(const QuantisedLayer& layer, const EndingConstants& constants,
                             const std::uint8_t* vector, float* destination) {
  const int channels = layer.output.channels;
  if (layer.ending == Ending::logits) {
    std::memcpy(destination, vector, static_cast<std::size_t>(channels) * sizeof(float));
  } else if (layer.ending == Ending::factors) {
    const auto* factors = reinterpret_cast<const std::int16_t*>(vector);
    for (int c = 0; c < channels; ++c)
      destination[c] = constants.scale[c] * static_cast<float>(factors[c]);
  } else {
    for (int c = 0; c < channels; ++c)
      destination[c] = constants.scale[c] * static_cast<float>(vector[c] - constants.zero[c]);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_REAL_NUMBERS_HPP
