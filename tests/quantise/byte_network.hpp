#ifndef PPLCNET_TESTS_QUANTISE_BYTE_NETWORK_HPP
#define PPLCNET_TESTS_QUANTISE_BYTE_NETWORK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/small_network.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/constants.hpp"
#include "pplcnet/quantise/pack.hpp"
#include "pplcnet/quantise/quantise.hpp"
#include "quantise/oracle.hpp"

namespace pplcnet_test {

/// A picture [height][width][3].
using BytePicture = std::vector<std::uint8_t>;

/// A network in floats, and the same in bytes.
class ByteNetwork {
 public:
  using Range = pplcnet::Range;

  explicit ByteNetwork(const SmallNetwork& floats)
      : floats_(floats),
        plan_(
            std::make_unique<pplcnet::QuantisedPlan>(pplcnet::make_quantised_plan(floats.plan()))) {
    // ImageNet's deviations and means.
    model_.picture_scales = {1 / (255 * 0.229F), 1 / (255 * 0.224F), 1 / (255 * 0.225F)};
    model_.picture_zeros = {255 * 0.485F, 255 * 0.456F, 255 * 0.406F};
  }

  std::span<const pplcnet::QuantisedLayer> layers() const {
    return std::span(plan_->layers).first(static_cast<std::size_t>(plan_->layer_count));
  }
  const pplcnet::QuantisedPlan& plan() const { return *plan_; }
  const pplcnet::QuantisedModel& model() const { return model_; }
  pplcnet::QuantisedModel& model() { return model_; }
  std::span<const std::byte> packed() const { return packed_; }

  /// Returns the outputs in floats of every layer, planar.
  SmallNetwork::Outputs float_outputs(const BytePicture& picture) const {
    const std::size_t pixels = picture.size() / 3;
    std::vector<float> values(picture.size());
    for (std::size_t i = 0; i < picture.size(); ++i)
      values[i % 3 * pixels + i / 3] =
          (static_cast<float>(picture[i]) - model_.picture_zeros[i % 3]) *
          model_.picture_scales[i % 3];
    return floats_.outputs(values, 1, pplcnet::best_isa(), 1).front();
  }

  /// Makes the model from the smallest and the largest values for some pictures.
  pplcnet::Error quantise(std::span<const BytePicture> pictures) {
    std::vector<std::vector<Range>> ranges;
    for (const auto& layer : layers())
      ranges.emplace_back(static_cast<std::size_t>(layer.output.channels), Range{1e9, -1e9});
    for (const BytePicture& picture : pictures) {
      const auto outputs = float_outputs(picture);
      for (std::size_t i = 0; i < outputs.size(); ++i)
        for (std::size_t k = 0; k < outputs[i].size(); ++k) {
          Range& range = ranges[i][k / static_cast<std::size_t>(layers()[i].output.pixels())];
          range.low = std::min(range.low, double{outputs[i][k]});
          range.high = std::max(range.high, double{outputs[i][k]});
        }
    }
    if (auto error =
            pplcnet::quantise({floats_.layers(), layers(), floats_.weights()}, ranges, model_))
      return error;
    return pack();
  }

  pplcnet::Error pack() {
    packed_.resize(plan_->weight_bytes);
    return pplcnet::pack(model_, layers(), packed_);
  }

  /// Returns the outputs in bytes of every layer, by the oracle.
  std::vector<OracleOutput> outputs(const BytePicture& picture) const {
    return ByteOracle(layers(), packed_).outputs(picture);
  }

  /// Returns the real value that value k of the oracle's output of a layer stands for.
  double real(std::size_t layer, const OracleOutput& output, std::size_t k) const {
    const auto& tensors = model_.layers[layer];
    const auto c = k % static_cast<std::size_t>(layers()[layer].output.channels);
    switch (layers()[layer].ending) {
      case pplcnet::Ending::logits:
        return double{output.logits[k]};
      case pplcnet::Ending::factors: {
        const auto gate =
            std::ranges::find(layers(), static_cast<int>(layer), &pplcnet::QuantisedLayer::factors);
        const auto& map = model_.layers[static_cast<std::size_t>(gate->from)];
        const auto& gated = model_.layers[static_cast<std::size_t>(gate - layers().begin())];
        return static_cast<double>(output.values[k]) * double{gated.scales[c]} /
               (2048 * double{map.scales[c]});
      }
      default:
        return double{tensors.scales[c]} * static_cast<double>(output.values[k] - tensors.zeros[c]);
    }
  }

 private:
  const SmallNetwork& floats_;
  std::unique_ptr<pplcnet::QuantisedPlan> plan_;
  pplcnet::QuantisedModel model_;
  std::vector<std::byte> packed_;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_QUANTISE_BYTE_NETWORK_HPP
