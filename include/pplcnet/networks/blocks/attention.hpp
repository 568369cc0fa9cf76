#ifndef PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP
#define PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP

#include <algorithm>
#include <string_view>

#include "pplcnet/graph/graph.hpp"

// Attention of the kind that multiplies a map by what its own values say: functions that append it
// to a map of any network. The names of their tensors are those of light_cnns.

namespace pplcnet::inline PPLCNET_ABI {

/// Appends coordinate attention (arXiv 2103.02907): factors for each row and each column. What is
/// between the means and the factors has the same weights for both, and a `reduction`-th of the
/// channels, at least 8.
constexpr Value coordinate_attention(Graph& g, Value x, Name name, int reduction) {
  const int channels = x.shape.channels, squeezed = std::max(8, channels / reduction);
  Conv squeeze = {.activation = Activation::hardswish, .norm_name = name + ".bn1"};
  squeeze.bias = true;
  const Conv factors = {.activation = Activation::sigmoid, .norm = false, .bias = true};
  const Value rows =
      g.conv(g.reduce(x, Reduction::mean, {Axis::columns}), squeezed, squeeze, name + ".conv1");
  squeeze.weights_of = rows;
  const Value columns =
      g.conv(g.reduce(x, Reduction::mean, {Axis::rows}), squeezed, squeeze, name + ".conv1");
  x = g.multiply(x, g.conv(columns, channels, factors, name + ".conv3"));
  return g.multiply(x, g.conv(rows, channels, factors, name + ".conv2"));
}

constexpr Value coordinate_attention(Graph& g, Value x, Name name) {
  return coordinate_attention(g, x, name, 32);
}

/// Appends efficient channel attention (arXiv 1910.03151): factors for each channel, from the means
/// of its neighbours, of which there are more the more channels there are.
constexpr Value efficient_channel_attention(Graph& g, Value x, Name name) {
  int kernel = 1;  // half the binary logarithm and one half, or the next odd number
  while (1 << (2 * kernel + 1) <= x.shape.channels) ++kernel;
  kernel += kernel % 2 == 0 ? 1 : 0;
  Value line = g.reduce(x, Reduction::mean, {Axis::rows, Axis::columns});
  line = g.transpose(line, Axis::rows, Axis::channels);
  line = g.conv(line, 1,
                {.kernel = {1, kernel},
                 .activation = Activation::sigmoid,
                 .norm = false,
                 .layout = Layout::line},
                name + ".conv");
  return g.multiply(x, g.transpose(line, Axis::rows, Axis::channels));
}

/// Appends shuffle attention (arXiv 2102.00240): of each group of channels the first half times
/// factors for each channel, the other half times factors for each of its values; then a shuffle.
/// All groups have the same parameters.
constexpr Value shuffle_attention(Graph& g, Value x, Name name, int groups) {
  const Affine factors = {
      .activation = Activation::sigmoid, .norm = false, .layout = Layout::pixel, .repeats = groups};
  const int half = x.shape.channels / 2;
  x = g.shuffle_blocks(x, groups, 2);  // the first halves, then the others
  const Value means = g.reduce(g.slice(x, 0, half), Reduction::mean, {Axis::rows, Axis::columns});
  const Value first = g.multiply(g.slice(x, 0, half), g.affine(means, factors, name + ".c"));
  const Value other = g.slice(x, half, half);
  const Value unit = g.instance_norm(other, name + ".gn", groups);
  const Value second = g.multiply(other, g.affine(unit, factors, name + ".s"));
  return g.shuffle(g.shuffle_blocks(g.concat({first, second}), 2, groups), 2);
}

constexpr Value shuffle_attention(Graph& g, Value x, Name name) {
  return shuffle_attention(g, x, name, 8);
}

/// Appends triplet attention (arXiv 2010.03045): the mean of three products, each with factors for
/// two of the axes, from the maxima and means along the third.
constexpr Value triplet_attention(Graph& g, Value x, Name name) {
  const auto gate = [&g, name](Value map, std::string_view conv, std::string_view norm) {
    return g.conv(map, 1,
                  {.kernel = 7, .activation = Activation::sigmoid, .norm_name = name + norm},
                  name + conv);
  };
  const Value channels = g.maximum_and_mean(x, Axis::channels);
  Value sum = g.multiply(x, gate(channels, ".SpatialGate.spatial.conv", ".SpatialGate.spatial.bn"));
  // A map of channels × columns.
  Value rows = g.transpose(g.maximum_and_mean(x, Axis::rows), Axis::channels, Axis::columns);
  rows = gate(rows, ".ChannelGateH.spatial.conv", ".ChannelGateH.spatial.bn");
  sum = g.add(sum, g.multiply(x, g.transpose(rows, Axis::channels, Axis::columns)));
  // A map of rows × channels.
  Value columns = g.transpose(g.maximum_and_mean(x, Axis::columns), Axis::rows, Axis::channels);
  columns = gate(columns, ".ChannelGateW.spatial.conv", ".ChannelGateW.spatial.bn");
  columns = g.multiply(x, g.transpose(columns, Axis::rows, Axis::channels));
  return g.add(sum, columns, Activation::linear_of(1.0F / 3));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_BLOCKS_ATTENTION_HPP
