#ifndef PPLCNET_BENCH_STEPS_HPP
#define PPLCNET_BENCH_STEPS_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"

namespace bench {

/// What can be run alone: a chain of layers, which is a single layer in most cases. Layers after
/// the last one that is requested are not computed, and what is requested is copied: an empty layer
/// at the end is requested, so that all are computed and nothing is copied.
struct Step {
  std::vector<pplcnet::Layer> layers;
  std::vector<float*> destinations;

  /// The chain, without the empty layer.
  std::span<const pplcnet::Layer> chain() const {
    return std::span(layers).first(layers.size() - 1);
  }
};

inline std::vector<Step> steps_of(std::span<const pplcnet::Layer> layers) {
  static float nothing = 0;
  std::vector<Step> steps;
  for (std::size_t begin = 0, end = 0; begin < layers.size(); begin = end) {
    end = static_cast<std::size_t>(layers[begin].chain_end);
    Step& step = steps.emplace_back();
    step.layers.assign(layers.data() + begin, layers.data() + end);
    step.layers.front().chain_end = static_cast<int>(end - begin);
    step.layers.emplace_back().op = pplcnet::Operator::dense;
    step.destinations.resize(step.layers.size());
    step.destinations.back() = &nothing;
  }
  return steps;
}

}  // namespace bench

#endif  // PPLCNET_BENCH_STEPS_HPP
