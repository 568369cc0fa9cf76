#ifndef PPLCNET_DETECTOR_HPP
#define PPLCNET_DETECTOR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/classifier_state.hpp"
#include "pplcnet/detect/decoder.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/detect/nms.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/defaults.hpp"
#include "pplcnet/models/detectors.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// From decoded pixels to objects: a detector's network with its weights, preprocessing and labels,
/// and all memory that a picture needs, allocated when it is made. The executor of a call may use
/// up to kThreads threads. Copies share the weights and have everything else of their own: one copy
/// for each thread.
template <class Net, int kThreads = 1>
class Detector {
  using Weights = typename Net::Weights;
  using WeightsView = typename Net::WeightsView;

 public:
  explicit Detector(const NmsOptions& options = {})
      : state_(std::make_unique<State>()),
        decoder_({Net::input_shape.height, Net::input_shape.width}, shapes(), options) {
    // A picture of one pixel, so that the buffers are there before the first one.
    const std::array<std::uint8_t, kImageChannels> pixel = {};
    resize_and_crop(preprocessing_, ImageView(pixel.data(), 1, 1, PixelFormat::rgb),
                    state_->scratch);
  }
  Detector(const Detector& other) : Detector(other.options()) {
    weights_ = other.weights_;
    owner_ = other.owner_;
    labels_ = other.labels_;
  }
  Detector(Detector&&) noexcept = default;
  Detector& operator=(const Detector& other) {
    if (this != &other) *this = Detector(other);
    return *this;
  }
  Detector& operator=(Detector&&) noexcept = default;
  ~Detector() = default;

  /// Reads weights in any format that `pplcnet::load` knows, or another `read` such as
  /// `pplcnet::load_any`. After an error the detector is as before.
  Error load(std::string_view path,
             Error (*read)(std::string_view, Weights&, ModelInfo*) = pplcnet::load<Weights>) {
    return with_memory_for(path, [&] {
      const std::shared_ptr<Weights> weights(new (std::nothrow) Weights());
      if (weights == nullptr) return out_of_memory(path);
      ModelInfo info;
      if (auto error = read(path, *weights, &info)) return error;
      if (auto error = set_labels(info.labels.empty() ? labels_ : std::move(info.labels)))
        return error;
      weights_ = *weights;
      owner_ = weights;
      return Error();
    });
  }

  /// Uses packed weights that lie elsewhere, and must stay there.
  void view(WeightsView weights) noexcept {
    weights_ = weights;
    owner_.reset();
  }

  const NmsOptions& options() const { return decoder_.options(); }

  /// Takes one label for each class, or none; any other number is an error.
  Error set_labels(std::vector<std::string> labels) {
    if (auto error = check_label_count(labels.size(), decoder_.classes(), "labels")) return error;
    labels_ = std::move(labels);
    return {};
  }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Returns the label of a class, or its number where there are no labels.
  std::string label(int class_id) const {
    const auto index = static_cast<std::size_t>(class_id);
    return index < labels_.size() ? labels_[index] : std::to_string(class_id);
  }

  /// Returns what is in a picture of any size, ordered by class, and by score in a class, with
  /// boxes in the picture's pixels, which may reach beyond it; nothing if weights were not loaded
  /// or the picture is empty. Valid until the next call. Nothing is allocated.
  std::optional<std::span<const Detection>> detect(ImageView image,
                                                   const RunOptions& options = {}) {
    if (!weights_ || !resize_and_crop(preprocessing_, image, state_->scratch)) return std::nullopt;
    const auto picture =
        Picture::interleaved(state_->scratch.pixels.data(), lookup_.data(), Net::input_shape);
    typename Net::Features requested;
    std::ranges::copy(decoder_.destinations(), requested.outputs.begin());
    Net::features(*weights_, picture, state_->workspace, requested, options);
    return decoder_.decode(image.size());
  }

 private:
  struct State : InHugePages {
    PreprocessScratch scratch = {};
    typename Net::template ParallelWorkspace<kThreads> workspace;
  };

  static constexpr std::array<Shape, Net::output_count> shapes() {
    std::array<Shape, Net::output_count> all;
    for (int i = 0; i < Net::output_count; ++i)
      all[static_cast<std::size_t>(i)] = Net::output_shape(i);
    return all;
  }

  std::optional<WeightsView> weights_;
  std::shared_ptr<const Weights> owner_;  // null: the caller
  std::unique_ptr<State> state_;
  DetectionDecoder decoder_;
  Preprocessing preprocessing_ = default_preprocessing<Net>();
  ByteTables lookup_ = normalisation_tables(preprocessing_.normalisation);
  std::vector<std::string> labels_ = default_labels<Net>();
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECTOR_HPP
