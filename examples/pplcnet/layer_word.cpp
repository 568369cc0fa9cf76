#include "layer_word.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

namespace {

/// Names with the layers that they stand for; of one name the last counts.
using Words = std::vector<std::pair<std::string, int>>;

/// Returns the words that mean the same in every network that has such a layer.
Words common_words(const pplcnet::EitherNetwork& network) {
  const pplcnet::NetworkTraits& traits = network.traits();
  Words words = {
      {"embedding", traits.embedding}, {"pooled", traits.pooled}, {"logits", traits.logits}};
  std::erase_if(words, [](const auto& word) { return word.second < 0; });
  const pplcnet::Plan& plan = network.plan();
  for (int i = 0; i < plan.stage_count; ++i)
    words.emplace_back(pplcnet::text_of(plan.stage_names[i]), plan.stages[i]);
  return words;
}

/// Returns the layers' own names; copies, sums and most pools have none.
Words own_names(const pplcnet::EitherNetwork& network) {
  Words names;
  const auto layers = network.layers();
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (std::string name = pplcnet::layer_name(layers[i]); !name.empty())
      names.emplace_back(std::move(name), static_cast<int>(i));
  return names;
}

}  // namespace

pplcnet::Error find_layer(const pplcnet::AnyClassifier& classifier, const std::string& word,
                          int& layer) {
  layer = -1;
  std::string all;
  for (const Words& words : {common_words(classifier.network()), own_names(classifier.network())}) {
    const auto found = std::find_if(words.rbegin(), words.rend(),
                                    [&](const auto& one) { return one.first == word; });
    if (found != words.rend()) {
      layer = found->second;
      return {};
    }
    for (const auto& one : words) all += pplcnet::join({all.empty() ? "" : ", ", one.first});
  }
  return pplcnet::Error::of(classifier.name(), ": has no layer ", pplcnet::quote(word),
                            "; there are ", all);
}
