#ifndef PPLCNET_GRAPH_MAP_OPERATORS_HPP
#define PPLCNET_GRAPH_MAP_OPERATORS_HPP

#include <initializer_list>

#include "pplcnet/graph/graph.hpp"

// Operators of a graph that take maps as wholes: along their axes, or in other orders.

namespace pplcnet::inline PPLCNET_ABI {

/// Appends an operator that reads one map.
constexpr Value Graph::on_map(Operator op, Value x, const Shape& shape, Name name) {
  if (!check_map(x)) return unchanged(shape);
  Node node;
  node.op = op;
  node.input = x.node;
  node.shape = shape;
  node.name = name;
  return append(node);
}

/// Appends activation(x * scale + shift), with a scale and a shift for each channel: a batch norm
/// that follows no convolution, or weights.
constexpr Value Graph::affine(Value x, const Affine& options, Name name) {
  if (!check_map(x)) return unchanged(x.shape);
  if (options.repeats < 1 || x.shape.channels % options.repeats != 0)
    fail(GraphRule::repeats, options.repeats);
  Node node;
  node.op = Operator::affine;
  node.input = x.node;
  node.shape = x.shape;
  node.groups = x.shape.channels;
  node.layout = options.layout;
  node.bias = options.layout != Layout::none;
  node.activation = options.activation;
  set_norm(node, options.norm);
  node.repeats = options.repeats;
  node.name = name.empty() ? options.norm_name : name;
  node.norm_name = options.norm_name;
  return append(node);
}

/// Appends an activation; a PReLU's slopes have a name.
constexpr Value Graph::activate(Value x, Activation activation, Name slopes) {
  return affine(x, {.activation = activation, .norm = false}, slopes);
}

/// Appends means, maxima or variances along axes, of which one value is left: rows and columns give
/// a map of one pixel, channels one of one channel.
constexpr Value Graph::reduce(Value x, Reduction reduction, std::initializer_list<Axis> axes) {
  Shape shape = x.shape;
  for (const Axis axis : axes)
    (axis == Axis::rows ? shape.height : axis == Axis::columns ? shape.width : shape.channels) = 1;
  const Value y = on_map(Operator::reduce, x, shape);
  if (!flaw_) nodes[y.node].reduction = reduction;
  return y;
}

/// Appends a map times another one, which may have one row, one column or one channel, or be a
/// vector; and an activation.
constexpr Value Graph::multiply(Value x, Value factors, Activation after) {
  if (!check_map(x) || !check(factors)) return unchanged(x.shape);
  if (nodes[factors.node].vector) return gate(x, factors, after);
  const auto fits = [](int size, int whole) { return size == 1 || size == whole; };
  if (!fits(factors.shape.height, x.shape.height)) fail(GraphRule::broadcast, factors.shape.height);
  if (!fits(factors.shape.width, x.shape.width)) fail(GraphRule::broadcast, factors.shape.width);
  if (!fits(factors.shape.channels, x.shape.channels))
    fail(GraphRule::broadcast, factors.shape.channels);
  Node node;
  node.op = Operator::multiply;
  node.input = x.node;
  node.second = factors.node;
  node.activation = after;
  node.shape = x.shape;
  return append(node);
}

/// Appends maxima and means along one axis, of which these two values are left.
constexpr Value Graph::maximum_and_mean(Value x, Axis axis) {
  Shape shape = x.shape;
  (axis == Axis::rows ? shape.height : axis == Axis::columns ? shape.width : shape.channels) = 2;
  const Value y = on_map(Operator::reduce, x, shape);
  if (flaw_) return y;
  nodes[y.node].reduction = Reduction::maximum_and_mean;
  nodes[y.node].groups = static_cast<int>(axis);
  return y;
}

/// Appends a normalisation of each pixel by the mean and the variance of its channels, and a scale
/// and a shift.
constexpr Value Graph::layer_norm(Value x, Name name) {
  const Value y = on_map(Operator::normalise, x, x.shape, name);
  if (flaw_) return y;
  set_norm(nodes[y.node], false);
  nodes[y.node].layout = Layout::vector;
  nodes[y.node].bias = true;
  return y;
}

/// Appends a normalisation of each channel by the mean and the variance of its pixels, and a scale
/// and a shift.
constexpr Value Graph::instance_norm(Value x, Name name, int repeats) {
  if (repeats < 1 || x.shape.channels % repeats != 0) fail(GraphRule::repeats, repeats);
  const Value y = layer_norm(x, name);
  if (flaw_) return y;
  nodes[y.node].groups = x.shape.channels;
  nodes[y.node].repeats = repeats;
  return y;
}

constexpr Value Graph::rearrange(Value x, const Rearrangement& how, const Shape& shape) {
  check_range(GraphRule::channels, shape.channels, 1, kMostChannels);
  check_range(GraphRule::image, shape.height, 1, kLongestSide);
  check_range(GraphRule::image, shape.width, 1, kLongestSide);
  const Value y = on_map(Operator::rearrange, x, shape);
  if (!flaw_) nodes[y.node].rearrangement = how;
  return y;
}

/// Appends a map whose rows are one of the input's axes, its columns another one, and its channels
/// the one that is left.
constexpr Value Graph::transpose(Value x, Axis rows, Axis columns) {
  if (rows == columns) fail(GraphRule::rearrange, static_cast<int>(rows));
  const int sizes[] = {x.shape.height, x.shape.width, x.shape.channels};
  const int first = static_cast<int>(rows), second = static_cast<int>(columns);
  if (flaw_) return unchanged(x.shape);
  return rearrange(x, {Rearrangement::Kind::transpose, first, second},
                   {sizes[first], sizes[second], sizes[3 - first - second]});
}

/// Appends a permutation of blocks of channels: `groups` rows of `blocks` blocks become columns.
constexpr Value Graph::shuffle_blocks(Value x, int groups, int blocks) {
  if (groups < 1 || blocks < 1 || groups > kMostChannels || blocks > kMostChannels ||
      x.shape.channels % (groups * blocks) != 0)
    fail(GraphRule::rearrange, groups);
  return rearrange(x, {Rearrangement::Kind::shuffle, groups, blocks}, x.shape);
}

/// Appends a map that has a row for each pixel of a square of `side` × `side`: in it that pixel of
/// all such squares, in raster order.
constexpr Value Graph::space_to_rows(Value x, int side) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || height % side != 0 || width % side != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::space_to_rows, side, 0},
                   {side * side, height / side * (width / side), channels});
}

/// Appends the opposite: a map with so many columns.
constexpr Value Graph::rows_to_space(Value x, int side, int columns) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || columns < side || height != side * side ||
      columns % side != 0 || width % (columns / side) != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::rows_to_space, side, columns},
                   {width / (columns / side) * side, columns, channels});
}

/// Appends a map in which a square of `side` × `side` pixels shares the channels of one.
constexpr Value Graph::depth_to_space(Value x, int side) {
  const auto [height, width, channels] = x.shape;
  if (side < 1 || side > kLargestStride || channels % (side * side) != 0) {
    fail(GraphRule::rearrange, side);
    return unchanged(x.shape);
  }
  return rearrange(x, {Rearrangement::Kind::depth_to_space, side, 0},
                   {height * side, width * side, channels / (side * side)});
}

/// Appends a transposed convolution whose kernel and stride are `side`: each pixel becomes a square
/// of pixels.
constexpr Value Graph::transposed_conv(Value x, int channels, int side, Conv options, Name name) {
  if (!check_range(GraphRule::stride, side, 1, kLargestStride) ||
      !check_range(GraphRule::channels, channels, 1, kMostChannels))
    return unchanged(x.shape);
  options.kernel = 1;
  options.layout = Layout::transposed;
  const Value y = conv(x, channels * side * side, options, name);
  if (flaw_) return y;
  nodes[y.node].repeats = side * side;
  return depth_to_space(y, side);
}

/// Appends a softmax over blocks of channels: each of the first block with its likes in the others.
/// As many blocks as channels: over all of them.
constexpr Value Graph::softmax(Value x, int blocks) {
  if (blocks < 1 || x.shape.channels % blocks != 0) fail(GraphRule::blocks, blocks);
  const Value y = on_map(Operator::softmax, x, x.shape);
  if (!flaw_) nodes[y.node].groups = blocks;
  return y;
}

/// Appends softmax(q · kᵀ / √d) · v for each row of a map, a sequence whose pixels are tokens, and
/// for each head. Channels are [q, k, v][heads][d].
constexpr Value Graph::attention(Value x, int heads) {
  Shape shape = x.shape;
  shape.channels /= 3;
  if (heads < 1 || heads > kMostChannels || x.shape.channels % (3 * heads) != 0)
    fail(GraphRule::heads, heads);
  const Value y = on_map(Operator::attention, x, shape);
  if (!flaw_) nodes[y.node].groups = heads;
  return y;
}

/// Appends a map of another height and width.
constexpr Value Graph::resize(Value x, Extent size, Resampling resampling) {
  const Shape shape = {size.height, size.width, x.shape.channels};
  check_range(GraphRule::resize, size.height, 1, kLongestSide);
  check_range(GraphRule::resize, size.width, 1, kLongestSide);
  if (shape.pixels() > kMostPixels) fail(GraphRule::resize, shape.pixels());
  const Value y = on_map(Operator::resize, x, shape);
  if (!flaw_) nodes[y.node].resampling = resampling;
  return y;
}

/// Appends -Σ|weight - x| over a kernel, which sees zeros outside of the map.
constexpr Value Graph::l1_conv(Value x, int channels, const Conv& options, Name name) {
  if (options.norm || options.bias || options.groups != 1) {
    fail(GraphRule::groups, options.groups);
    return unchanged(x.shape);
  }
  const Value y = conv(x, channels, options, name);
  if (flaw_) return y;
  Node& node = nodes[y.node];
  node.op = Operator::l1;
  count(node.window == Window{} ? 1 : 0);
  return y;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_MAP_OPERATORS_HPP
