#ifndef PPLCNET_PLAN_TRAINING_FORM_HPP
#define PPLCNET_PLAN_TRAINING_FORM_HPP

#include <cstdint>

#include "pplcnet/graph/training.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns what a layer consists of in training; no branches, if it is trained as it is deployed.
constexpr TrainingForm training_form(const Layer& layer) {
  return layer.training({.kernel = layer.kernel, .stride = layer.stride},
                        layer.input.channels == layer.output.channels);
}

/// What papers and checkpoints count.
struct Counts {
  std::int64_t parameters = 0, buffers = 0, multiply_adds = 0;
  constexpr bool operator==(const Counts&) const = default;
};

/// Returns the counts of a layer as it is trained; as it is deployed, where there are no branches.
constexpr Counts training_counts(const Layer& layer) {
  const TrainingForm form = training_form(layer);
  if (form.count == 0) return {layer.parameters, layer.buffers, layer.multiply_adds};
  const std::int64_t channels = layer.output.channels;
  const std::int64_t taps = std::int64_t{layer.kernel.height} * layer.kernel.width;
  // Products per output for each tap of the kernel.
  const std::int64_t inputs = layer.depth() / taps;
  Counts counts;
  const auto add_norm = [&](bool is_there) {
    counts.parameters += is_there ? 2 * channels : 0;
    counts.buffers += is_there ? 2 * channels : 0;
  };
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    const std::int64_t weights =
        branch.identity ? 0 : inputs * branch.kernel * branch.kernel * channels;
    counts.parameters += weights;
    counts.multiply_adds += weights * layer.output.pixels();
    add_norm(!branch.norm.empty());
  }
  add_norm(!form.norm.empty());
  // Scales and shifts are trained and deployed.
  const std::int64_t fused = std::int64_t{layer.depth()} * channels + channels;
  counts.parameters += layer.parameters - fused;
  return counts;
}

/// Returns the counts of a whole network as it is trained.
constexpr Counts training_counts(const Plan& plan) {
  Counts sum;
  for (int i = 0; i < plan.layer_count; ++i) {
    const Counts counts = training_counts(plan.layers[i]);
    sum.parameters += counts.parameters;
    sum.buffers += counts.buffers;
    sum.multiply_adds += counts.multiply_adds;
  }
  return sum;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_TRAINING_FORM_HPP
