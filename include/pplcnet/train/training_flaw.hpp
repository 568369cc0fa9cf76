#ifndef PPLCNET_TRAIN_TRAINING_FLAW_HPP
#define PPLCNET_TRAIN_TRAINING_FLAW_HPP

#include "pplcnet/abi.hpp"

// What a network must keep to, so that it can be trained.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_TRAINING_RULES(rule)                                                               \
  rule(classes, "Training: the network has one result, a vector of classes")                       \
  rule(operators, "Training: convolutions, dense layers, batch norms, activations, pools, means "  \
       "over all pixels, gates, sums, concats, slices and shuffles")                               \
  rule(weights, "Training: each operator has weights of its own, for each channel")                \
  rule(slopes, "Training: no activation has slopes (Activation::prelu)")                           \
  rule(branches, "Training: branches have odd kernels around the same pixel as the whole")         \
  rule(unused, "Training: all weights have to do with the classes")                                \
  rule(images, "Training: a batch has from 1 to TrainingOptions::kMostImages images")              \
  rule(size, "Training: at most TrainingPlan::kMostSteps steps and kMostTensors tensors")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class TrainingRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_TRAINING_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(TrainingRule rule) {
  switch (rule) {
    case TrainingRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case TrainingRule::rule:       \
    return text;
      PPLCNET_TRAINING_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Why a network cannot be trained: the rule that it breaks, and the first node that does.
struct TrainingFlaw {
  TrainingRule broken = TrainingRule::none;
  int node = -1;

  constexpr explicit operator bool() const { return broken != TrainingRule::none; }
  constexpr bool operator==(const TrainingFlaw&) const = default;
};

/// Has the compiler say which rule is broken, and by which operator.
template <TrainingRule kBroken, int kOperator>
struct Trainable {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != TrainingRule::rule, text);
  PPLCNET_TRAINING_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == TrainingRule::none;
};
#undef PPLCNET_TRAINING_RULES

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINING_FLAW_HPP
