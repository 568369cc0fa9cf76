#ifndef PPLCNET_TESTS_TRAIN_GRAPHS_HPP
#define PPLCNET_TESTS_TRAIN_GRAPHS_HPP

#include "pplcnet/graph/graph.hpp"

namespace pplcnet_test {

/// Identity, a kernel, 1×1, a batch norm after their sum, scales and shifts.
constexpr pplcnet::TrainingForm many_branches(const pplcnet::Window& window, bool same_channels) {
  pplcnet::TrainingForm form = {
      .norm = ".after", .deployed = ".deployed", .affine = ".lab", .last_affine = ".act"};
  if (same_channels) form.add({.norm = ".identity", .identity = true});
  form.add({window.kernel.height, ".conv", ".bn"});
  form.add({1, ".conv1"});
  return form;
}

/// A network of everything that can be trained.
constexpr pplcnet::Graph everything() {
  using pplcnet::Activation;
  using pplcnet::Graph;
  using pplcnet::Role;
  using pplcnet::Value;
  Graph g({23, 17}, {.norm = ".bn"}, "everything");
  Value x =
      g.conv(g.image(), 12, {.kernel = 3, .stride = 2, .activation = Activation::gelu}, "stem");
  x = g.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  const Value a = g.conv(x, 12, {.kernel = 3, .groups = 3}, "groups");
  const Value b = g.slice(x, 2, 4, 2);
  x = g.concat(
      {a, g.conv(b, 4, {.activation = Activation::silu, .norm = false, .bias = true}, "b")});
  x = g.output(g.shuffle(x, 4), Role::stage);
  const Value y = g.depthwise(x,
                              {.kernel = 3,
                               .activation = Activation::hardswish,
                               .norm = false,
                               .bias = true,
                               .training = many_branches,
                               .affine = true},
                              "branches");
  x = g.add(x, g.add(y, y), Activation::relu);
  x = g.mean_pool(x, {});
  x = g.affine(x, {.activation = Activation::relu6, .norm_name = "norm"}, "norm");
  g.output(g.max_pool(x, {}), Role::stage);
  const Value factors = g.dense(g.global_mean(x), 16, {.activation = Activation::sigmoid}, "gate");
  x = g.global_mean(g.gate(x, factors, Activation::hardswish));
  x = g.dense(x, 20, {.activation = Activation::relu, .norm = true, .norm_name = "head_norm"},
              "head");
  g.output(g.dense(x, 5, {.input_percent = 80}, "fc"));
  return g;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_TRAIN_GRAPHS_HPP
