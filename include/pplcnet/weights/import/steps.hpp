#ifndef PPLCNET_WEIGHTS_IMPORT_STEPS_HPP
#define PPLCNET_WEIGHTS_IMPORT_STEPS_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/weights/import/step.hpp"
#include "pplcnet/weights/import/step_reader.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A graph in the terms of our networks: what a format writes in several nodes is one step.
class GraphSteps : public StepReader {
 public:
  explicit GraphSteps(const FileGraph& graph) : StepReader(graph), readers_(steps()) {}

  /// Returns the steps that read another, in the graph's order.
  std::span<const int> readers(int step) const { return readers_.of(step); }

  /// Returns the first step of a type that reads another; kNone if there is none.
  int reader_of(int from, StepType type) const {
    for (const int reader : readers(from))
      if ((*this)[reader].type == type && (*this)[reader].from == from) return reader;
    return kNone;
  }

  /// Returns the first step of a type that reads two others, in any order.
  int reader_of(int a, StepType type, int b) const {
    for (const int reader : readers(a)) {
      const Step& step = (*this)[reader];
      const bool both =
          (step.from == a && step.second == b) || (step.from == b && step.second == a);
      if (step.type == type && both) return reader;
    }
    return kNone;
  }

  /// Returns the first weights after a step, with anything but weights between them.
  int next_weights(int step) const {
    std::vector<bool> after(steps().size());
    after[static_cast<std::size_t>(step)] = true;
    for (std::size_t i = static_cast<std::size_t>(step) + 1; i < after.size(); ++i) {
      for_each_source(steps()[i], [&](int source) {
        if (after[static_cast<std::size_t>(source)]) after[i] = true;
      });
      if (after[i] && steps()[i].type == StepType::weights) return static_cast<int>(i);
    }
    return kNone;
  }

 private:
  Readers readers_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STEPS_HPP
