#ifndef PPLCNET_NETWORKS_INCEPTION_HPP
#define PPLCNET_NETWORKS_INCEPTION_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

// What the Inception networks have in common: modules whose branches are rows of a table.

namespace pplcnet::inline PPLCNET_ABI {
namespace inception {

/// What a unit of a module is computed from.
enum class Reads : unsigned char {
  input,    ///< the module's input: a branch begins
  mean,     ///< means of 3×3 pixels of it: a branch begins
  maximum,  ///< maxima of 3×3 pixels of it: a branch begins
  last,     ///< what the unit before it gives
  beside,   ///< what the unit before it reads: a branch becomes two
  halve,    ///< no convolution, but maxima of 3×3 pixels of the input, with a stride of 2
};
using enum Reads;

inline constexpr int kVaries = -1;  ///< channels that the network says
inline constexpr Padding kNone = 0;
inline constexpr Pair k1x3 = {1, 3}, k3x1 = {3, 1}, k1x7 = {1, 7}, k7x1 = {7, 1};

/// A convolution with batch norm and ReLU, by its name inside the module. It keeps the size of a
/// map, or halves it without padding.
struct Unit {
  Reads reads;
  std::string_view name = {};
  int channels = 0;
  Pair kernel = 1;
  int stride = 1;
  Padding padding = stride == 1 ? Conv::kSame : kNone;
};

/// A module by its name, and how many its varying channels are.
struct Module {
  std::string_view name;
  std::span<const Unit> units;
  int varying = 0;
};

/// Returns a graph without operators, whose tensors and batch norms are those of an Inception.
constexpr Graph network(const WidthOptions& options, std::string_view title) {
  Graph g(options.input, {.weights = ".conv", .norm = ".bn"}, title);
  check_only_width(g, options);
  g.norm_epsilon = 1e-3;
  return g;
}

/// Appends a module: the concat of its branches. Means at the border are those of nine pixels with
/// `count_padding`, otherwise of those that are there.
constexpr Value append(Graph& g, Value x, Name name, std::span<const Unit> units,
                       bool count_padding, int varying = 0) {
  const Pool around = {.kernel = 3, .stride = 1, .padding = 1, .count_padding = count_padding};
  Value parts[Graph::kMaxParts], read = x;
  int count = 0;
  for (const Unit& unit : units) {
    if (unit.reads == last) read = parts[count - 1];
    if (unit.reads == input) read = x;
    if (unit.reads == mean) read = g.mean_pool(x, around);
    if (unit.reads == maximum) read = g.max_pool(x, around);
    if (unit.reads != last) ++count;
    const int channels = unit.channels == kVaries ? varying : unit.channels;
    parts[count - 1] = unit.reads == halve ? g.max_pool(x, {.kernel = 3, .stride = 2})
                                           : g.conv(read, channels,
                                                    {.kernel = unit.kernel,
                                                     .stride = unit.stride,
                                                     .padding = unit.padding,
                                                     .activation = Activation::relu},
                                                    name + unit.name);
  }
  return count == 1 ? parts[0] : g.concat(std::span<const Value>(parts, parts + count));
}

/// The layers before the first module of Inception v3 and Inception-ResNet v2, without names.
inline constexpr Unit kStem[] = {{input, "", 32, 3, 2},
                                 {input, "", 32, 3, 1, kNone},
                                 {input, "", 64, 3},
                                 {halve},
                                 {input, "", 80},
                                 {input, "", 192, 3, 1, kNone},
                                 {halve}};

/// Appends them; each is a stage.
constexpr Value append_stem(Graph& g, const std::string_view (&names)[std::size(kStem)]) {
  Value x = g.image();
  for (std::size_t i = 0; i < std::size(kStem); ++i)
    x = g.output(append(g, x, names[i], std::span(kStem).subspan(i, 1), false), Role::stage,
                 names[i]);
  return x;
}

}  // namespace inception
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_HPP
