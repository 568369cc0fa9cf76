#ifndef PPLCNET_WEIGHTS_IMPORT_CANDIDATES_HPP
#define PPLCNET_WEIGHTS_IMPORT_CANDIDATES_HPP

#include <algorithm>
#include <cstddef>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/geometry.hpp"
#include "pplcnet/weights/import/parameters.hpp"
#include "pplcnet/weights/import/steps.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Which weights of a graph a layer's are, where several read the same: those that are most like
/// it, in the graph's order. Of several that look alike only the rest of the network can tell which
/// is which: then another attempt takes the next one.
class Candidates {
 public:
  explicit Candidates(const GraphSteps& steps) : steps_(steps) {}

  /// Begins an attempt at a network.
  void begin() {
    next_ = 0;
    used_.assign(steps_.steps().size(), false);
  }

  /// Returns whether there is something else to attempt.
  bool advance() {
    choices_.resize(next_);
    while (!choices_.empty()) {
      Choice& last = choices_.back();
      if (++last.taken < last.count) return true;
      choices_.pop_back();
    }
    return false;
  }

  /// Returns the weights that read a step and are most like a layer's; kNone if there are none.
  int choose(const Layer& layer, int from) {
    std::vector<int> best;
    int most = -1;
    for (const int reader : steps_.readers(from)) {
      if (steps_[reader].type != StepType::weights || used_[static_cast<std::size_t>(reader)])
        continue;
      const int likeness = likeness_of(layer, reader);
      if (likeness < most) continue;
      if (likeness > most) best.clear();
      most = likeness;
      best.push_back(reader);
    }
    if (best.empty()) return GraphNode::kNone;
    std::size_t taken = 0;
    if (best.size() > 1) {
      if (next_ == choices_.size()) choices_.push_back({0, best.size()});
      taken = std::min(choices_[next_++].taken, best.size() - 1);
    }
    used_[static_cast<std::size_t>(best[taken])] = true;
    return best[taken];
  }

  /// Returns the weights of a convolution with groups that a layer is one of, which reads these
  /// channels; kNone if there are none.
  int find_group(const Layer& layer, const ChannelList& list) const {
    for (std::size_t i = 0; i < steps_.steps().size(); ++i) {
      const Step& step = steps_.steps()[i];
      const auto weights = static_cast<int>(i);
      if (step.type != StepType::weights || step.from == GraphNode::kNone) continue;
      if (steps_.node(weights).groups != layer.group_count) continue;
      const ChannelList all = steps_.channels_of(step.from);
      const std::size_t first = list.size() * static_cast<std::size_t>(layer.group);
      if (first + list.size() <= all.size() &&
          std::equal(list.begin(), list.end(), all.begin() + static_cast<std::ptrdiff_t>(first)))
        return weights;
    }
    return GraphNode::kNone;
  }

 private:
  struct Choice {
    std::size_t taken, count;
  };

  int likeness_of(const Layer& layer, int weights) const {
    const GraphNode& node = steps_.node(weights);
    const Window window = window_of(steps_[weights], node, layer);
    const bool shape = steps_.constant(node, 1)->shape == GraphParameters::shape_for(layer, node);
    const bool rest = window.padding == layer.padding && window.dilation == layer.dilation;
    return (shape ? 4 : 0) + (window.stride == layer.stride ? 2 : 0) + (rest ? 1 : 0);
  }

  const GraphSteps& steps_;
  std::size_t next_ = 0;  // choice of this attempt
  std::vector<Choice> choices_;
  std::vector<bool> used_;  // steps
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_CANDIDATES_HPP
