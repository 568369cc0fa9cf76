#ifndef PPLCNET_EXAMPLES_TRAIN_BATCH_INPUT_HPP
#define PPLCNET_EXAMPLES_TRAIN_BATCH_INPUT_HPP

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/train/augment/mix.hpp"
#include "train/batches.hpp"
#include "train/recipe.hpp"

/// Makes a network's input of batches.
class BatchInput {
 public:
  BatchInput(const Recipe& recipe, const pplcnet::Preprocessing& preprocessing);

  /// Mixes the pictures of a batch, where the recipe says so, and normalises them. Returns how they
  /// were mixed, which the step's number decides.
  pplcnet::Mix make(Batch& batch, std::int64_t step, const pplcnet::Executor& executor);

  /// Returns the input that was made last, [image][3][height][width].
  std::span<const float> values() const { return values_; }

 private:
  void normalise(std::span<const std::uint8_t> rgb, float* to) const;

  pplcnet::MixOptions mixing_;
  std::uint64_t seed_;
  pplcnet::Preprocessing preprocessing_;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables_;
  std::vector<float> values_;
};

#endif  // PPLCNET_EXAMPLES_TRAIN_BATCH_INPUT_HPP
