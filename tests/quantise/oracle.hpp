#ifndef PPLCNET_TESTS_QUANTISE_ORACLE_HPP
#define PPLCNET_TESTS_QUANTISE_ORACLE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/plan/quantised_layer.hpp"

// The definition of a network in bytes: plain loops over integers of 64 bits, after the page
// quantise/README.md. It shares no code with the library's arithmetic or kernels.

namespace pplcnet_test {

/// What a layer gives, channels last: bytes, a gate's factors, or sums of which logits are made.
struct OracleOutput {
  std::vector<std::int64_t> values;
  std::vector<float> logits;
};

/// A whole network, computed from its packed bytes.
class ByteOracle {
 public:
  using Integer = std::int64_t;
  using Layer = pplcnet::QuantisedLayer;
  using Kind = pplcnet::Activation::Kind;
  using Operator = pplcnet::Operator;

  ByteOracle(std::span<const Layer> layers, std::span<const std::byte> packed)
      : layers_(layers), packed_(packed) {}

  /// Returns every layer's output for a picture [height][width][3].
  std::vector<OracleOutput> outputs(std::span<const std::uint8_t> picture) const {
    picture_.assign(picture.begin(), picture.end());
    std::vector<OracleOutput> all;
    for (std::size_t i = 0; i < layers_.size(); ++i) all.push_back(output(i, all));
    return all;
  }

 private:
  struct Constants {
    Integer bias, shift, multiplier, three, zero, addend_multiplier, addend_zero;
    float scale;
  };

  // ---- Integers -------------------------------------------------------------------------------

  static Integer clamp(Integer value, Integer low, Integer high) {
    return value < low ? low : value > high ? high : value;
  }
  static Integer sat16(Integer value) { return clamp(value, -32768, 32767); }
  static Integer floor_div(Integer value, Integer divisor) {
    const Integer quotient = value / divisor;
    return quotient * divisor > value ? quotient - 1 : quotient;
  }
  /// a · b / 2^15, to the nearest integer, up where two are.
  static Integer times(Integer a, Integer b) { return floor_div(a * b + 16384, 32768); }
  static Integer byte(Integer value, Integer multiplier, Integer zero) {
    return clamp(sat16(times(value, multiplier) + zero), 0, 255);
  }

  /// 2^15 / (1 + exp(-y / 1024)), straight between every 16th y.
  static Integer sigmoid(Integer y) {
    y = clamp(y, -8192, 8191);
    const auto at = [](Integer place) {
      return static_cast<Integer>(
          std::floor(32768 / (1 + std::exp(-static_cast<long double>(place) / 1024)) + 0.5L));
    };
    const Integer before = floor_div(y, 16) * 16;
    return at(before) + floor_div((at(before + 16) - at(before)) * (y - before), 16);
  }

  // ---- What is packed -------------------------------------------------------------------------

  template <class Value>
  Value read(std::size_t place) const {
    Value value;
    std::memcpy(&value, packed_.subspan(place, sizeof(Value)).data(), sizeof(Value));
    return value;
  }

  static std::size_t rounded_up(int value, int unit) {
    return static_cast<std::size_t>((value + unit - 1) / unit * unit);
  }

  Constants constants(const Layer& layer, int channel) const {
    const std::size_t padded = rounded_up(layer.output.channels, 16);
    const auto c = static_cast<std::size_t>(channel);
    const auto word = [&](std::size_t array) { return layer.constants + 4 * (array * padded + c); };
    const auto half = [&](std::size_t array) {
      return Integer{read<std::int16_t>(layer.constants + 12 * padded + 2 * (array * padded + c))};
    };
    return {.bias = read<std::int32_t>(word(0)),
            .shift = read<std::int32_t>(word(1)),
            .multiplier = half(0),
            .three = half(1),
            .zero = half(2),
            .addend_multiplier = half(3),
            .addend_zero = half(4),
            .scale = read<float>(word(2))};
  }

  /// Weight of an output channel at a kernel's row and column, and one channel of the input.
  Integer weight(const Layer& layer, int out, int row, int column, int in) const {
    const int height = layer.kernel.height, width = layer.kernel.width;
    std::size_t depth, place;
    if (layer.op == Operator::depthwise) {
      depth = rounded_up(height, 4) * static_cast<std::size_t>(width);
      place =
          rounded_up(height, 4) * static_cast<std::size_t>(column) + static_cast<std::size_t>(row);
    } else {
      const std::size_t one_row = rounded_up(layer.input.channels * width, 4);
      depth = one_row * static_cast<std::size_t>(height);
      place = one_row * static_cast<std::size_t>(row) +
              static_cast<std::size_t>(column * layer.input.channels + in);
    }
    const auto panel = static_cast<std::size_t>(out / 16),
               lane = static_cast<std::size_t>(out % 16);
    return read<std::int8_t>(layer.weights + panel * depth * 16 + place / 4 * 64 + lane * 4 +
                             place % 4);
  }

  // ---- Layers ---------------------------------------------------------------------------------

  /// What a layer reads at a pixel, which may lie beside the map: then the channel's zero point.
  Integer read_input(const Layer& layer, const std::vector<OracleOutput>& all, int y, int x,
                     int channel) const {
    const bool inside = y >= 0 && y < layer.input.height && x >= 0 && x < layer.input.width;
    const auto place =
        static_cast<std::size_t>((y * layer.input.width + x) * layer.input.channels + channel);
    if (layer.from < 0)
      return inside ? picture_[place]
                    : static_cast<Integer>(
                          std::nearbyint(read<float>(12 + 4 * static_cast<std::size_t>(channel))));
    const auto from = static_cast<std::size_t>(layer.from);
    return inside ? all[from].values[place] : constants(layers_[from], channel).zero;
  }

  Integer sum(const Layer& layer, const std::vector<OracleOutput>& all, int y, int x,
              int out) const {
    Integer total = 0;
    const bool depthwise = layer.op == Operator::depthwise;
    for (int row = 0; row < layer.kernel.height; ++row)
      for (int column = 0; column < layer.kernel.width; ++column)
        for (int in = depthwise ? out : 0; in < (depthwise ? out + 1 : layer.input.channels); ++in)
          total += weight(layer, out, row, column, in) *
                   read_input(layer, all, y * layer.stride.height + row - layer.padding.top,
                              x * layer.stride.width + column - layer.padding.left, in);
    return total;
  }

  static Integer ended(const Layer& layer, const Constants& channel, Integer sum,
                       const Integer* addend) {
    const Integer u = sat16(floor_div(sum + channel.bias, Integer{1} << channel.shift));
    if (layer.ending == pplcnet::Ending::factors) {
      const Integer y = times(u, channel.multiplier);
      return layer.activation.kind == Kind::sigmoid
                 ? times(sigmoid(y), channel.three)
                 : clamp(sat16(y + channel.zero), 0, channel.three);
    }
    if (addend != nullptr) {
      Integer own = times(u, channel.multiplier);
      if (layer.activation.kind == Kind::relu) own = std::max<Integer>(own, 0);
      const Integer other = times((*addend - channel.addend_zero) * 64, channel.addend_multiplier);
      const Integer both = sat16(sat16(own + other) + 8);
      return clamp(floor_div(both, 16) + channel.zero, 0, 255);
    }
    Integer value = u;
    if (layer.activation.kind == Kind::hardswish)
      value = times(u, clamp(sat16(u + channel.three), 0, 2 * channel.three));
    return byte(value, channel.multiplier, channel.zero);
  }

  static Integer mean(const Constants& channel, Integer sum, Integer pixels) {
    const Integer of_128 = floor_div(128 * sum + pixels / 2, pixels);
    return byte(sat16(of_128 - 128 * channel.addend_zero), channel.multiplier, channel.zero);
  }

  /// Returns what a layer gives at a pixel and a channel.
  Integer value(const Layer& layer, const std::vector<OracleOutput>& all, int y, int x,
                int c) const {
    const Constants channel = constants(layer, c);
    const auto place =
        static_cast<std::size_t>((y * layer.output.width + x) * layer.output.channels + c);
    if (layer.op == Operator::pool) {
      Integer total = 0;
      for (int i = 0; i < layer.input.height; ++i)
        for (int j = 0; j < layer.input.width; ++j) total += read_input(layer, all, i, j, c);
      return mean(channel, total, layer.input.height * layer.input.width);
    }
    if (layer.op == Operator::gate) {
      const Integer map = read_input(layer, all, y, x, c) - channel.addend_zero;
      const auto& factors = all[static_cast<std::size_t>(layer.factors)].values;
      return byte(16 * map, factors[static_cast<std::size_t>(c)], channel.zero);
    }
    const Integer total = sum(layer, all, y, x, c);
    if (layer.ending == pplcnet::Ending::logits) return total + channel.bias;
    const Integer* addend =
        layer.addend < 0 ? nullptr : &all[static_cast<std::size_t>(layer.addend)].values[place];
    return ended(layer, channel, total, addend);
  }

  OracleOutput output(std::size_t index, const std::vector<OracleOutput>& all) const {
    const Layer& layer = layers_[index];
    OracleOutput result;
    if (layer.op == Operator::picture) return result;
    for (int y = 0; y < layer.output.height; ++y)
      for (int x = 0; x < layer.output.width; ++x)
        for (int c = 0; c < layer.output.channels; ++c)
          result.values.push_back(value(layer, all, y, x, c));
    if (layer.ending == pplcnet::Ending::logits)
      for (int c = 0; c < layer.output.channels; ++c)
        result.logits.push_back(static_cast<float>(result.values[static_cast<std::size_t>(c)]) *
                                constants(layer, c).scale);
    return result;
  }

  std::span<const Layer> layers_;
  std::span<const std::byte> packed_;
  mutable std::vector<Integer> picture_;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_QUANTISE_ORACLE_HPP
