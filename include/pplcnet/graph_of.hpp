#ifndef PPLCNET_GRAPH_OF_HPP
#define PPLCNET_GRAPH_OF_HPP

#include "pplcnet/architecture.hpp"
#include "pplcnet/graph/graph.hpp"

// The networks that share the name PP-LCNet, from their tables.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns how a convolution is trained and kept: with a batch norm, or as branches that become a
/// bias.
constexpr Conv with_branches(Branches branches, Tag tag) {
  tag.branches = branches;
  return {.norm = branches == Branches::none, .bias = branches != Branches::none, .tag = tag};
}

/// V4's stem: the first map goes two ways, which lie side by side after them.
constexpr Value add_branches(Graph& graph, const Architecture& net, Conv conv, Value first) {
  const int middle = net.stem_middle;
  const Value pool = graph.max_pool(first, {.kernel = 2, .stride = 1, .padding = Padding::same(2)},
                                    {Part::stem_pool, 1});
  conv.kernel = 2;
  conv.tag.index = 1;
  Value x = graph.conv(first, middle / 2, conv);
  conv.tag.index = 2;
  x = graph.conv(x, middle, conv);
  x = graph.concat({pool, x});
  conv.kernel = 3;
  conv.stride = 2;
  conv.tag.index = 3;
  x = graph.conv(x, middle, conv);
  conv.kernel = conv.stride = 1;
  conv.tag.index = 4;
  return graph.conv(x, net.stem_channels, conv);
}

constexpr Value add_stem(Graph& graph, const Architecture& net) {
  const bool alone = net.stem == Stem::convolution;
  Conv conv = with_branches(alone ? Branches::none : Branches::batch_norm, {Part::stem, 1});
  conv.norm = conv.norm && net.stem_batch_norm;
  conv.activation = net.stem_activation;
  conv.kernel = 3;
  Conv first = conv;
  first.stride = net.stem_stride;
  const Value x = graph.conv(graph.image(), alone ? net.stem_channels : net.stem_middle, first);
  if (alone) return x;
  if (net.stem == Stem::branches) return add_branches(graph, net, conv, x);
  conv.tag.index = 1;
  conv.activation = Activation::none;
  conv.stride = 2;
  return graph.conv(x, net.stem_channels, conv);
}

constexpr Value add_squeeze_excite(Graph& graph, const Architecture& net, Value x, Tag tag) {
  const int channels = x.shape.channels;
  int squeezed = channels / 4;
  if (net.squeeze_divisor > 1) squeezed = scaled(squeezed, Scale::x1_0, net.squeeze_divisor);
  const auto part = [&](Part what) {
    Tag there = tag;
    there.part = what;
    return there;
  };
  const Layout layout = Layout::convolution;
  Value factors = graph.global_mean(x, part(Part::squeeze_pool));
  factors = graph.dense(
      factors, squeezed,
      {.activation = Activation::relu, .layout = layout, .tag = part(Part::squeeze_reduce)});
  factors =
      graph.dense(factors, channels,
                  {.activation = net.gate, .layout = layout, .tag = part(Part::squeeze_expand)});
  return graph.gate(x, factors, Activation::none, part(Part::squeeze_gate));
}

/// Returns how the depthwise layer of a block is trained.
constexpr Branches depthwise_branches(const Architecture& net, const Block& block) {
  switch (net.family) {
    case Family::v1:
      break;
    case Family::v2:  // stages of 5×5 kernels
      return block.kernel > 3 ? Branches::v2 : Branches::none;
    case Family::v3:
      return Branches::v3;
    case Family::v4:
      return block.shortcut != Shortcut::none ? Branches::v4 : Branches::batch_norm;
    case Family::other:
      break;
  }
  return Branches::none;
}

constexpr Value add_block(Graph& graph, const Architecture& net, int ordinal, int index,
                          Value input) {
  const Block& block = net.blocks[ordinal];
  const Tag tag = {.part = Part::depthwise, .stage = block.stage, .index = index, .block = ordinal};
  Conv depthwise = with_branches(depthwise_branches(net, block), tag);
  depthwise.activation = block.linear_depthwise ? Activation::none : net.activation;
  depthwise.tag.affine = net.affine && !block.linear_depthwise;
  depthwise.kernel = block.kernel;
  depthwise.stride = block.stride;
  depthwise.dilation = block.dilation;
  const Value spread = graph.depthwise(input, depthwise);
  const Value mixed = block.squeeze_excite ? add_squeeze_excite(graph, net, spread, tag) : spread;

  Conv pointwise = with_branches(net.family == Family::v3   ? Branches::v3
                                 : net.family == Family::v4 ? Branches::batch_norm
                                                            : Branches::none,
                                 tag);
  pointwise.activation = net.activation;
  pointwise.tag.affine = net.affine;
  Value x = mixed;
  if (block.expansion > 0) {
    pointwise.tag.part = Part::expansion;
    x = graph.conv(x, block.expansion, pointwise);
  }
  pointwise.tag.part = Part::pointwise;
  if (block.linear_pointwise) pointwise.activation = Activation::none;
  x = graph.conv(x, block.out, pointwise);
  if (block.shortcut == Shortcut::input) x = graph.add(input, x);
  if (block.shortcut == Shortcut::depthwise) x = graph.add(mixed, x);
  return x;
}

/// Appends the blocks and, after each stage, its head, where it has one. A map that is a result is
/// the stage's or its head's.
constexpr Value add_blocks(Graph& graph, const Architecture& net, Value x) {
  const bool maps = net.ending == Ending::maps;
  bool has_heads = false;
  for (const int width : net.stage_heads) has_heads = has_heads || width > 0;
  int heads = 0;
  int stage = 0, index = 0;
  for (int i = 0; i < net.block_count; ++i, ++index) {
    x = add_block(graph, net, i, index, x);
    if (i + 1 < net.block_count && net.blocks[i + 1].stage == net.blocks[i].stage) continue;
    index = -1;
    graph.output(x, Role::stage);
    if (maps && !has_heads) graph.output(x);
    if (const int width = net.stage_heads[stage++]; width > 0) {
      const Tag tag = {Part::stage_head, net.blocks[i].stage, heads++};
      graph.output(graph.conv(x, width, {.norm = false, .bias = true, .tag = tag}));
    }
  }
  return x;
}

/// Appends pool, embedding, classes.
constexpr void add_classifier(Graph& graph, const Architecture& net, Value x) {
  x = graph.global_mean(x, {Part::pool});
  const int keep = 100 - net.dropout_percent;
  if (net.head > 0)
    x = graph.dense(x, net.head,
                    {.activation = net.head_activation ? net.activation : Activation::none,
                     .norm = net.neck,
                     .bias = net.head_bias,
                     .layout = Layout::convolution,
                     .tag = {.part = Part::head, .output_percent = net.neck ? keep : 100}});
  if (net.classes > 0)
    x = graph.dense(x, net.classes, {.tag = {.part = Part::classifier, .input_percent = keep}});
  graph.output(x);
}

}  // namespace planning

/// Returns the graph of an architecture in which `find_flaw` finds nothing.
constexpr Graph graph_of(const Architecture& net) {
  Graph graph(net.input);
  const Value stem = planning::add_stem(graph, net);
  const Value last = planning::add_blocks(graph, net, stem);
  if (net.ending == Ending::classifier) planning::add_classifier(graph, net, last);
  if (net.ending == Ending::columns)
    graph.output(graph.mean_pool(last, {.kernel = {3, 2}, .stride = {3, 2}}, {Part::columns}));
  return graph;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_OF_HPP
