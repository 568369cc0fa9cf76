#ifndef PPLCNET_ANY_TRAINER_HPP
#define PPLCNET_ANY_TRAINER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/train/training_plan.hpp"
#include "pplcnet/train/transfer.hpp"
#include "pplcnet/training_passes.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_TRAINING_DEFINITIONS
#include <algorithm>
#include <utility>
#include <vector>

#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/train/make_training_plan.hpp"
#include "pplcnet/train/norm_moments.hpp"
#include "pplcnet/train/tensor_in_file.hpp"
#include "pplcnet/train/unfold.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A network in training that is known only when the program runs: what a `Trainer` is for a type.
/// Its memory is allocated when it is made, and not again.
class AnyTrainer : public TrainingPasses {
 public:
  static constexpr std::size_t kMostFloats = std::size_t{1} << 32;  ///< 16 GiB

  /// Makes the training of a graph, with parameters that only depend on the seed. It is an error if
  /// the graph cannot be trained, or if there is no memory.
  static Error make(const Graph& graph, const TrainingOptions& options, std::uint64_t seed,
                    std::optional<AnyTrainer>& result);

  AnyTrainer(AnyTrainer&&) = default;
  AnyTrainer& operator=(AnyTrainer&&) = default;
  ~AnyTrainer() = default;

  const Graph& graph() const { return *graph_; }
  const TrainingPlan& plan() const { return *plan_; }
  const NetworkTraits& traits() const { return network_plan_->traits; }
  /// Returns the bytes of all memory of a step, but for the pictures.
  std::size_t memory_bytes() const { return storage_.get_deleter().bytes; }

  /// Sets what is learnt to what it is before that, and the velocities to zero.
  void initialise(std::uint64_t seed);

  /// Returns the name of a tensor in a state dict of this network.
  std::string name_of(const TrainingTensor& tensor) const;

  /// Takes what was learnt from a framework's state dict. After an error some of it is taken.
  Error load(const TensorFile& file, OtherClasses other_classes = OtherClasses::are_errors) {
    return take_state_dict(file, network(), state(), other_classes);
  }

  /// Takes folded weights, as native files and those of other engines have them, of a network that
  /// is trained as it is deployed. What its batch norms were is found again from pictures,
  /// [image][3][height][width], at least one: the network computes the same. After an error some of
  /// it is taken.
  Error load(const AnyNetwork& folded, std::span<const float> pictures,
             OtherClasses other_classes = OtherClasses::are_errors, const Executor& executor = {});

  /// Makes a network for inference of what has been learnt.
  Error network(std::optional<AnyNetwork>& result);

  /// Returns what it is that learns, for `TrainedStateDict` and others.
  TrainedNetwork network() const {
    return {*graph_,
            {network_plan_->layers, static_cast<std::size_t>(network_plan_->layer_count)},
            network_plan_->traits,
            plan_->options.as_deployed};
  }

 private:
  AnyTrainer() = default;

  /// Lays the memory out, and allocates it; false if there is none.
  bool allocate();
  Error find_norms(std::span<const float> pictures, const Executor& executor);

  std::unique_ptr<const Graph> graph_;
  std::unique_ptr<const Plan> network_plan_;
  std::unique_ptr<const TrainingPlan> plan_;
  HugePageArray<float> storage_;
};

#if PPLCNET_HAS_TRAINING_DEFINITIONS
namespace training {

/// Returns how many floats there are of each kind: values, then parameters, gradients, velocities,
/// statistics and scratch, each rounded up so that the next begins at a multiple of 64 bytes.
inline std::vector<std::size_t> floats_of(const TrainingPlan& plan) {
  std::vector<std::size_t> floats = {plan.arena_floats,     plan.parameter_floats,
                                     plan.parameter_floats, plan.parameter_floats,
                                     plan.statistic_floats, plan.scratch_floats};
  for (std::size_t& count : floats)
    count = static_cast<std::size_t>(round_up(static_cast<std::int64_t>(count), 16));
  return floats;
}

}  // namespace training

PPLCNET_TRAINING_INLINE bool AnyTrainer::allocate() {
  std::size_t count = 0;
  for (const std::size_t part : training::floats_of(*plan_)) count += part;
  storage_ = zeros_in_huge_pages<float>(count);
  if (storage_ == nullptr) return false;
  std::vector<std::span<float>> parts;
  float* next = storage_.get();
  for (const std::size_t part : training::floats_of(*plan_)) {
    parts.emplace_back(next, part);
    next += part;
  }
  take({.steps = {plan_->steps, static_cast<std::size_t>(plan_->step_count)},
        .values = {plan_->values, static_cast<std::size_t>(plan_->value_count)},
        .tensors = {plan_->tensors, static_cast<std::size_t>(plan_->tensor_count)},
        .picture = plan_->picture,
        .images = plan_->options.images,
        .logits = plan_->logits},
       {.arena = parts[0].data(),
        .scratch = parts[5].data(),
        .parameters = parts[1],
        .gradients = parts[2],
        .velocities = parts[3],
        .statistics = parts[4]});
  return true;
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::make(const Graph& graph, const TrainingOptions& options,
                                               std::uint64_t seed,
                                               std::optional<AnyTrainer>& result) {
  result.reset();
  if (auto error = check_graph(graph)) return error;
  return with_memory_for(graph.title, [&]() -> Error {
    AnyTrainer trainer;
    trainer.graph_ = std::make_unique<const Graph>(graph);
    trainer.network_plan_ = new_plan(graph, Storage::single);
    if (trainer.network_plan_ == nullptr) return out_of_memory(graph.title);
    trainer.plan_ = std::make_unique<TrainingPlan>(make_training_plan(graph, options));
    const TrainingPlan& plan = *trainer.plan_;
    if (plan.flaw)
      return Error::of(graph.title, ": operator ", plan.flaw.node, ": ", text_of(plan.flaw.broken));
    std::size_t floats = 0;
    for (const std::size_t part : training::floats_of(plan)) floats += part;
    if (floats > kMostFloats)
      return Error::of(graph.title, ": needs memory for ", floats, " numbers, of at most ",
                       kMostFloats, ": take a smaller batch");
    if (!trainer.allocate()) return out_of_memory(graph.title);
    trainer.initialise(seed);
    result.emplace(std::move(trainer));
    return {};
  });
}

PPLCNET_TRAINING_INLINE void AnyTrainer::initialise(std::uint64_t seed) {
  TrainingPasses::initialise(*graph_, seed);
  std::ranges::fill(velocities(), 0.0F);
}

PPLCNET_TRAINING_INLINE std::string AnyTrainer::name_of(const TrainingTensor& tensor) const {
  return tensor_in_file(network(), tensor, namings_of(traits()).front()).name;
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::load(const AnyNetwork& folded,
                                               std::span<const float> pictures,
                                               OtherClasses other_classes,
                                               const Executor& executor) {
  return with_memory_for(traits().name, [&]() -> Error {
    const bool keeps = other_classes == OtherClasses::keep_weights;
    if (auto error = unfold(folded, network(), state(), keeps)) return error;
    return find_norms(pictures, executor);
  });
}

/// Replaces means of 0 and variances of 1 by those of pictures. All batch norms keep what they read
/// until the backward pass.
PPLCNET_TRAINING_INLINE Error AnyTrainer::find_norms(std::span<const float> pictures,
                                                     const Executor& executor) {
  const auto size = static_cast<std::size_t>(picture().size());
  const std::size_t count = pictures.size() / size;
  if (count == 0 || pictures.size() % size != 0)
    return Error::of(traits().name, ": expected pictures of ", size, " numbers, found ",
                     pictures.size(), " numbers");
  std::vector<NormMoments> moments(steps().size());
  TrainingPass pass = TrainingPass::inference();
  pass.executor = executor;
  for (std::size_t first = 0; first < count;) {
    const std::size_t batch = std::min(count - first, static_cast<std::size_t>(images()));
    forward(pictures.subspan(first * size, batch * size), static_cast<int>(batch), pass);
    for (std::size_t i = 0; i < steps().size(); ++i) {
      const TrainingStep& step = steps()[i];
      if (step.op != TrainingOperator::normalise) continue;
      const TrainingValue& input = values()[static_cast<std::size_t>(step.input)];
      moments[i].add(value(step.input), static_cast<std::size_t>(input.pitch));
    }
    first += batch;
  }
  for (std::size_t i = 0; i < steps().size(); ++i)
    if (steps()[i].op == TrainingOperator::normalise) moments[i].apply(steps()[i], state());
  return {};
}

PPLCNET_TRAINING_INLINE Error AnyTrainer::network(std::optional<AnyNetwork>& result) {
  if (auto error = AnyNetwork::make(*graph_, /*threads=*/1, result)) return error;
  return fold_trained(network(), state(), result->weights());
}
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_TRAINER_HPP
