#ifndef PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP
#define PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/training/work.hpp"
#include "pplcnet/train/scratch.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace training {

/// What the gradients of weights are summed of: this process' rows of a batch. Where these are in
/// fewer shares than there are processes they are few, and each process has those of all of them.
class WeightRows {
 public:
  WeightRows(const TrainingRun& run, const TrainingStep& step)
      : WeightRows(run, step, StepValues(run, step)) {}

  /// Returns how many numbers are summed.
  std::int64_t weights() const { return static_cast<std::int64_t>(scratch_.weights()); }
  /// Returns memory for the rows that a worker packs.
  float* packed(int worker) const { return memory + scratch_.packed_rows(worker); }

  Matrix<const float> inputs, gradients;
  OwnParts parts;
  float* memory;  ///< for the parts' sums, if they are several

 private:
  WeightRows(const TrainingRun& run, const TrainingStep& step, const StepValues& values)
      : inputs(values.inputs()),
        gradients(values.output_gradients()),
        parts(run, parts_of(run, step, images_of_all(run))),
        memory(run.scratch),
        scratch_(product_scratch(step, run.values, run.tensors, run.images)) {
    if (run.exchange != nullptr && parts.all.shares < run.exchange->ranks())
      take_all(run, step, values);
  }

  static TrainingParts parts_of(const TrainingRun& run, const TrainingStep& step, int images) {
    return weight_parts(images, run.values[size(step.output)].shape.pixels(),
                        weight_chunk(step, run.values, run.tensors));
  }

  /// Takes the rows of all processes, and sums all parts.
  void take_all(const TrainingRun& run, const TrainingStep& step, const StepValues& values) {
    const std::size_t floats = values.input().floats(run.batch);
    const ProductScratch scratch = product_scratch(step, run.values, run.tensors, run.batch);
    float* const all = run.exchange->memory(floats + values.output().floats(run.batch) +
                                            scratch.packed_rows(scratch.parts));
    parts = OwnParts(parts_of(run, step, all == nullptr ? run.images : run.batch));
    if (all == nullptr) return;
    inputs = gathered(run, inputs, all);
    gradients = gathered(run, gradients, all + floats);
    memory = all + floats + values.output().floats(run.batch);
    scratch_ = scratch;
  }

  /// Returns the values of all processes, which are gathered there.
  static Matrix<const float> gathered(const TrainingRun& run, const Matrix<const float>& own,
                                      float* to) {
    const std::int64_t rows = own.rows / run.images;  // of an image
    std::copy_n(own.values, own.rows * own.pitch, to + first_image(run) * rows * own.pitch);
    run.exchange->gather(to, run.batch, size(rows * own.pitch));
    return {to, rows * run.batch, own.pitch};
  }

  ProductScratch scratch_;
};

}  // namespace training
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_TRAINING_WEIGHT_ROWS_HPP
