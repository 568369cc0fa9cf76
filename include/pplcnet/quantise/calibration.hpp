#ifndef PPLCNET_QUANTISE_CALIBRATION_HPP
#define PPLCNET_QUANTISE_CALIBRATION_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/choose_range.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/quantise/histogram.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The outputs of all layers of a network for one picture, planar.
class LayerOutputs {
 public:
  explicit LayerOutputs(std::span<const Layer> layers) {
    for (const Layer& layer : layers) {
      begins_.push_back(values_.size());
      values_.resize(values_.size() + static_cast<std::size_t>(layer.output.size()));
    }
    for (const std::size_t begin : begins_) destinations_.push_back(values_.data() + begin);
  }
  LayerOutputs(const LayerOutputs&) = delete;
  LayerOutputs& operator=(const LayerOutputs&) = delete;
  LayerOutputs(LayerOutputs&&) noexcept = default;
  LayerOutputs& operator=(LayerOutputs&&) noexcept = default;
  ~LayerOutputs() = default;

  std::size_t size() const { return begins_.size(); }
  /// Returns where a forward pass writes them.
  std::span<float* const> destinations() { return destinations_; }
  std::span<const float> of(std::size_t layer) const {
    const std::size_t end = layer + 1 < begins_.size() ? begins_[layer + 1] : values_.size();
    return std::span(values_).subspan(begins_[layer], end - begins_[layer]);
  }

 private:
  std::vector<float> values_;
  std::vector<std::size_t> begins_;
  std::vector<float*> destinations_;
};

/// What calibration knows of a network: for each channel of each layer.
struct ChannelRanges {
  std::vector<std::vector<Range>> ranges;
  std::vector<std::vector<double>> means;
};

/// Watches a network's layers over pictures, none of which it keeps. The network may be of any
/// kind:
///
///     LayerOutputs outputs(network.layers());
///     network.run(picture, outputs.destinations());
///     calibration.add(outputs);
class Calibration {
 public:
  explicit Calibration(std::span<const Layer> layers) : layers_(layers.begin(), layers.end()) {
    for (const Layer& layer : layers)
      histograms_.emplace_back(static_cast<std::size_t>(layer.output.channels));
  }

  /// Adds one picture.
  void add(const LayerOutputs& outputs) {
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      const auto pixels = static_cast<std::size_t>(layers_[i].output.pixels());
      for (std::size_t c = 0; c < histograms_[i].size(); ++c)
        histograms_[i][c].add(outputs.of(i).subspan(c * pixels, pixels));
    }
  }

  /// Adds what another one has seen of the same network: in any order, the sum is the same.
  void merge(const Calibration& other) {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      for (std::size_t c = 0; c < histograms_[i].size(); ++c)
        histograms_[i][c].merge(other.histograms_[i][c]);
  }

  /// Chooses the ranges of all channels.
  Error choose(const RangeOptions& options, ChannelRanges& result) const {
    result = {};
    for (std::size_t i = 0; i < layers_.size(); ++i) {
      std::vector<Range>& ranges = result.ranges.emplace_back();
      std::vector<double>& means = result.means.emplace_back();
      for (const Histogram& channel : histograms_[i]) {
        const char* const flaw = !channel.is_finite()   ? " has values beyond all measure"
                                 : channel.count() == 0 ? " has no values"
                                                        : nullptr;
        if (flaw != nullptr)
          return Error::of("calibration: channel ", ranges.size(), " of ", layer_name(layers_[i]),
                           flaw);
        ranges.push_back(choose_range(channel, options));
        means.push_back(channel.mean());
      }
    }
    return {};
  }

 private:
  std::vector<Layer> layers_;
  std::vector<std::vector<Histogram>> histograms_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CALIBRATION_HPP
