#ifndef PPLCNET_NETWORKS_WIDTHS_HPP
#define PPLCNET_NETWORKS_WIDTHS_HPP

#include "pplcnet/graph/graph.hpp"

// What the networks of a table have in common: their options, and the rounding of widths.

namespace pplcnet::inline PPLCNET_ABI {

/// Options of a network that comes in several widths.
struct WidthOptions {
  int width = 100;  ///< of all layers but the last, in percent
  Extent input = {224, 224};
  int classes = 1000;
};

/// Names of PaddleClas' newer networks (`legendary_models`) and of its older ones.
inline constexpr TensorNames kPaddleClas = {
    .weights = ".conv", .norm = ".bn", .mean = "._mean", .variance = "._variance"};
inline constexpr TensorNames kOlderPaddleClas = {
    .weights = "._conv", .norm = "._batch_norm", .mean = "._mean", .variance = "._variance"};

/// Returns `channels * percent / 100`, cut to a whole number.
constexpr int cut_width(int channels, int percent) { return channels * percent / 100; }

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_WIDTHS_HPP
