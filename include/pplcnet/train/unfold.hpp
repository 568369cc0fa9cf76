#ifndef PPLCNET_TRAIN_UNFOLD_HPP
#define PPLCNET_TRAIN_UNFOLD_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "pplcnet/any_network.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/train/training_parameters.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

// What a network learns, from weights that batch norms are folded into.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Returns parameters that compute what folded ones do: the batch norm has mean 0 and variance 1.
inline TrainingParameters unfolded(const Node& node, Parameters folded) {
  const double keep = node.input_percent / 100.0, share = node.output_percent / 100.0;
  const double deviation = std::sqrt(1 + node.norm_epsilon);
  const std::size_t outputs = folded.bias.size();
  TrainingParameters result;
  Parameters& whole = result.whole;
  for (float& weight : folded.weight) weight = static_cast<float>(weight / (keep * share));
  if (node.norm) {
    whole.gamma.assign(outputs, static_cast<float>(deviation));
    if (node.layout == Layout::none)
      for (std::size_t o = 0; o < outputs; ++o)
        whole.gamma[o] = static_cast<float>(deviation * folded.weight[o]);
    whole.beta = folded.bias;
    whole.mean.assign(outputs, 0);
    whole.variance.assign(outputs, 1);
    whole.bias.assign(outputs, 0);
  } else {
    whole.bias = std::move(folded.bias);
    for (float& bias : whole.bias) bias = static_cast<float>(bias / share);
  }
  whole.weight = std::move(folded.weight);
  if (!folded.affine.empty()) result.last_affine = std::move(folded.affine);
  return result;
}

}  // namespace training

/// Sets what a network has learnt from folded weights, so that it computes the same with running
/// statistics: its batch norms have mean 0 and variance 1, which `NormMoments` replaces. `network`
/// is trained as it is deployed; where `from` has another number of classes, the classifier's
/// weights stay as they are if `of_other_classes` says so.
inline Error unfold(const AnyNetwork& from, const TrainedNetwork& network,
                    const TrainingState& state, bool of_other_classes) {
  auto layer = from.layers().begin();
  for (int i = 0; i < network.graph.node_count; ++i) {
    const Node& node = network.graph.nodes[i];
    if (!training::becomes_weights(node)) continue;
    while (layer != from.layers().end() && !layer->owns_weights()) ++layer;
    const Layer own = trained_layer(network.graph, i);
    if (layer == from.layers().end() || layer->kernel != own.kernel ||
        layer->input.channels != own.input.channels)
      return Error::of(from.traits().name, ": is another network than ", network.traits.name,
                       " at ", layer_name(own));
    if (trained_form(own, network.as_deployed).count > 0)
      return Error::of(from.traits().name, ": ", layer_name(own),
                       " has no branches: it is trained as it is deployed, or not at all");
    const bool fits = layer->output.channels == own.output.channels;
    const bool classifier =
        &*layer == &from.layers()[static_cast<std::size_t>(std::max(0, from.traits().logits))];
    if (!fits && !(classifier && of_other_classes))
      return Error::of(from.traits().name, ": ", layer_name(own), ": expected ",
                       own.output.channels, " outputs, found ", layer->output.channels);
    if (fits && training::has_parameters(state, i))
      training::set_parameters(state, i, training::unfolded(node, unpack(*layer, from.weights())));
    ++layer;
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_UNFOLD_HPP
