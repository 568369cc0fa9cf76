#include "averaged_weights.hpp"

#include <cstddef>
#include <optional>
#include <span>

#include "pplcnet/open/weight_file.hpp"
#include "weights.hpp"

pplcnet::Error average_with(const std::string& path, float share, pplcnet::AnyNetwork& network) {
  pplcnet::WeightFile file;
  if (auto error = open_weights(path, "", file)) return error;
  std::optional<pplcnet::AnyNetwork> other;
  if (auto error = network.make_empty(network.traits().storage, other)) return error;
  if (auto error = file.read(other->layers(), other->traits(), other->weights())) return error;
  const std::span<float> weights = network.weights();
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = (1 - share) * weights[i] + share * other->weights()[i];
  return {};
}
