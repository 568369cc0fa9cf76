#ifndef PPLCNET_WEIGHTS_IMPORT_STEP_LIST_HPP
#define PPLCNET_WEIGHTS_IMPORT_STEP_LIST_HPP

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/functions.hpp"
#include "pplcnet/weights/import/step.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Steps, each after those that it reads. Lists of channels are steps once, and what is computed
/// element by element is the activation that it makes of a step before it, if it is one.
class StepList {
 public:
  StepList() = default;
  // Steps refer to lists of this.
  StepList(const StepList&) = delete;
  StepList& operator=(const StepList&) = delete;

  const std::vector<Step>& steps() const { return steps_; }
  const Step& operator[](int step) const { return steps_[static_cast<std::size_t>(step)]; }
  const ChannelLists& lists() const { return lists_; }

  /// Returns all channels of a step.
  ChannelList channels_of(int step) const {
    if ((*this)[step].list != nullptr) return *(*this)[step].list;
    ChannelList list;
    for (int i = 0; i < (*this)[step].channels; ++i) list.push_back({step, i});
    return list;
  }

  /// Returns the step whose channels these are; kNone if there is none.
  int find(const ChannelList& list) const {
    if (list.empty() || list.front().step == kNone) return kNone;
    const int first = list.front().step;
    bool whole = static_cast<std::size_t>((*this)[first].channels) == list.size();
    for (std::size_t i = 0; whole && i < list.size(); ++i)
      whole = list[i] == Channel{first, static_cast<int>(i)};
    return whole ? first : lists_.find(list);
  }

 protected:
  static constexpr int kNone = GraphNode::kNone;

  explicit StepList(std::size_t most) {
    steps_.reserve(most);
    functions_.reserve(most);
  }

  Step& at(int step) { return steps_[static_cast<std::size_t>(step)]; }

  /// Returns whether nothing of what a step gives is below zero, as after a ReLU.
  bool is_never_negative(int step) const {
    if (step == kNone || (*this)[step].type != StepType::activation) return false;
    const auto& points = Function::kPoints;
    return std::ranges::all_of(points,
                               [&](float x) { return value_of((*this)[step].activation, x) >= 0; });
  }

  /// Appends a step; returns its number.
  int append(Step step) {
    if (step.channels == 0 && step.type != StepType::other && step.from != kNone)
      step.channels = (*this)[step.from].channels;
    steps_.push_back(step);
    functions_.emplace_back();
    return static_cast<int>(steps_.size() - 1);
  }

  /// Returns the step of a list of channels; kNone if it has none, or too many.
  int append(int node, ChannelList list) {
    const int known = find(list);
    if (known != kNone || list.empty() || !lists_.has_room(list.size())) return known;
    Step step = {.type = StepType::channels, .node = node};
    step.channels = static_cast<int>(list.size());
    step.list = lists_.add(std::move(list), static_cast<int>(steps_.size()));
    return append(step);
  }

  /// Appends what is computed element by element of a step.
  template <class Operation>
  int append(const Step& step, const Operation& operation) {
    return append(step, functions(step.from).then(step.from, operation));
  }

  /// Appends what is computed element by element of two steps.
  template <class Operation>
  int append_of_two(const Step& step, const Operation& operation) {
    return append(step, Functions::of(step.from, functions(step.from), step.second,
                                      functions(step.second), operation));
  }

 private:
  const Functions& functions(int step) const { return functions_[static_cast<std::size_t>(step)]; }

  int append(Step step, Functions functions) {
    // Of the step that is furthest away: what is spelled out may end with another activation.
    for (const auto& [of, function] : functions.all())
      if (const auto known = activation_of(function))
        step = {.type = StepType::activation, .activation = *known, .node = step.node, .from = of};
    const int result = append(step);
    functions_.back() = std::move(functions);
    return result;
  }

  std::vector<Step> steps_;
  std::vector<Functions> functions_;  // of steps
  ChannelLists lists_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STEP_LIST_HPP
