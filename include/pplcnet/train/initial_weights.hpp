#ifndef PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP
#define PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/random.hpp"
#include "pplcnet/train/training_state.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// Sets a weight as PaddleClas does: of a linear layer from ±√(6 / (inputs + outputs)), each number
/// with the same chance (Xavier); all others by the normal distribution of deviation
/// √(2 / (inputs × taps)) (Kaiming).
inline void set_initial_weight(const TrainingTensor& tensor, bool linear, Random& random,
                               std::span<float> values) {
  const double inputs = tensor.inputs, taps = tensor.taps();
  const double most = std::sqrt(6 / (inputs + tensor.outputs));
  const double deviation = std::sqrt(2 / (inputs * taps));
  const auto pitch = static_cast<std::size_t>(tensor.pitch());
  for (std::size_t row = 0; row < values.size(); row += pitch)
    for (std::size_t out = 0; out < static_cast<std::size_t>(tensor.outputs); ++out)
      values[row + out] = static_cast<float>(linear ? random.uniform(-most, most)
                                                    : rounded(deviation * random.normal()));
}

}  // namespace training

/// Sets one tensor to what it is before it has learnt anything. `index` is its number in the plan:
/// with the seed it says which random numbers a weight gets.
inline void initialise(const Graph& graph, const TrainingState& state, std::size_t index,
                       std::uint64_t seed) {
  using Kind = TrainingTensor::Kind;
  const TrainingTensor& tensor = state.tensors[index];
  const std::span<float> values = state.of(tensor);
  std::ranges::fill(values, 0.0F);
  const Node& node = graph.nodes[tensor.node];
  if (tensor.kind == Kind::weight && node.op != Operator::affine) {
    Random random(seed, RandomPurpose::weights, 0, index);
    training::set_initial_weight(tensor, is_linear(node.layout), random, values);
  } else if (tensor.kind == Kind::weight || tensor.kind == Kind::gamma ||
             tensor.kind == Kind::variance || tensor.kind == Kind::scale) {
    std::ranges::fill(values.first(static_cast<std::size_t>(tensor.outputs)), 1.0F);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_INITIAL_WEIGHTS_HPP
