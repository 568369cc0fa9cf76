#ifndef PPLCNET_BRANCHES_HPP
#define PPLCNET_BRANCHES_HPP

#include <cstdint>

#include "pplcnet/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// One of the parallel paths that a layer consists of in training; their sum is one convolution.
struct Branch {
  int kernel = 1;
  bool identity = false;  ///< has no weights of its own
  bool batch_norm = true;
};

/// The branches of a layer in training, in the order of a state dict.
struct TrainingForm {
  static constexpr int kMost = 6;
  Branch branches[kMost] = {};
  int count = 0;
  bool batch_norm = false;  ///< behind the sum

  constexpr void add(const Branch& branch) { branches[count++] = branch; }
};

/// Sources: PaddleClas `pp_lcnet_v2.py`, PaddleOCR `rec_lcnetv3.py`, `rec_lcnetv4.py`. V3's strides
/// such as (2, 1) are not 1: no identity.
constexpr TrainingForm training_form(const Layer& layer) {
  constexpr int kV3Kernels = 4;
  const bool same = layer.stride == Stride(1);
  TrainingForm form;
  switch (layer.branches) {
    case Branches::none:
      break;
    case Branches::batch_norm:
      form.add({.kernel = layer.kernel.height});
      break;
    case Branches::v2:
      for (int kernel = layer.kernel.height; kernel > (same ? 0 : 1); kernel -= 2)
        form.add({.kernel = kernel});
      break;
    case Branches::v3:
      if (same && layer.input.channels == layer.output.channels) form.add({.identity = true});
      for (int i = 0; i < kV3Kernels; ++i) form.add({.kernel = layer.kernel.height});
      if (layer.kernel.height > 1) form.add({});
      break;
    case Branches::v4:
      form.add({.kernel = layer.kernel.height});
      form.add({.batch_norm = false});
      form.add({.identity = true, .batch_norm = false});
      form.batch_norm = true;
      break;
  }
  return form;
}

/// What papers and checkpoints count.
struct Counts {
  std::int64_t parameters = 0, buffers = 0, multiply_adds = 0;
  constexpr bool operator==(const Counts&) const = default;
};

/// A layer as it is trained; what it is deployed as, where there are no branches.
constexpr Counts training_counts(const Layer& layer) {
  if (layer.branches == Branches::none)
    return {layer.parameters, layer.buffers, layer.multiply_adds};
  const TrainingForm form = training_form(layer);
  const std::int64_t channels = layer.output.channels;
  const std::int64_t taps = std::int64_t{layer.kernel.height} * layer.kernel.width;
  // Products per output for each tap of the kernel.
  const std::int64_t inputs = layer.depth() / taps;
  Counts counts;
  for (int i = 0; i < form.count + (form.batch_norm ? 1 : 0); ++i) {
    const bool behind = i == form.count;
    const Branch branch = behind ? Branch{.identity = true} : form.branches[i];
    const std::int64_t weights =
        branch.identity ? 0 : inputs * branch.kernel * branch.kernel * channels;
    counts.parameters += weights + (branch.batch_norm ? 2 * channels : 0);
    counts.buffers += branch.batch_norm ? 2 * channels : 0;
    counts.multiply_adds += weights * layer.output.pixels();
  }
  // V3's scales and shifts are trained and deployed.
  const std::int64_t fused = std::int64_t{layer.depth()} * channels + channels;
  counts.parameters += layer.parameters - fused;
  return counts;
}

/// A whole network as it is trained.
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

#endif  // PPLCNET_BRANCHES_HPP
