#ifndef PPLCNET_NETWORKS_WIDTHS_HPP
#define PPLCNET_NETWORKS_WIDTHS_HPP

#include "pplcnet/graph/graph.hpp"

// What the networks of a table have in common: their options, and the rounding of widths. A network
// has a function for each library that publishes it: structures differ, and so do names of tensors.

namespace pplcnet::inline PPLCNET_ABI {

/// Options of a network that comes in several widths.
struct WidthOptions {
  int width = 100;  ///< of all layers but the last, in percent; one that the network comes in
  Extent input = {224, 224};
  int classes = 1000;
};

/// Names of PaddleClas' newer networks (`legendary_models`) and of its older ones.
inline constexpr TensorNames kPaddleClas = {
    .weights = ".conv", .norm = ".bn", .mean = "._mean", .variance = "._variance"};
inline constexpr TensorNames kOlderPaddleClas = {
    .weights = "._conv", .norm = "._batch_norm", .mean = "._mean", .variance = "._variance"};

/// Returns the width of a network that comes in all from `least` to `most` percent. Any other is a
/// flaw of the graph, which then has the width 100.
constexpr int checked_width(Graph& g, const WidthOptions& options, int least = 1, int most = 1000) {
  if (options.width >= least && options.width <= most) return options.width;
  g.fail(GraphRule::width, options.width);
  return 100;
}
/// Checks the same for a network that comes in one width.
constexpr void check_only_width(Graph& g, const WidthOptions& options) {
  checked_width(g, options, 100, 100);
}

/// Returns `channels * percent / 100`, cut to a whole number.
constexpr int cut_width(int channels, int percent) { return channels * percent / 100; }

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_WIDTHS_HPP
