#ifndef PPLCNET_WEIGHTS_IMPORT_FACTS_HPP
#define PPLCNET_WEIGHTS_IMPORT_FACTS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/steps.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a graph makes of the classes' logits.
enum class Scores : unsigned char { logits, softmax, sigmoid };

/// What a graph says of its network and the shapes of weights do not, or not alone.
struct GraphFacts {
  std::array<int, 2> picture = {};  ///< rows, columns; 0: any number
  int classes = 0;                  ///< 0: there is no classifier after a pooled vector
  int head = 0;                     ///< width of the embedding; 0: none
  bool head_bias = false;           ///< the embedding has a bias, which is not zero
  float factor = 1;                 ///< of the embedding, as dropout leaves it at inference
  Scores scores = Scores::logits;
  int last_channels = 0;  ///< of the last weights
  int scored = 0;         ///< most channels of last weights that a sigmoid makes scores of
};

/// Finds the facts; of a graph that is no classifier only the picture's size.
class FactFinder {
 public:
  explicit FactFinder(const FileGraph& graph) : graph_(graph), steps_(graph) {}

  GraphFacts find() const {
    GraphFacts facts;
    for (const Step& step : steps_.steps()) {
      if (step.type != StepType::weights || step.from == kNone) continue;
      if (steps_[step.from].type == StepType::picture) facts.picture = node(steps_[step.from]).size;
      break;
    }
    const std::vector<int> ends = last_weights();
    if (!ends.empty()) facts.last_channels = outputs_of(steps_[ends.front()]);
    for (const int last : ends)
      if (is_scored(last)) facts.scored = std::max(facts.scored, outputs_of(steps_[last]));
    for (const int last : ends)
      if (read_classifier(last, facts)) break;
    return facts;
  }

 private:
  static constexpr int kNone = GraphNode::kNone;

  const GraphNode& node(const Step& step) const {
    return graph_.nodes[static_cast<std::size_t>(step.node)];
  }

  /// Says what the graph makes of a step that is classes.
  void read_scores(int classes, GraphFacts& facts) const {
    for (const int reader : steps_.readers(classes)) {
      const Step& step = steps_[reader];
      if (step.type == StepType::softmax) {
        facts.scores = Scores::softmax;
      } else if (step.type == StepType::activation && step.activation == Activation::sigmoid) {
        facts.scores = Scores::sigmoid;
      }
    }
  }

  /// Returns whether a sigmoid makes scores of a step.
  bool is_scored(int step) const {
    return std::ranges::any_of(steps_.readers(step), [&](int reader) {
      return steps_[reader].from == step && steps_[reader].activation == Activation::sigmoid;
    });
  }

  /// Returns weights whose results no other weights see.
  std::vector<int> last_weights() const {
    std::vector<bool> seen(steps_.steps().size());
    std::vector<int> last;
    for (int i = static_cast<int>(seen.size()) - 1; i >= 0; --i) {
      const Step& step = steps_[i];
      const bool weights = step.type == StepType::weights;
      if (weights && !seen[static_cast<std::size_t>(i)]) last.push_back(i);
      if (!weights && !seen[static_cast<std::size_t>(i)]) continue;
      for_each_source(step, [&](int source) { seen[static_cast<std::size_t>(source)] = true; });
    }
    return last;
  }

  int outputs_of(const Step& step) const {
    const GraphNode& found = node(step);
    const Tensor* weights = steps_.constant(found, 1);
    if (weights == nullptr || weights->shape.size() < 2) return 0;
    const bool in_first = found.type == NodeType::transposed_convolution ||
                          (found.type == NodeType::product && !found.transposed);
    return static_cast<int>(std::min<std::int64_t>(weights->shape[in_first ? 1 : 0], 1 << 30));
  }

  bool has_bias(const Step& step) const {
    const Tensor* bias = steps_.constant(step.bias);
    return bias != nullptr &&
           !std::ranges::all_of(bias->data, [](std::byte byte) { return byte == std::byte{0}; });
  }

  /// Returns whether weights see a pooled vector, or the embedding of one.
  bool read_classifier(int last, GraphFacts& facts) const {
    GraphFacts found = facts;
    for (int place = steps_[last].from; place != kNone; place = steps_[place].from) {
      const Step& step = steps_[place];
      switch (step.type) {
        case StepType::scale:
          found.factor *= step.number;
          continue;
        case StepType::weights:
          if (found.head > 0) return false;
          found.head = outputs_of(step);
          found.head_bias = has_bias(step);
          continue;
        case StepType::activation:
        case StepType::batch_norm:
          continue;
        case StepType::window_mean:
        case StepType::pool:
          if (step.type != StepType::pool && node(steps_[last]).type != NodeType::product)
            return false;
          found.classes = outputs_of(steps_[last]);
          read_scores(last, found);
          facts = found;
          return true;
        default:
          return false;
      }
    }
    return false;
  }

  const FileGraph& graph_;
  GraphSteps steps_;
};

/// Checks that what a graph says of its picture is the size of the type's.
inline Error check_picture(std::string_view path, const GraphNode& picture, Shape input) {
  const auto [rows, columns] = picture.size;
  if ((rows == 0 || rows == input.height) && (columns == 0 || columns == input.width)) return {};
  const auto text = [](int size) { return size > 0 ? std::to_string(size) : "any"; };
  return Error::of(path, ": its picture is ", text(rows), "x", text(columns), ", the type's ",
                   input.height, "x", input.width);
}

/// Checks dropout, as Paddle has it at inference.
inline Error check_factor(std::string_view path, int percent, float found) {
  const float expected = static_cast<float>(percent) / 100;
  if (is_near(found, expected, 1e-4f)) return {};
  return Error::of(path, ": multiplies the embedding by ", checking::text_of(found),
                   ", the type by ", checking::text_of(expected));
}

/// Checks the end of a graph: after the classes there may be probabilities, and nothing that
/// changes them.
inline Error check_scores(const FileGraph& graph, const GraphSteps& steps, int classes) {
  for (const int reader : steps.readers(classes)) {
    const GraphNode& node = steps.node(reader);
    if (!keeps_scores(steps[reader], node))
      return Error::of(graph.path, ": computes ", quote(node.what),
                       " of the classes; expected softmax, sigmoid or nothing");
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_FACTS_HPP
