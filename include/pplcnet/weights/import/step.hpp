#ifndef PPLCNET_WEIGHTS_IMPORT_STEP_HPP
#define PPLCNET_WEIGHTS_IMPORT_STEP_HPP

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/shape.hpp"
#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/file_graph.hpp"

namespace pplcnet::inline PPLCNET_ABI {

enum class StepType : unsigned char {
  picture,
  weights,  ///< a convolution or a product, with its bias
  batch_norm,
  activation,
  scale,        ///< times `number`
  shift,        ///< plus `number`
  pad,          ///< zeros around a map
  pool,         ///< mean over all pixels
  window_mean,  ///< means of windows
  window_max,   ///< maxima of windows
  softmax,
  layer_norm,
  product,   ///< of two steps, element by element
  sum,       ///< of two steps
  channels,  ///< those of a list
  rows,      ///< a step whose channels have become `groups` rows: the beginning of a shuffle
  columns,   ///< such rows, transposed
  resize,    ///< to another height and width
  other,
};

/// Returns the step that a node is alone.
constexpr StepType type_of_step(NodeType node) {
  switch (node) {
    case NodeType::batch_norm:
      return StepType::batch_norm;
    case NodeType::layer_norm:
      return StepType::layer_norm;
    case NodeType::pool:
      return StepType::pool;
    case NodeType::resize:
      return StepType::resize;
    default:
      return StepType::softmax;
  }
}

/// An operation of a graph, as far as importers distinguish it.
struct Step {
  StepType type = StepType::other;
  Activation activation = Activation::none;
  int node = GraphNode::kNone;                             ///< the last of its nodes
  int from = GraphNode::kNone, second = GraphNode::kNone;  ///< steps
  int bias = GraphNode::kNone;                             ///< a node
  float number = 0;
  int channels = 0;  ///< of its result; 0: not known
  int groups = 1;
  Padding padding = 0;  ///< of weights and windows, that of a step before them included
  bool count_padding = false;
  const ChannelList* list = nullptr;
};

/// Visits the steps that a step reads.
template <class Visit>
void for_each_source(const Step& step, const Visit& visit) {
  if (step.from != GraphNode::kNone) visit(step.from);
  if (step.second != GraphNode::kNone) visit(step.second);
  if (step.list == nullptr) return;
  int last = GraphNode::kNone;
  for (const Channel& channel : *step.list)
    if (channel.step != last) visit(last = channel.step);
}

/// Returns whether a step that reads classes leaves them what they are, or makes probabilities of
/// them.
inline bool keeps_scores(const Step& step, const GraphNode& node) {
  constexpr std::string_view kOrderOnly[] = {"ArgMax", "TopK",     "LogSoftmax", "arg_max",
                                             "argmax", "top_k_v2", "topk",       "log_softmax"};
  return step.type == StepType::softmax || step.activation == Activation::sigmoid ||
         std::ranges::find(kOrderOnly, node.what) != std::end(kOrderOnly);
}

/// Which steps read each step, but for those that only arrange its channels anew.
class Readers {
 public:
  Readers() = default;
  explicit Readers(std::span<const Step> steps) : ends_(steps.size() + 1) {
    const auto visit_all = [&](const auto& visit) {
      for (std::size_t i = 0; i < steps.size(); ++i) {
        const auto [from, second] = std::pair(steps[i].from, steps[i].second);
        if (from != GraphNode::kNone) visit(static_cast<std::size_t>(from), i);
        if (second != GraphNode::kNone && second != from)
          visit(static_cast<std::size_t>(second), i);
      }
    };
    visit_all([&](std::size_t source, std::size_t) { ++ends_[source + 1]; });
    for (std::size_t i = 1; i < ends_.size(); ++i) ends_[i] += ends_[i - 1];
    readers_.resize(ends_.back());
    std::vector<std::size_t> next = ends_;
    visit_all([&](std::size_t source, std::size_t reader) {
      readers_[next[source]++] = static_cast<int>(reader);
    });
  }

  /// Returns the readers of a step, in the graph's order.
  std::span<const int> of(int step) const {
    const auto index = static_cast<std::size_t>(step);
    return std::span(readers_).subspan(ends_[index], ends_[index + 1] - ends_[index]);
  }

 private:
  std::vector<std::size_t> ends_;
  std::vector<int> readers_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_STEP_HPP
