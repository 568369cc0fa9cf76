#ifndef PPLCNET_SEGMENTER_HPP
#define PPLCNET_SEGMENTER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "pplcnet/huge_pages.hpp"
#include "pplcnet/image/mask.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/loaded_weights.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/weights/error.hpp"

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
