// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

#include "pplcnet/pplcnet.hpp"

// from pplcnet/segmenter.hpp
#ifndef PPLCNET_SEGMENTER_HPP
#define PPLCNET_SEGMENTER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

// from pplcnet/image/mask.hpp
#ifndef PPLCNET_IMAGE_MASK_HPP
#define PPLCNET_IMAGE_MASK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>


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

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the preprocessing that published weights of a segmentation network expect: that of its
/// model, otherwise PaddleSeg's.
template <class Net>
constexpr Preprocessing segmentation_preprocessing() {
  if constexpr (HasModel<Net>) return Net::Definition::model.preprocessing;
  return paddle_seg(Net::input_shape.height, Net::input_shape.width);
}

/// From decoded pixels to a class for each of them: a network whose result is a map of scores, with
/// its weights, preprocessing and labels, and all memory that a picture needs, allocated when it is
/// made. The executor of a call may use up to kThreads threads. Copies share the weights and have
/// everything else of their own: one copy for each thread.
template <class Net, int kThreads = 1>
class Segmenter : public LoadedWeights<Net, Segmenter<Net, kThreads>> {
  using Loaded = LoadedWeights<Net, Segmenter<Net, kThreads>>;
  static_assert(Net::output_count == 1 && Net::traits.logits < 0,
                "Segmenter: a network whose only result is a map of scores");
  static constexpr Shape kScores = Net::output_shape(0);
  static_assert(kScores.channels <= 255, "Segmenter: at most 255 classes");

 public:
  static constexpr int classes = kScores.channels;

  Segmenter() : Loaded(segmentation_preprocessing<Net>()), state_(std::make_unique<State>()) {
    // A picture of one pixel, so that the buffers are there before the first one.
    const std::array<std::uint8_t, kImageChannels> pixel = {};
    resize_and_crop(this->preprocessing(), {pixel.data(), 1, 1, PixelFormat::rgb}, state_->scratch);
  }
  Segmenter(const Segmenter& other) : Segmenter() { static_cast<Loaded&>(*this) = other; }
  Segmenter(Segmenter&&) noexcept = default;
  Segmenter& operator=(const Segmenter& other) {
    if (this != &other) *this = Segmenter(other);
    return *this;
  }
  Segmenter& operator=(Segmenter&&) noexcept = default;
  ~Segmenter() = default;

  /// Writes the class of each pixel of a picture of any size to `mask`, row by row: of the scores,
  /// resized bilinearly to the picture's size, the highest, the first of equals. Nothing is
  /// allocated. An error, which leaves the mask alone, if weights were not loaded, the picture is
  /// empty, the mask has another size, or a score is no finite number, as of damaged weights.
  Error segment(ImageView image, std::span<std::uint8_t> mask, const RunOptions& options = {}) {
    if (!this->weights()) return Error("segmenter: no weights were loaded");
    if (image.empty()) return Error("segmenter: the picture is empty");
    const std::size_t size =
        static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height);
    if (mask.size() != size)
      return Error::of("segmenter: expected a mask of ", size, " pixels, found ", mask.size());
    if (this->preprocessing().geometry != Geometry::direct ||
        this->preprocessing().tensor_size() != Net::input_size ||
        !resize_and_crop(this->preprocessing(), image, state_->scratch))
      return Error::of("segmenter: expected preprocessing to ", Net::input_shape.height, "x",
                       Net::input_shape.width, " without a crop");
    typename Net::Features requested;
    requested.outputs[0] = state_->scores.data();
    Net::features(*this->weights(), this->picture(state_->scratch.pixels.data()), state_->workspace,
                  requested, options);
    if (!all_finite(state_->scores))
      return Error(
          "segmenter: the network's scores are no finite numbers; its weights may be "
          "damaged");
    const ScoreMaps scores = {state_->scores.data(), classes, kScores.height, kScores.width};
    const int parts = std::clamp(options.executor.threads(), 1, std::min(kThreads, image.height));
    const auto rows = [&](int i, int of) {
      return static_cast<int>(std::int64_t{image.height} * i / of);
    };
    const auto part = [&](int i) {
      argmax_rows(scores, image.size(), rows(i, parts), rows(i + 1, parts),
                  state_->lines[static_cast<std::size_t>(i)], mask.data());
    };
    options.executor(parts, Task(part));
    return {};
  }

 private:
  struct State : InHugePages {
    PreprocessScratch scratch = {};
    typename Net::template ParallelWorkspace<kThreads> workspace;
    std::array<float, static_cast<std::size_t>(kScores.size())> scores;
    std::array<std::array<float, static_cast<std::size_t>(kScores.width)>, kThreads> lines;
  };

  std::unique_ptr<State> state_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_SEGMENTER_HPP
