#ifndef PPLCNET_IMAGE_MASK_HPP
#define PPLCNET_IMAGE_MASK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"

// From scores of classes to the class of each pixel.

namespace pplcnet::inline PPLCNET_ABI {

/// Scores of a picture, planar [classes][height][width].
struct ScoreMaps {
  const float* values = nullptr;
  int classes = 0, height = 0, width = 0;

  const float* row(int class_id, int y) const {
    return values + (std::ptrdiff_t{class_id} * height + y) * width;
  }
};

namespace masking {

/// The two places that one of an enlarged row lies between, `share` of the way.
struct Between {
  int first, second;
  float share;
};

/// Returns those of place `i` of `outputs`: (i + 1/2) · size / outputs - 1/2, as a fraction whose
/// rounding is the same everywhere.
constexpr Between between(int i, int size, int outputs) {
  const std::int64_t whole = 2 * std::int64_t{outputs};
  const std::int64_t at = std::max((2 * std::int64_t{i} + 1) * size - outputs, std::int64_t{0});
  const auto first = static_cast<int>(at / whole);
  return {first, std::min(first + 1, size - 1),
          static_cast<float>(at % whole) / static_cast<float>(whole)};
}

/// Returns what lies between two scores. The product is exact in double precision, so that no
/// compiler rounds it otherwise.
constexpr float mix(float share, float a, float b) {
  return static_cast<float>(double{a} + double{share} * double{b - a});
}

}  // namespace masking

/// Writes rows [begin, end) of a mask for a picture of any size: of each pixel the class of the
/// highest score, the first of equals. Scores are resized bilinearly (align_corners false), as
/// PaddleSeg does. `line` has room for as many numbers as a row of scores; `mask` is the first
/// pixel of the whole mask, whose rows have no gaps.
inline void argmax_rows(const ScoreMaps& scores, ImageSize size, int begin, int end,
                        std::span<float> line, std::uint8_t* mask) {
  constexpr int kBlock = 256;  // pixels that are compared at a time
  std::array<masking::Between, kBlock> columns;
  std::array<float, kBlock> best;
  for (int left = 0; left < size.width; left += kBlock) {
    const int count = std::min(kBlock, size.width - left);
    for (int x = 0; x < count; ++x)
      columns[static_cast<std::size_t>(x)] = masking::between(left + x, scores.width, size.width);
    const int first = columns[0].first;
    const int last = columns[static_cast<std::size_t>(count - 1)].second;
    for (int y = begin; y < end; ++y) {
      const auto [above, below, down] = masking::between(y, scores.height, size.height);
      std::uint8_t* const row = mask + std::ptrdiff_t{y} * size.width + left;
      for (int class_id = 0; class_id < scores.classes; ++class_id) {
        const float* const top = scores.row(class_id, above);
        const float* const bottom = scores.row(class_id, below);
        for (int x = first; x <= last; ++x)
          line[static_cast<std::size_t>(x)] = masking::mix(down, top[x], bottom[x]);
        for (int x = 0; x < count; ++x) {
          const auto& [a, b, across] = columns[static_cast<std::size_t>(x)];
          const float score = masking::mix(across, line[static_cast<std::size_t>(a)],
                                           line[static_cast<std::size_t>(b)]);
          float& highest = best[static_cast<std::size_t>(x)];
          if (class_id > 0 && !(score > highest)) continue;
          highest = score;
          row[x] = static_cast<std::uint8_t>(class_id);
        }
      }
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_MASK_HPP
