#include "new_head.hpp"

#include <cstddef>

#include "pplcnet/weights/fold.hpp"

pplcnet::Error with_head(const pplcnet::AnyNetwork& network, const LogisticHead& head,
                         std::optional<pplcnet::AnyNetwork>& result) {
  pplcnet::Graph graph = network.graph();
  graph.set_classes(static_cast<int>(head.biases.size()));
  if (auto error = network.make_empty(graph, pplcnet::Storage::single, result)) return error;
  const auto layers = result->layers();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].has_weights()) continue;
    pplcnet::Parameters parameters;
    if (static_cast<int>(i) == result->traits().logits) {
      parameters.weight = head.weights;
      parameters.bias = head.biases;
    } else {
      parameters = pplcnet::unpack(network.layers()[i], network.weights());
    }
    pplcnet::pack(layers[i], parameters, result->weights());
  }
  return {};
}
