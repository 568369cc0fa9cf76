#ifndef PPLCNET_KERNELS_EDGE_COPIES_HPP
#define PPLCNET_KERNELS_EDGE_COPIES_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/edges.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Rows [begin, end) of a map.
struct RowRange {
  int begin = 0, end = 0;

  constexpr bool has(int y) const { return y >= begin && y < end; }
};

/// One thread's copies of the rows around the edges of its band, see plan/edges.hpp.
class EdgeCopies {
 public:
  /// Copies, of rows `read` of the source of a chain of layers [first, last], which a band of its
  /// rows reads, those around the band's edges to the thread's
  /// scratch.
  void copy(const Layer* layers, int first, int last, RowRange band, RowRange read,
            const float* maps, float* scratch) {
    const Map& map = layers[first].source;
    const EdgeRows edge = rows_at_edge(layers, first, last);
    const int height = layers[last].output.height / layers[last].rows_of_one();
    upper_ = {read.begin, read.begin};
    lower_ = {read.end, read.end};
    if (band.begin > 0) upper_.end = std::min(read.end, band.begin * edge.step + edge.below);
    if (band.end < height)
      lower_.begin = std::clamp(band.end * edge.step - edge.above, upper_.end, read.end);
    float* room = scratch + layers[first].edge_copies;
    copies_ = room;
    pitch_ = map.row_pitch();
    // What is some of another map's channels ends before its rows do.
    const std::size_t floats = pitch_ - static_cast<std::size_t>(map.pixel_pitch) +
                               static_cast<std::size_t>(round_up(map.shape.channels, kHalfPanel));
    for (const RowRange& rows : {upper_, lower_})
      for (int y = rows.begin; y < rows.end; ++y, room += pitch_)
        std::memcpy(room, maps + map.row(y), sizeof(float) * floats);
  }

  /// Returns the copy of a row, left frame first; null: there is none.
  const float* row(int y) const {
    if (!upper_.has(y) && !lower_.has(y)) return nullptr;
    const int index =
        upper_.has(y) ? y - upper_.begin : upper_.end - upper_.begin + y - lower_.begin;
    return copies_ + static_cast<std::size_t>(index) * pitch_;
  }

 private:
  RowRange upper_, lower_;
  const float* copies_ = nullptr;
  std::size_t pitch_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_EDGE_COPIES_HPP
