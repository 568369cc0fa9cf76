#ifndef PPLCNET_TESTS_MAP_OPERATORS_HPP
#define PPLCNET_TESTS_MAP_OPERATORS_HPP

#include "pplcnet/graph/graph.hpp"

namespace pplcnet_test {

/// A small network that has every operator that takes a map as a whole, PReLU, distances and shared
/// weights, with channels that do not suit vectors.
constexpr pplcnet::Graph map_operators() {
  using pplcnet::Activation;
  using pplcnet::Axis;
  using pplcnet::Reduction;
  using pplcnet::Resampling;
  using pplcnet::Value;
  pplcnet::Graph g({36, 52}, {.norm = ".bn", .slopes = ".act"});
  Value x = g.conv(g.image(), 20, {.kernel = 3, .stride = 2, .activation = Activation::prelu}, "a");
  x = g.affine(x, {.activation = Activation::prelu}, "b");
  const Value rows = g.reduce(x, Reduction::mean, {Axis::columns});
  const Value columns = g.reduce(x, Reduction::maximum, {Axis::rows});
  const Value row_gate = g.conv(rows, 20, {.activation = Activation::sigmoid}, "gate");
  x = g.multiply(x, row_gate);
  x = g.multiply(x,
                 g.conv(columns, 20, {.activation = Activation::sigmoid, .weights_of = row_gate}),
                 Activation::linear_of(0.5F, 0.25F));
  x = g.multiply(x, g.reduce(x, Reduction::variance, {Axis::channels}), Activation::silu);
  x = g.multiply(x, g.slice(g.maximum_and_mean(x, Axis::channels), 1, 1));
  const Value turned = g.transpose(x, Axis::channels, Axis::rows);
  const Value c = g.conv(turned, 26, {.kernel = {1, 3}, .activation = Activation::relu}, "c");
  x = g.add(x, g.transpose(c, Axis::columns, Axis::channels));
  x = g.instance_norm(g.shuffle_blocks(x, 2, 5), "d", 4);
  const Value shares = g.softmax(g.reduce(x, Reduction::mean, {Axis::rows, Axis::columns}), 2);
  x = g.multiply(x, g.softmax(g.multiply(shares, shares), 20));
  Value tokens = g.layer_norm(g.space_to_rows(x, 2), "e");
  tokens = g.attention(g.conv(tokens, 90, {.norm = false}, "f"), 2);
  x = g.concat({g.rows_to_space(tokens, 2, 26), x});
  x = g.l1_conv(x, 21, {.kernel = 3, .stride = 2, .norm = false}, "g");
  x = g.affine(x, {.activation = Activation::relu6, .layout = pplcnet::Layout::vector}, "h");
  x = g.transposed_conv(x, 12, 2, {.activation = Activation::hardswish}, "i");
  x = g.concat(
      {g.resize(x, {36, 52}, Resampling::nearest), g.resize(x, {36, 52}, Resampling::bilinear)});
  x = g.resize(g.resize(x, {27, 61}, Resampling::nearest), {20, 33}, Resampling::bilinear);
  g.output(g.dense(g.global_mean(x), 7, {}, "classes"));
  return g;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_MAP_OPERATORS_HPP
