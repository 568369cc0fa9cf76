#ifndef PPLCNET_TRAINING_PASSES_HPP
#define PPLCNET_TRAINING_PASSES_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/training/run.hpp"
#include "pplcnet/kernels/training/training.hpp"
#include "pplcnet/train/batch_logits.hpp"
#include "pplcnet/train/exchange.hpp"
#include "pplcnet/train/initial_weights.hpp"
#include "pplcnet/train/optimiser.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/train/training_step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a forward pass does; its backward pass does the same. Instruction sets and numbers of
/// threads give the same bits (but for the baseline of x86, which does not fuse multiply and add).
struct TrainingPass {
  bool batch_statistics = true;    ///< batch norms use the batch's; otherwise the running ones
  bool moves_statistics = true;    ///< running = 0.9 × running + 0.1 × the batch's
  bool drops = true;               ///< dropout; otherwise what it is at inference
  std::uint64_t dropout_seed = 0;  ///< another one for each step of training
  Isa isa = best_isa();
  Executor executor = {};
  /// Other processes that train the same network with the other images of each batch; null: none.
  /// Then the batch of all is this large, and of them this process has `exchange->images(batch)`.
  TrainingExchange* exchange = nullptr;
  int batch = 0;

  /// Returns a pass that computes what the network gives at inference.
  static TrainingPass inference() {
    return {.batch_statistics = false, .moves_statistics = false, .drops = false};
  }
};

/// The memory of a network in training, and what is done with it: the base of `Trainer` and
/// `AnyTrainer`. A step is `forward`, a loss, which fills `logits_gradients`, `backward` and
/// `update`; none of them allocates or can fail, unless there is an exchange with other processes.
/// One thread calls them.
class TrainingPasses {
 public:
  TrainingPasses(const TrainingPasses&) = delete;
  TrainingPasses& operator=(const TrainingPasses&) = delete;

  /// Returns the network's input: one image of a batch.
  const Shape& picture() const { return picture_; }
  /// Returns the most images of a batch.
  int images() const { return most_images_; }
  int classes() const { return logits_value().shape.channels; }
  /// Returns the floats from one image's logits to the next one's.
  int logits_pitch() const { return logits_value().pitch; }

  /// Computes the logits of up to `images()` pictures, [image][3][height][width], normalised as the
  /// network expects them. They must stay where they are until `backward` is done.
  void forward(std::span<const float> pictures, int images,
               const TrainingPass& pass = {}) noexcept {
    run_.pictures = pictures.data();
    run_.images = images;
    run_.batch_statistics = pass.batch_statistics;
    run_.moves_statistics = pass.moves_statistics;
    run_.drops = pass.drops;
    run_.dropout_seed = pass.dropout_seed;
    run_.executor = pass.executor;
    run_.exchange = pass.exchange;
    run_.batch = pass.batch;
    isa_ = pass.isa;
    if (pass.exchange == nullptr || pass.exchange->expects(images, pass.batch))
      training_forward(run_, isa_);
  }

  /// Returns the last forward pass' logits, [image][logits_pitch()].
  std::span<const float> logits() const {
    return {run_.arena + logits_value().values, logits_value().floats(run_.images)};
  }
  /// Returns the loss by them, for the loss to fill; what pads them is zero.
  std::span<float> logits_gradients() {
    return {run_.arena + logits_value().gradients, logits_value().floats(run_.images)};
  }

  /// Returns both, for `loss_and_gradients`.
  BatchLogits batch_logits() {
    return {.logits = logits().data(),
            .gradients = logits_gradients().data(),
            .images = run_.images,
            .classes = classes(),
            .pitch = logits_pitch()};
  }

  /// Computes the gradients of what is learnt from `first_step` on, after `forward` and a loss;
  /// and those of the pixels, where the options ask for them.
  void backward(int first_step = 0, float* picture_gradients = nullptr) noexcept {
    run_.first_step = first_step;
    run_.picture_gradients = picture_gradients;
    if (!failed()) training_backward(run_, isa_);
  }

  /// Learns: changes the parameters that the last backward pass has gradients of. Returns the norm
  /// of these gradients, before they are clipped; infinite or NaN: no parameter has changed, as
  /// after an error of an exchange.
  double update(const Optimiser& optimiser) noexcept {
    if (failed()) return std::numeric_limits<double>::quiet_NaN();
    const std::size_t first = first_tensor(run_.first_step);
    const double norm = gradient_norm(first);
    if (!std::isfinite(norm)) return norm;
    const bool clips = optimiser.largest_norm > 0 && norm > optimiser.largest_norm;
    for (std::size_t i = first; i < run_.tensors.size(); ++i) {
      const TrainingTensor& tensor = run_.tensors[i];
      if (tensor.is_statistic()) continue;
      const double factor = optimiser.factors.empty() ? 1 : optimiser.factors[i];
      const bool decays = optimiser.decays_norms || !tensor.is_norm();
      update_parameters(
          run_,
          {.parameters = run_.parameters + tensor.place,
           .velocities = memory_.velocities.data() + tensor.place,
           .gradients = run_.gradients + tensor.place,
           .count = tensor.floats(),
           .rate = static_cast<float>(optimiser.learning_rate * factor),
           .momentum = static_cast<float>(optimiser.momentum),
           .l2 = decays ? static_cast<float>(optimiser.l2) : 0,
           .gradient_scale = clips ? static_cast<float>(optimiser.largest_norm / norm) : 1},
          isa_);
    }
    return norm;
  }

  /// Returns the first step of a stage (see TrainingTensor::stage): from it on `backward` leaves
  /// the stages before it as they are.
  int first_step_of_stage(int stage) const {
    for (std::size_t i = 0; i < run_.steps.size(); ++i)
      for (const int tensor : {run_.steps[i].weight, run_.steps[i].gamma})
        if (tensor >= 0 && run_.tensors[static_cast<std::size_t>(tensor)].stage >= stage)
          return static_cast<int>(i);
    return static_cast<int>(run_.steps.size());
  }

  /// What is learnt, and what a training that continues needs: all values of one kind, with the
  /// layout of `tensors()`; what pads them is zero.
  // NOLINTBEGIN(readability-make-member-function-const): a const trainer has const values
  std::span<float> parameters() { return memory_.parameters; }
  std::span<const float> parameters() const { return memory_.parameters; }
  std::span<float> velocities() { return memory_.velocities; }
  std::span<const float> velocities() const { return memory_.velocities; }
  std::span<float> statistics() { return memory_.statistics; }
  std::span<const float> statistics() const { return memory_.statistics; }
  // NOLINTEND(readability-make-member-function-const)
  std::span<const float> gradients() const { return memory_.gradients; }
  TrainingState state() { return {run_.tensors, parameters(), statistics()}; }

  std::span<const TrainingStep> steps() const { return run_.steps; }
  std::span<const TrainingValue> values() const { return run_.values; }
  std::span<const TrainingTensor> tensors() const { return run_.tensors; }

  /// Returns what a value holds, [image][pixel][channel padded], as long as its place in the arena
  /// is not used again; and the loss by it.
  std::span<const float> value(int index) const { return in_arena(index, &TrainingValue::values); }
  std::span<const float> value_gradients(int index) const {
    return in_arena(index, &TrainingValue::gradients);
  }

 protected:
  /// What is done, and with what.
  struct Layout {
    std::span<const TrainingStep> steps;
    std::span<const TrainingValue> values;
    std::span<const TrainingTensor> tensors;
    Shape picture;
    int images, logits;  ///< of a batch; the value
  };
  /// Where the numbers are; each begins at a multiple of 64 bytes, and is zero.
  struct Memory {
    float* arena;
    float* scratch;
    std::span<float> parameters, gradients, velocities, statistics;
  };

  TrainingPasses() = default;
  TrainingPasses(TrainingPasses&&) = default;
  TrainingPasses& operator=(TrainingPasses&&) = default;
  ~TrainingPasses() = default;

  void take(const Layout& layout, const Memory& memory) {
    picture_ = layout.picture;
    most_images_ = layout.images;
    logits_ = layout.logits;
    memory_ = memory;
    run_.steps = layout.steps;
    run_.values = layout.values;
    run_.tensors = layout.tensors;
    run_.arena = memory.arena;
    run_.scratch = memory.scratch;
    run_.parameters = memory.parameters.data();
    run_.gradients = memory.gradients.data();
    run_.statistics = memory.statistics.data();
  }

  /// Sets all parameters and statistics to what they are before anything is learnt.
  void initialise(const Graph& graph, std::uint64_t seed) {
    for (std::size_t i = 0; i < run_.tensors.size(); ++i)
      pplcnet::initialise(graph, state(), i, seed);
  }

 private:
  bool failed() const { return run_.exchange != nullptr && run_.exchange->error(); }

  const TrainingValue& logits_value() const {
    return run_.values[static_cast<std::size_t>(logits_)];
  }

  std::span<const float> in_arena(int index, std::size_t TrainingValue::*place) const {
    const TrainingValue& value = run_.values[static_cast<std::size_t>(index)];
    return {run_.arena + value.*place, value.floats(run_.images)};
  }

  /// Returns the first tensor that is of a step from that one on: they have the steps' order.
  std::size_t first_tensor(int first_step) const {
    for (auto i = static_cast<std::size_t>(first_step); i < run_.steps.size(); ++i)
      for (const int tensor : {run_.steps[i].weight, run_.steps[i].gamma})
        if (tensor >= 0) return static_cast<std::size_t>(tensor);
    return run_.tensors.size();
  }

  /// Returns the norm of the gradients from one tensor on.
  double gradient_norm(std::size_t first) const {
    double sum = 0;
    for (std::size_t i = first; i < run_.tensors.size(); ++i) {
      const TrainingTensor& tensor = run_.tensors[i];
      if (!tensor.is_statistic())
        sum += sum_of_squares({run_.gradients + tensor.place, tensor.floats()});
    }
    return std::sqrt(sum);
  }

  TrainingRun run_;
  Shape picture_;
  int most_images_ = 0, logits_ = -1;
  Memory memory_ = {};
  Isa isa_ = Isa::baseline;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAINING_PASSES_HPP
