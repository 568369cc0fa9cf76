#include "layer_word.hpp"

#include <cstddef>

#include "pplcnet/weights/naming/layer_name.hpp"

pplcnet::Error find_layer(const pplcnet::AnyClassifier& classifier, const std::string& word,
                          int& layer) {
  const pplcnet::EitherNetwork& network = classifier.network();
  layer = -1;
  if (word == "embedding") {
    layer = network.traits().embedding;
  } else if (word == "pooled") {
    layer = network.traits().pooled;
  } else if (word == "logits") {
    layer = network.traits().logits;
  } else {
    const auto layers = network.layers();
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (pplcnet::layer_name(layers[i]) == word) layer = static_cast<int>(i);
    for (int i = 0; i < network.plan().stage_count; ++i)
      if (pplcnet::text_of(network.plan().stage_names[i]) == word) layer = network.plan().stages[i];
  }
  if (layer >= 0) return {};
  std::string names;
  for (const pplcnet::Layer& one : network.layers())
    if (one.has_weights())
      names += pplcnet::join({names.empty() ? "" : ", ", pplcnet::layer_name(one)});
  return pplcnet::Error::of(classifier.name(), ": has no layer ", pplcnet::quote(word),
                            "; there are embedding, pooled, logits, stage2 to stage6, and ", names);
}
