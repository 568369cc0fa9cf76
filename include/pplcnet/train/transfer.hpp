#ifndef PPLCNET_TRAIN_TRANSFER_HPP
#define PPLCNET_TRAIN_TRANSFER_HPP

#include <span>

#include "pplcnet/compiled.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_TRAINING_DEFINITIONS
#include "pplcnet/train/read_state_dict.hpp"
#include "pplcnet/train/trained_state_dict.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

// What a network has learnt comes from files, and becomes weights for inference.

namespace pplcnet::inline PPLCNET_ABI {

/// What becomes of the classifier's weights where a file has another number of classes.
enum class OtherClasses : unsigned char {
  are_errors,
  keep_weights,  ///< the network's stay as they are
};

/// Sets what a network has learnt from a framework's state dict, branches and batch norms apart.
PPLCNET_TRAINING_INLINE Error take_state_dict(const TensorFile& file, const TrainedNetwork& network,
                                              const TrainingState& state,
                                              OtherClasses other_classes);

/// Folds what a network has learnt into packed weights for inference.
PPLCNET_TRAINING_INLINE Error fold_trained(const TrainedNetwork& network,
                                           const TrainingState& state, std::span<float> weights);

#if PPLCNET_HAS_TRAINING_DEFINITIONS
PPLCNET_TRAINING_INLINE Error take_state_dict(const TensorFile& file, const TrainedNetwork& network,
                                              const TrainingState& state,
                                              OtherClasses other_classes) {
  return with_memory_for(file.path, [&]() -> Error {
    return TrainingStateDict(file, network)
        .take(state, other_classes == OtherClasses::keep_weights);
  });
}

PPLCNET_TRAINING_INLINE Error fold_trained(const TrainedNetwork& network,
                                           const TrainingState& state, std::span<float> weights) {
  return with_memory_for(network.traits.name, [&]() -> Error {
    const TrainedStateDict trained(network, state, network.traits.name);
    return loading::load_tensors(trained.file(), network.layers, network.traits, weights);
  });
}
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRANSFER_HPP
