#ifndef PPLCNET_NETWORKS_BLOCKS_INCEPTION_HPP
#define PPLCNET_NETWORKS_BLOCKS_INCEPTION_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

// What the Inception networks have in common: modules whose branches are rows of a table.

namespace pplcnet::inline PPLCNET_ABI {
namespace inception {

/// What a branch of a module reads.
enum class Reads : unsigned char {
  input,    ///< the module's input
  mean,     ///< means of 3×3 pixels of it
  maximum,  ///< maxima of 3×3 pixels of it
  halve,    ///< maxima of 3×3 pixels of it, with a stride of 2
  last,     ///< what the branch before it gives, which it continues
  beside,   ///< what the branch before it reads
};
using enum Reads;

inline constexpr int kVaries = -1;  ///< channels that the network says
inline constexpr Padding kNone = 0;
inline constexpr Pair k1x3 = {1, 3}, k3x1 = {3, 1}, k1x7 = {1, 7}, k7x1 = {7, 1};

/// A convolution with batch norm and ReLU. It keeps the size of a map, or halves it without
/// padding.
struct Unit {
  int channels = 0;
  Pair kernel = 1;
  int stride = 1;
  Padding padding = Conv::kSame;

  constexpr Unit() = default;
  constexpr Unit(int out, Pair size = 1, int step = 1)  // NOLINT(google-explicit-constructor)
      : Unit(out, size, step, step == 1 ? Conv::kSame : kNone) {}
  constexpr Unit(int out, Pair size, int step, Padding around)
      : channels(out), kernel(size), stride(step), padding(around) {}
};

/// A branch of a module: the name of its convolutions inside of the module, in which `#` stands for
/// their number, and the convolutions, of which there may be none.
struct Branch {
  static constexpr int kMostUnits = 5;

  Reads reads;
  std::string_view name = {};
  Unit units[kMostUnits] = {};
};

/// Modules by their name, in which `#` stands for the number among those of the same name.
struct Module {
  std::string_view name;
  std::span<const Branch> branches;
  int varying = 0;  ///< channels of the units in which they vary
  int times = 1;
  int residual_percent = 0;             ///< of which the branches are a residual; 0: they are none
  Activation after = Activation::relu;  ///< of a sum
};

/// What the networks differ in.
struct Style {
  bool count_padding = false;  ///< means at the border are those of nine pixels
  int first_number = 0;        ///< of a branch's convolutions
};

/// Returns a graph without operators, whose tensors and batch norms are those of an Inception.
constexpr Graph network(const WidthOptions& options, std::string_view title) {
  Graph g(options.input, {.weights = ".conv", .norm = ".bn"}, title);
  check_only_width(g, options);
  g.norm_epsilon = 1e-3;
  return g;
}

/// Appends a module: the concat of its branches.
constexpr Value append(Graph& g, Value x, Name name, std::span<const Branch> branches,
                       const Style& style = {}, int varying = 0) {
  const Pool around = {
      .kernel = 3, .stride = 1, .padding = 1, .count_padding = style.count_padding};
  Value parts[Graph::kMaxParts], read = x;
  int count = 0;
  for (const Branch& branch : branches) {
    if (branch.reads == last) read = parts[count - 1];
    if (branch.reads == input) read = x;
    if (branch.reads == mean) read = g.mean_pool(x, around);
    if (branch.reads == maximum) read = g.max_pool(x, around);
    if (branch.reads == halve) read = g.max_pool(x, {.kernel = 3, .stride = 2});
    if (branch.reads != last) ++count;
    Value y = read;
    int number = style.first_number;
    for (const auto& [channels, kernel, stride, padding] : branch.units) {
      if (channels == 0) break;
      y = g.conv(
          y, channels == kVaries ? varying : channels,
          {.kernel = kernel, .stride = stride, .padding = padding, .activation = Activation::relu},
          name.inside(branch.name, number++));
    }
    parts[count - 1] = y;
  }
  return count == 1 ? parts[0] : g.concat(std::span<const Value>(parts, parts + count));
}

/// Appends the modules of a table, each of which is a stage.
constexpr Value append(Graph& g, Value x, std::span<const Module> table, const Style& style = {}) {
  std::string_view previous;
  int number = 0;
  for (const Module& module : table)
    for (int i = 0; i < module.times; ++i) {
      number = module.name == previous ? number + 1 : 0;
      previous = module.name;
      const Name name(module.name, number);
      Value y = append(g, x, name, module.branches, style, module.varying);
      const Conv residual = {
          .norm = false, .bias = true, .output_percent = module.residual_percent};
      if (module.residual_percent > 0)
        y = g.add(x, g.conv(y, x.shape.channels, residual, name + ".conv2d"), module.after);
      x = g.output(y, Role::stage, name);
    }
  return x;
}

/// The layers before the first module of Inception v3 and Inception-ResNet v2, without names.
inline constexpr Branch kStem[] = {{input, "", {{32, 3, 2}}},
                                   {input, "", {{32, 3, 1, kNone}}},
                                   {input, "", {{64, 3}}},
                                   {halve},
                                   {input, "", {{80}}},
                                   {input, "", {{192, 3, 1, kNone}}},
                                   {halve}};

/// Appends them; each is a stage.
constexpr Value append_stem(Graph& g, const std::string_view (&names)[std::size(kStem)]) {
  Value x = g.image();
  for (std::size_t i = 0; i < std::size(kStem); ++i)
    x = g.output(append(g, x, names[i], std::span(kStem).subspan(i, 1)), Role::stage, names[i]);
  return x;
}

}  // namespace inception
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_INCEPTION_HPP
