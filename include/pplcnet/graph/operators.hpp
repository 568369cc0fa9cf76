#ifndef PPLCNET_GRAPH_OPERATORS_HPP
#define PPLCNET_GRAPH_OPERATORS_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>

#include "pplcnet/graph/graph.hpp"

// What the operators of a graph check and append.

namespace pplcnet::inline PPLCNET_ABI {

constexpr bool Graph::check_steps(const Pair& kernel, const Stride& stride, const Pair& dilation) {
  for (const auto [size, step, spread] : {std::array{kernel.height, stride.height, dilation.height},
                                          std::array{kernel.width, stride.width, dilation.width}}) {
    check_range(GraphRule::kernel, size, 1, kLargestKernel);
    check_range(GraphRule::stride, step, 1, kLargestStride);
    check_range(GraphRule::dilation, spread, 1, kMostDilation);
  }
  return !flaw_;
}

constexpr bool Graph::check_window(const Window& window, const Shape& input) {
  if (!check_steps(window.kernel, window.stride, window.dilation)) return false;
  const Pair reach = window.reach();
  for (const auto [before, after, reached] :
       {std::array{window.padding.top, window.padding.bottom, reach.height},
        std::array{window.padding.left, window.padding.right, reach.width}}) {
    // A 1×1 kernel may have a ring of zeros around its map.
    check_range(GraphRule::padding, before, 0, std::max(1, reached - 1));
    check_range(GraphRule::padding, after, 0, std::max(1, reached - 1));
  }
  if (flaw_) return false;
  const Shape output = window.output(input, input.channels);
  check_range(GraphRule::kernel, output.height, 1, kLongestSide);
  return check_range(GraphRule::kernel, output.width, 1, kLongestSide);
}

constexpr void Graph::set_norm(Node& node, bool norm) {
  constexpr double kMost = 1000;
  node.norm = norm;
  node.norm_epsilon = norm_epsilon;
  if (!norm || (norm_epsilon >= 0 && norm_epsilon <= kMost)) return;
  fail(GraphRule::epsilon, norm_epsilon < 0 ? -1 : 1001);
}

constexpr Value Graph::conv(Value x, int channels, const Conv& options, Name name) {
  if (!check_map(x) || !check_range(GraphRule::channels, channels, 1, kMostChannels))
    return unchanged({1, 1, channels});
  if (!check_steps(options.kernel, options.stride, options.dilation))
    return unchanged({1, 1, channels});
  Window window = {options.kernel, options.stride, options.dilation, options.padding};
  if (options.padding == Conv::kSame)
    window.padding = Padding::same(options.kernel, options.dilation);
  if (!check_window(window, x.shape)) return unchanged({1, 1, channels});
  const int groups = options.groups;
  const bool alone = groups == x.shape.channels && groups == channels;
  if (groups < 1 ||
      (!alone && (groups > kMaxParts || x.shape.channels % groups != 0 || channels % groups != 0)))
    fail(GraphRule::groups, groups);
  if (options.group < 0 || options.group >= options.group_count ||
      options.group_count > (groups > 1 ? 1 : kMaxParts))
    fail(GraphRule::groups, options.group_count);
  check_range(GraphRule::percent, options.output_percent, 1, 100);
  const std::int64_t pixels = std::max<std::int64_t>(1, window.output(x.shape, channels).pixels());
  const std::int64_t products = std::int64_t{options.kernel.height} * options.kernel.width *
                                (alone ? 1 : x.shape.channels) * channels;
  if (constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
      products > kMostMultiplyAdds / pixels)
    fail(GraphRule::multiply_adds, products > kMost / pixels ? kMost : products * pixels);
  if (groups > 1 && !alone && !flaw_) return grouped(x, channels, options, name);
  Node node;
  node.op = Operator::convolution;
  node.input = x.node;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.bias = options.bias;
  node.groups = groups;
  node.group = options.group;
  node.group_count = options.group_count;
  node.window = window;
  node.shape = window.output(x.shape, channels);
  node.training = options.training;
  node.affine = options.affine;
  node.output_percent = options.output_percent;
  node.name = name;
  node.norm_name = options.norm_name;
  node.layout = options.layout;
  if (options.weights_of.graph != nullptr) share_weights(node, options.weights_of);
  return append(node);
}

constexpr void Graph::share_weights(Node& node, Value owner) {
  if (!check(owner)) return;
  const Node& other = nodes[owner.node];
  if (other.op != node.op || other.groups != node.groups || other.weights_of >= 0 ||
      other.window.kernel != node.window.kernel || other.norm != node.norm ||
      other.bias != node.bias || other.shape.channels != node.shape.channels ||
      nodes[other.input].shape.channels != nodes[node.input].shape.channels)
    fail(GraphRule::same_weights, owner.node);
  node.weights_of = owner.node;
}

/// A convolution for each group of channels, side by side.
constexpr Value Graph::grouped(Value x, int channels, const Conv& options, Name name) {
  const int groups = options.groups;
  Value results[kMaxParts];
  Conv conv = options;
  conv.groups = 1;
  conv.group_count = groups;
  for (; conv.group < groups; ++conv.group) {
    const Value part = this->conv(x, channels / groups, conv, name);
    if (!flaw_) nodes[part.node].reads_group = true;
    results[conv.group] = part;
  }
  return concat(std::span<const Value>(results, static_cast<std::size_t>(groups)));
}

constexpr Value Graph::dense(Value x, int width, const Dense& options, Name name) {
  if (!check(x) || !check_range(GraphRule::channels, width, 1, kMostOutputs))
    return unchanged({1, 1, width});
  if (x.shape.pixels() != 1) fail(GraphRule::vector, x.shape.pixels());
  check_range(GraphRule::percent, options.input_percent, 1, 100);
  check_range(GraphRule::percent, options.output_percent, 1, 100);
  if (!flaw_ && !nodes[x.node].vector) x = global_mean(x);
  Node node;
  node.op = Operator::dense;
  node.input = x.node;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.bias = options.bias;
  node.layout = options.layout;
  node.vector = true;
  node.shape = {1, 1, width};
  node.input_percent = options.input_percent;
  node.output_percent = options.output_percent;
  node.name = name;
  node.norm_name = options.norm_name;
  return append(node);
}

constexpr Value Graph::window(Operator op, Value x, const Pool& pool, Name name) {
  if (!check_map(x)) return unchanged(x.shape);
  Node node;
  node.op = op;
  node.input = x.node;
  node.window = {pool.kernel, pool.stride, 1, pool.padding, pool.ceil_mode};
  node.count_padding = pool.count_padding;
  node.name = name;
  if (!check_window(node.window, x.shape)) return unchanged(x.shape);
  // Every window has a pixel of the map.
  const Padding& padding = pool.padding;
  check_range(GraphRule::padding, std::max(padding.top, padding.bottom), 0, pool.kernel.height - 1);
  if (!check_range(GraphRule::padding, std::max(padding.left, padding.right), 0,
                   pool.kernel.width - 1))
    return unchanged(x.shape);
  node.shape = node.window.output(x.shape, x.shape.channels);
  return append(node);
}

constexpr Value Graph::global_mean(Value x, Name name) {
  if (!check_map(x)) return unchanged({1, 1, x.shape.channels});
  Node node;
  node.op = Operator::pool;
  node.input = x.node;
  node.vector = true;
  node.shape = {1, 1, x.shape.channels};
  node.name = name;
  return append(node);
}

constexpr Value Graph::gate(Value x, Value factors, Activation after, Name name) {
  if (!check_map(x) || !check(factors)) return unchanged(x.shape);
  if (!nodes[factors.node].vector || factors.shape.channels != x.shape.channels)
    fail(GraphRule::factors, factors.shape.channels);
  Node node;
  node.op = Operator::gate;
  node.input = x.node;
  node.second = factors.node;
  node.activation = after;
  node.shape = x.shape;
  node.name = name;
  return append(node);
}

constexpr Value Graph::add(Value a, Value b, Activation after) {
  if (!check_map(a) || !check_map(b)) return unchanged(a.shape);
  if (a.shape != b.shape) fail(GraphRule::equal_shapes, b.shape.size());
  Node node;
  node.op = Operator::add;
  node.input = a.node;
  node.second = b.node;
  node.activation = after;
  node.shape = a.shape;
  return append(node);
}

constexpr Value Graph::concat(std::span<const Value> list) {
  Node node;
  node.op = Operator::concat;
  node.first_part = part_count;
  node.part_count = static_cast<int>(list.size());
  check_range(GraphRule::parts, static_cast<int>(list.size()), 1, kMaxParts);
  for (const Value& part : list) {
    if (!check_map(part)) break;
    if (part_count == kMaxNodes) fail(GraphRule::nodes, part_count);
    if (node.shape.channels > 0 &&
        (part.shape.height != node.shape.height || part.shape.width != node.shape.width))
      fail(GraphRule::parts, part.shape.height);
    if (flaw_) break;
    parts[part_count++] = part.node;
    node.shape = {part.shape.height, part.shape.width, node.shape.channels + part.shape.channels};
  }
  check_range(GraphRule::channels, node.shape.channels, 1, kMostChannels);
  return append(node);
}

constexpr Value Graph::slice(Value x, int first, int channels, int step) {
  const Shape shape = {x.shape.height, x.shape.width, channels};
  if (!check_map(x)) return unchanged(shape);
  const std::int64_t last = first + (std::int64_t{channels} - 1) * step;
  if (first < 0 || step < 1 || channels < 1 || last >= x.shape.channels)
    fail(GraphRule::slice, channels);
  Node node;
  node.op = Operator::slice;
  node.input = x.node;
  node.first = first;
  node.step = step;
  node.shape = shape;
  return append(node);
}

constexpr Value Graph::shuffle(Value x, int groups) {
  if (!check_map(x)) return unchanged(x.shape);
  if (groups < 1 || x.shape.channels % groups != 0) fail(GraphRule::shuffle, groups);
  Node node;
  node.op = Operator::shuffle;
  node.input = x.node;
  node.groups = groups;
  node.shape = x.shape;
  return append(node);
}

constexpr std::uint64_t Graph::fingerprint() const {
  constexpr std::uint64_t kOffset = 0xcbf29ce484222325, kPrime = 0x100000001b3;  // FNV-1a
  std::uint64_t sum = kOffset;
  const auto add = [&](std::initializer_list<int> values) {
    for (const int value : values) sum = (sum ^ static_cast<std::uint32_t>(value)) * kPrime;
  };
  for (int i = 0; i < node_count; ++i) {
    const Node& node = nodes[i];
    const Window& window = node.window;
    const Padding& padding = window.padding;
    add({static_cast<int>(node.activation.kind), std::bit_cast<int>(node.activation.slope),
         std::bit_cast<int>(node.activation.offset)});
    add({static_cast<int>(node.op), node.input, node.second, node.groups, node.first, node.step,
         node.count_padding ? 1 : 0});
    add({window.kernel.height, window.kernel.width, window.stride.height, window.stride.width,
         window.dilation.height, window.dilation.width, padding.top, padding.left,
         window.ceil_mode ? 1 : 0});
    add({node.shape.channels, node.input_percent, node.output_percent, node.affine ? 1 : 0});
    if (node.reads_group) add({node.group});
    if (node.op > Operator::shuffle || node.weights_of >= 0)
      add({static_cast<int>(node.reduction), static_cast<int>(node.rearrangement.kind),
           node.rearrangement.first, node.rearrangement.second, node.repeats, node.weights_of,
           node.shape.height == 1 ? 1 : 0, node.shape.width == 1 ? 1 : 0});
    // What is newer counts where it is not as by default: it changes no other graph's number.
    if (node.resampling != Resampling::nearest) add({static_cast<int>(node.resampling)});
    for (int part = 0; part < node.part_count; ++part) add({parts[node.first_part + part]});
  }
  return sum;
}

constexpr void Graph::set_classes(int classes) {
  check_range(GraphRule::channels, classes, 1, kMostOutputs);
  Node& last = nodes[node_count - 1];
  if (last.op == Operator::dense && !flaw_) last.shape.channels = classes;
}

constexpr Value Graph::output(Value x, Role role, Name name) {
  if (!check(x)) return x;
  if (output_count == kMaxOutputs) fail(GraphRule::nodes, output_count);
  count(1);
  if (!flaw_) outputs[output_count++] = {role, x.node, name};
  return x;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_OPERATORS_HPP
