#ifndef PPLCNET_WEIGHTS_PACK_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_PACK_STATE_DICT_HPP

#include <span>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <cstddef>
#include <utility>

#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/state_dict.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads, folds and packs all layers of a network. An error knows how many layers the file has.
PPLCNET_INLINE Error pack_state_dict(const TensorFile& file, std::span<const Layer> layers,
                                     const NetworkTraits& traits, std::span<float> weights);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error pack_state_dict(const TensorFile& file, std::span<const Layer> layers,
                                     const NetworkTraits& traits, std::span<float> weights) {
  StateDict state(file, layers, traits);
  Error first = state.open();
  if (first && first.steps() == 0) return first;  // unknown names, or another type's
  std::size_t count = 1;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    Parameters parameters;
    if (auto error = state.read(layer, parameters)) {
      if (!first) first = std::move(error);
      continue;
    }
    ++count;
    if (first) continue;
    fold(layer, parameters);
    pack(layer, parameters, weights);
    state.check(layer, weights);
  }
  return (first ? std::move(first) : state.close()).with_progress(count);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PACK_STATE_DICT_HPP
