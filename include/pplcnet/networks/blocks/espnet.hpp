#ifndef PPLCNET_NETWORKS_BLOCKS_ESPNET_HPP
#define PPLCNET_NETWORKS_BLOCKS_ESPNET_HPP

#include <array>
#include <cstddef>
#include <string_view>

#include "pplcnet/graph/graph.hpp"

// What both generations of ESPNet in light_cnns have in common, and the blocks of each.

namespace pplcnet::inline PPLCNET_ABI {
namespace espnet {

inline constexpr TensorNames kNames = {.weights = ".conv", .norm = ".bn", .slopes = ".act"};
inline constexpr Activation kPrelu = Activation::prelu;
/// A smaller picture, or the shortcut of a block of half the size.
inline constexpr Pool kHalve = {.kernel = 3, .stride = 2, .padding = 1, .count_padding = true};

/// Appends a batch norm that has an epsilon of its own.
constexpr Value norm(Graph& g, Value x, const Affine& options, Name name) {
  g.norm_epsilon = 1e-3;
  x = g.affine(x, options, name);
  g.norm_epsilon = kBatchNormEpsilon;
  return x;
}

/// Appends convolutions of one map, each more dilated than the one before it, whose sums are side
/// by side.
constexpr Value pyramid(Graph& g, Value x, int out, Name block) {
  constexpr std::string_view kModules[] = {".d1.conv", ".d2.conv", ".d4.conv", ".d8.conv",
                                           ".d16.conv"};
  const int fifth = out / 5;
  Value parts[5];
  for (int i = 0; i < 5; ++i) {
    parts[i] = g.conv(x, i == 0 ? out - 4 * fifth : fifth,
                      {.kernel = 3, .dilation = 1 << i, .norm = false}, block + kModules[i]);
    if (i > 1) parts[i] = g.add(parts[i - 1], parts[i]);
  }
  return g.concat(parts);
}

/// Appends a pyramid of the input with fewer channels; with its residual, or not.
constexpr Value esp(Graph& g, Value x, int out, bool residual, Name block) {
  Value y = g.conv(x, out / 5, {.norm = false}, block + ".c1.conv");
  y = pyramid(g, y, out, block);
  if (residual) y = g.add(x, y);
  return g.affine(y, {.activation = kPrelu}, block + ".bn");
}

/// A level of the first generation: its first map, and its last.
struct Level {
  Value first, last;
};

/// Appends a level: a pyramid of half the size, and `units` with residuals, all of them stages.
constexpr Level level(Graph& g, Value x, int out, int units, int number) {
  const Name name("encoder.level#_0", number);
  x = g.conv(x, out / 5, {.kernel = 3, .stride = 2, .norm = false}, name + ".c1.conv");
  x = norm(g, pyramid(g, x, out, name), {.activation = kPrelu}, name);
  Level result = {x, g.output(x, Role::stage, name)};
  for (int i = 0; i < units; ++i) {
    const Name unit("encoder.level#.#", number, i);
    result.last = g.output(esp(g, result.last, out, true, unit), Role::stage, unit);
  }
  return result;
}

/// Appends a unit of the second generation: depthwise layers of one map, whose sums are side by
/// side, between two layers with 4 groups.
constexpr Value eesp(Graph& g, Value x, int out, int stride, const std::array<int, 4>& dilations,
                     Name block) {
  const Value input = g.conv(x, out / 4, {.groups = 4, .activation = kPrelu}, block + ".proj_1x1");
  Value parts[4];
  for (int i = 0; i < 4; ++i) {
    const int dilation = dilations[static_cast<std::size_t>(i)];
    parts[i] =
        g.depthwise(input, {.kernel = 3, .stride = stride, .dilation = dilation, .norm = false},
                    block.inside(".spp_dw.#.conv", i));
    if (i > 0) parts[i] = g.add(parts[i - 1], parts[i]);
  }
  Value y = g.affine(g.concat(parts), {.activation = kPrelu}, block + ".br_after_cat");
  y = g.conv(y, out, {.groups = 4}, block + ".conv_1x1_exp");
  if (stride > 1) return y;
  return g.activate(g.add(x, y), kPrelu, block + ".module_act");
}

}  // namespace espnet
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_ESPNET_HPP
