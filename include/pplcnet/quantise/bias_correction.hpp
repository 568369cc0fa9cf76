#ifndef PPLCNET_QUANTISE_BIAS_CORRECTION_HPP
#define PPLCNET_QUANTISE_BIAS_CORRECTION_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/quantise.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/weights/fold.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Adds to each bias of a model what rounding its weights took from the mean of the sum. `means`
/// are those of each layer's channels, in floats; nothing is known of those of pictures.
inline void correct_biases(const QuantisedPair& network, std::span<const std::vector<double>> means,
                           QuantisedModel& model) {
  for (std::size_t i = 0; i < network.bytes.size(); ++i) {
    const QuantisedLayer& layer = network.bytes[i];
    if (!layer.has_weights() || layer.from < 0) continue;
    const auto from = static_cast<std::size_t>(layer.from);
    const std::vector<float> weight = unpack(network.floats[i], network.weights).weight;
    const std::size_t depth = weights_of_channel(layer);
    QuantisedTensors& tensors = model.layers[i];
    for (std::size_t o = 0; o < tensors.biases.size(); ++o) {
      double lost = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        const std::size_t in = layer.op == Operator::depthwise ? o : k;
        const double scale =
            double{tensors.weight_scales[o]} / double{model.layers[from].scales[in]};
        const double byte = rounded(scale * tensors.weights[o * depth + k]);
        lost += rounded((double{weight[o * depth + k]} - byte) * means[from][in]);
      }
      tensors.biases[o] = static_cast<float>(double{tensors.biases[o]} + lost);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_BIAS_CORRECTION_HPP
