#ifndef PPLCNET_KERNELS_ROWS_HPP
#define PPLCNET_KERNELS_ROWS_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels [begin, end) of a layer, or those of them that it has; begin is a multiple of 16.
struct ChannelRange {
  static constexpr int kAll = std::numeric_limits<int>::max();
  int begin = 0, end = kAll;
};

/// Rows of pixels somewhere in memory.
struct Rows {
  float* pixels;
  std::size_t pixel_pitch, row_pitch;
};

/// Returns where row y of a map is, whose first row is `base`'s.
inline Rows rows_of(const Map& map, float* base, int y) {
  return {base + map.pixels(y), static_cast<std::size_t>(map.pixel_pitch), map.row_pitch()};
}

/// Returns the whole map of which a layer's output, that of its owner, is the first part or another
/// one.
inline Map whole_map(const Layer& owner) {
  Map map = owner.target;
  map.offset -= static_cast<std::size_t>(owner.owner_channel);
  return map;
}

/// Copies rows [begin, end), of which the first is at `from`, into a planar destination: a row of a
/// channel at a time, since those of all channels may compete for the same place in the cache.
inline void copy_planar(const Shape& shape, Rows from, int begin, int end, float* destination,
                        int channel_step = 1) {
  for (int y = begin; y < end; ++y, from.pixels += from.row_pitch)
    for (int c = 0; c < shape.channels; ++c)
      for (int x = 0; x < shape.width; ++x)
        destination[c * shape.pixels() + std::int64_t{y} * shape.width + x] =
            from.pixels[static_cast<std::size_t>(x) * from.pixel_pitch +
                        static_cast<std::size_t>(c * channel_step)];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_ROWS_HPP
