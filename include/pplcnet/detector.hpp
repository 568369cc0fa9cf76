#ifndef PPLCNET_DETECTOR_HPP
#define PPLCNET_DETECTOR_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "pplcnet/detect/decoder.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/detect/nms.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/loaded_weights.hpp"
#include "pplcnet/models/detectors.hpp"
#include "pplcnet/network.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// From decoded pixels to objects: a detector's network with its weights, preprocessing and labels,
/// and all memory that a picture needs, allocated when it is made. The executor of a call may use
/// up to kThreads threads. Copies share the weights and have everything else of their own: one copy
/// for each thread.
template <class Net, int kThreads = 1>
class Detector : public LoadedWeights<Net, Detector<Net, kThreads>> {
  using Loaded = LoadedWeights<Net, Detector<Net, kThreads>>;

 public:
  explicit Detector(const NmsOptions& options = {})
      : state_(std::make_unique<State>()),
        decoder_({Net::input_shape.height, Net::input_shape.width}, shapes(), options) {
    // A picture of one pixel, so that the buffers are there before the first one.
    const std::array<std::uint8_t, kImageChannels> pixel = {};
    resize_and_crop(this->preprocessing(), ImageView(pixel.data(), 1, 1, PixelFormat::rgb),
                    state_->scratch);
  }
  Detector(const Detector& other) : Detector(other.options()) {
    static_cast<Loaded&>(*this) = other;
  }
  Detector(Detector&&) noexcept = default;
  Detector& operator=(const Detector& other) {
    if (this != &other) *this = Detector(other);
    return *this;
  }
  Detector& operator=(Detector&&) noexcept = default;
  ~Detector() = default;

  const NmsOptions& options() const { return decoder_.options(); }

  /// Returns what is in a picture of any size, ordered by class, and by score in a class, with
  /// boxes in the picture's pixels, which may reach beyond it; nothing if weights were not loaded,
  /// the picture is empty, the preprocessing is none for the network, or an output is no finite
  /// number, as of damaged weights. Valid until the next call. Nothing is allocated.
  std::optional<std::span<const Detection>> detect(ImageView image,
                                                   const RunOptions& options = {}) {
    if (!this->weights() || this->preprocessing().tensor_size() != Net::input_size ||
        this->preprocessing().geometry != Geometry::direct ||
        !resize_and_crop(this->preprocessing(), image, state_->scratch))
      return std::nullopt;
    typename Net::Features requested;
    std::ranges::copy(decoder_.destinations(), requested.outputs.begin());
    Net::features(*this->weights(), this->picture(state_->scratch.pixels.data()), state_->workspace,
                  requested, options);
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

  std::unique_ptr<State> state_;
  DetectionDecoder decoder_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_DETECTOR_HPP
