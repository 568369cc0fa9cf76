#ifndef PPLCNET_GRAPH_FLAW_HPP
#define PPLCNET_GRAPH_FLAW_HPP

#include <cstdint>

#include "pplcnet/abi.hpp"

// What a graph must keep to, so that the plan and the kernels compute what it says.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_GRAPH_RULES(rule)                                                                 \
  rule(nodes, "Graph: at most Graph::kMaxNodes operators, which become at most "                  \
       "Graph::kMaxLayers layers, and Graph::kMaxOutputs outputs")                                \
  rule(foreign, "Graph: an operator takes only values of the same graph")                         \
  rule(image, "Graph: the picture has a height and a width from 1 to 32768, at most 2^26 pixels") \
  rule(channels, "Graph: an operator gives from 1 to 32768 channels, a dense layer to 4194304")   \
  rule(kernel, "Graph::conv, pool: kernels from 1 to 63, no larger than the padded input")        \
  rule(stride, "Graph::conv, pool: strides from 1 to 32")                                         \
  rule(dilation, "Graph::conv: dilations from 1 to 1024")                                         \
  rule(padding, "Graph::conv, pool: paddings from 0 to less than the kernel's reach")             \
  rule(multiply_adds, "Graph::conv: at most 2^52 multiply-adds")                                  \
  rule(groups, "Graph::conv: at most Graph::kMaxParts groups of equally many channels, or each "  \
       "channel its own")                                                                         \
  rule(vector, "Graph::dense: reads a vector or a map of one pixel")                              \
  rule(percent, "Graph::conv, dense: percents from 1 to 100")                                       \
  rule(map, "Graph: convolutions, pools, sums, concats and slices read maps")                     \
  rule(equal_shapes, "Graph::add: both maps have the same shape")                                 \
  rule(factors, "Graph::gate: a vector of as many factors as the map has channels")               \
  rule(parts, "Graph::concat: from 1 to Graph::kMaxParts maps of the same height and width")      \
  rule(slice, "Graph::slice: channels that the map has")                                          \
  rule(shuffle, "Graph::shuffle: the number of groups divides that of channels")                  \
  rule(repeats, "Graph::affine, instance_norm: the number of repeats divides that of channels")    \
  rule(broadcast, "Graph::multiply: along each axis as many factors as the map has, or one")       \
  rule(rearrange, "Graph::transpose: two axes; shuffle_blocks, space_to_rows, rows_to_space, "     \
       "depth_to_space: what divides the axis that is taken apart")                                \
  rule(blocks, "Graph::softmax: the number of blocks divides that of channels")                    \
  rule(heads, "Graph::attention: a map of queries, keys and values, each for all heads")           \
  rule(resize, "Graph::resize: to a height and a width from 1 to 32768, at most 2^26 pixels")      \
  rule(same_weights, "Conv::weights_of: a convolution of the same kernel, channels, norm and bias") \
  rule(slopes, "Activation::prelu: of a convolution or an affine")                                 \
  rule(width, "WidthOptions::width: in percent, one of those that the network comes in")           \
  rule(epsilon, "Graph::norm_epsilon: a number from 0 to 1000")                                   \
  rule(activation, "Activation::hardsigmoid_of: slope and offset from -1000 to 1000")             \
  rule(output, "Graph: a network has an output")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class GraphRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_GRAPH_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(GraphRule rule) {
  switch (rule) {
    case GraphRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case GraphRule::rule:          \
    return text;
      PPLCNET_GRAPH_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// What is wrong with a graph: the rule that it breaks, what was found, and at which operator.
struct GraphFlaw {
  GraphRule broken = GraphRule::none;
  std::int64_t found = 0;
  int node = -1;

  constexpr explicit operator bool() const { return broken != GraphRule::none; }
};

/// Has the compiler say which rule is broken, by which operator, and what it found.
template <GraphRule kBroken, int kOperator, std::int64_t kFound>
struct SoundGraph {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != GraphRule::rule, text);
  PPLCNET_GRAPH_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == GraphRule::none;
};
#undef PPLCNET_GRAPH_RULES

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_FLAW_HPP
