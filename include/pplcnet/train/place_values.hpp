#ifndef PPLCNET_TRAIN_PLACE_VALUES_HPP
#define PPLCNET_TRAIN_PLACE_VALUES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/train/training_plan.hpp"

// Where values, their gradients and moments are in the arena.

namespace pplcnet::inline PPLCNET_ABI {

namespace training {

/// A part of the arena, and when it is in use, in steps of both passes: the forward one counts from
/// 0, the loss is in the middle, the backward one follows.
struct Block {
  std::size_t size = 0;
  int begin = 0, end = 0;        ///< the first and the last time
  std::size_t* place = nullptr;  ///< what is to be set

  constexpr bool meets(const Block& other) const {
    return begin <= other.end && other.begin <= end;
  }
};

/// Returns whether the backward pass of a step reads its input, and its second operand.
constexpr bool keeps_input(const TrainingStep& step) {
  switch (step.op) {
    case TrainingOperator::product:
    case TrainingOperator::convolution:
    case TrainingOperator::depthwise:
    case TrainingOperator::normalise:
    case TrainingOperator::affine:
    case TrainingOperator::activate:
    case TrainingOperator::gate:
    case TrainingOperator::max_pool:
      return true;
    default:
      return false;
  }
}

/// When values and gradients are in use.
class Lifetimes {
 public:
  constexpr explicit Lifetimes(const TrainingPlan& plan) : last_time_(2 * plan.step_count) {
    for (int i = plan.step_count - 1; i >= 0; --i) {
      const TrainingStep& step = plan.steps[i];
      first_step_[step.output] = i;
      for (const int value : {step.input, step.second}) {
        if (value < 0) continue;
        last_reader_[value] = std::max(last_reader_[value], i);
        last_use_[value] = std::max(last_use_[value], keeps_input(step) ? backward(i) : i);
      }
    }
    // The loss reads the logits, which can be read after both passes, too.
    last_reader_[plan.logits] = plan.step_count;
    last_use_[plan.logits] = last_time_;
  }

  /// Returns the time of the backward pass of a step; of the loss, after the last one.
  constexpr int backward(int step) const { return last_time_ - step; }

  constexpr Block values(int value) const {
    return {.begin = first_step_[value], .end = std::max(first_step_[value], last_use_[value])};
  }
  constexpr Block gradients(int value) const {
    return {.begin = backward(last_reader_[value]), .end = backward(first_step_[value])};
  }

 private:
  int last_time_;
  int first_step_[TrainingPlan::kMostValues] = {};
  int last_reader_[TrainingPlan::kMostValues] = {};
  int last_use_[TrainingPlan::kMostValues] = {};
};

/// Blocks of the arena, of which those that are in use at the same time do not overlap.
class Blocks {
 public:
  constexpr void add(Block block, std::int64_t floats, std::size_t& place) {
    block.size = static_cast<std::size_t>(round_up(floats, kTrainingAlignment));
    block.place = &place;
    blocks_[count_++] = block;
  }

  /// Gives each block the lowest place that is free, the largest first; returns the arena's size.
  constexpr std::size_t place() {
    std::sort(blocks_, blocks_ + count_, [](const Block& a, const Block& b) {
      return a.size != b.size ? a.size > b.size : a.begin < b.begin;
    });
    std::size_t end = 0;
    for (int i = 0; i < count_; ++i) {
      const Block& block = blocks_[i];
      std::size_t place = 0;
      for (int k = 0; k < i; ++k) {  // by place
        const Block& other = blocks_[order_[k]];
        if (!block.meets(other)) continue;
        if (*other.place >= place + block.size) break;
        place = std::max(place, *other.place + other.size);
      }
      *block.place = place;
      end = std::max(end, place + block.size);
      insert(i);
    }
    return end;
  }

 private:
  static constexpr int kMost = 2 * TrainingPlan::kMostValues + TrainingPlan::kMostSteps;

  /// Puts a block among those before it, which are ordered by their places.
  constexpr void insert(int index) {
    int k = index;
    for (; k > 0 && *blocks_[order_[k - 1]].place > *blocks_[index].place; --k)
      order_[k] = order_[k - 1];
    order_[k] = index;
  }

  Block blocks_[kMost] = {};
  int order_[kMost] = {};
  int count_ = 0;
};

/// Places values, gradients and moments of a plan.
constexpr void place_values(TrainingPlan& plan) {
  const Lifetimes lifetimes(plan);
  const int images = plan.options.images;
  Blocks blocks;
  for (int i = 0; i < plan.value_count; ++i) {
    TrainingValue& value = plan.values[i];
    const auto floats = static_cast<std::int64_t>(value.floats(images));
    blocks.add(lifetimes.values(i), floats, value.values);
    if (value.has_gradients) blocks.add(lifetimes.gradients(i), floats, value.gradients);
  }
  for (int i = 0; i < plan.step_count; ++i) {
    TrainingStep& step = plan.steps[i];
    if (step.op != TrainingOperator::normalise) continue;
    blocks.add({.begin = i, .end = lifetimes.backward(i)},
               2 * std::int64_t{plan.values[step.output].pitch}, step.moments);
  }
  plan.arena_floats = blocks.place();
}

}  // namespace training

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_PLACE_VALUES_HPP
