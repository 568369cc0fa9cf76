#ifndef PPLCNET_TRAINER_HPP
#define PPLCNET_TRAINER_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "pplcnet/huge_pages.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/plan/first_of.hpp"
#include "pplcnet/train/make_training_plan.hpp"
#include "pplcnet/train/training_flaw.hpp"
#include "pplcnet/train/training_plan.hpp"
#include "pplcnet/train/transfer.hpp"
#include "pplcnet/training_passes.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A network in training, for batches of up to kBatch images: everything that training needs is in
/// an object of this type, whose size the compiler knows. Objects are large: make them by `new`. A
/// network that cannot be trained does not compile.
template <class Net, int kBatch, TrainingOptions kOptions = TrainingOptions{}>
class Trainer : public InHugePages, public TrainingPasses {
  static constexpr TrainingPlan kWhole = [] {
    TrainingOptions options = kOptions;
    options.images = kBatch;
    return make_training_plan(Net::Definition::graph(), options);
  }();
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a type that is not complete says what is wrong
  static_assert(sizeof(Trainable<kWhole.flaw.broken, kWhole.flaw.node>) > 0);

 public:
  using Network = Net;
  static constexpr TrainingOptions options = kWhole.options;
  static constexpr int step_count = kWhole.step_count;
  static constexpr int batch = kBatch;

  /// The floats of values and their gradients, of parameters, of means and variances.
  static constexpr std::size_t arena_floats = kWhole.arena_floats;
  static constexpr std::size_t parameter_floats = kWhole.parameter_floats;
  static constexpr std::size_t statistic_floats = kWhole.statistic_floats;
  static constexpr std::size_t scratch_floats = kWhole.scratch_floats;
  /// All memory of a step, but for the pictures.
  static constexpr std::size_t memory_bytes =
      sizeof(float) * (arena_floats + 3 * parameter_floats + statistic_floats + scratch_floats);

  /// Begins with parameters that only depend on the seed.
  explicit Trainer(std::uint64_t seed = 0) {
    take({.steps = kSteps,
          .values = kValues,
          .tensors = kTensors,
          .picture = Net::input_shape,
          .images = kBatch,
          .logits = kWhole.logits},
         {.arena = storage_.arena.data(),
          .scratch = storage_.scratch.data(),
          .parameters = storage_.parameters,
          .gradients = storage_.gradients,
          .velocities = storage_.velocities,
          .statistics = storage_.statistics});
    initialise(seed);
  }

  /// Sets what is learnt to what it is before that, and the velocities to zero.
  void initialise(std::uint64_t seed) {
    TrainingPasses::initialise(Net::Definition::graph(), seed);
    storage_.velocities.fill(0);
  }

  /// Takes what was learnt from a framework's state dict. After an error some of it is taken.
  Error load(const TensorFile& file, OtherClasses other_classes = OtherClasses::are_errors) {
    const Graph graph = Net::Definition::graph();
    return take_state_dict(file, network(graph), state(), other_classes);
  }

  /// Folds what has been learnt into weights for inference.
  Error fold(typename Net::Weights& weights) {
    const Graph graph = Net::Definition::graph();
    return fold_trained(network(graph), state(), weights.values);
  }

 private:
  static constexpr auto kSteps = first_of<kWhole.step_count>(kWhole.steps);
  static constexpr auto kValues = first_of<kWhole.value_count>(kWhole.values);
  static constexpr auto kTensors = first_of<kWhole.tensor_count>(kWhole.tensors);

  static TrainedNetwork network(const Graph& graph) {
    return {graph, Net::layers, Net::traits, options.as_deployed};
  }

  struct Arrays {
    alignas(64) std::array<float, arena_floats> arena = {};
    alignas(64) std::array<float, parameter_floats> parameters = {};
    alignas(64) std::array<float, parameter_floats> gradients = {};
    alignas(64) std::array<float, parameter_floats> velocities = {};
    alignas(64) std::array<float, statistic_floats> statistics = {};
    alignas(64) std::array<float, scratch_floats> scratch = {};
  };
  Arrays storage_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAINER_HPP
