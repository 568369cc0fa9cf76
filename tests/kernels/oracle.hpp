#ifndef PPLCNET_TESTS_KERNELS_ORACLE_HPP
#define PPLCNET_TESTS_KERNELS_ORACLE_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/fold.hpp"

namespace pplcnet_test {

using pplcnet::Activation;
using pplcnet::Layer;
using pplcnet::Operator;

/// A map in double precision, [channels][pixels].
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Matrix matrix(const std::vector<float>& values, Eigen::Index rows) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto size = static_cast<Eigen::Index>(values.size());
  return Eigen::Map<const Floats>(values.data(), rows, size / rows).cast<double>();
}

inline double activated(Activation activation, double x) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return x;
    case Kind::relu:
      return std::max(x, 0.0);
    case Kind::relu6:
      return std::clamp(x, 0.0, 6.0);
    case Kind::hardswish:
      return x * std::clamp(x + 3, 0.0, 6.0) / 6;
    case Kind::hardsigmoid:
      return std::clamp(x * double{activation.slope} + double{activation.offset}, 0.0, 1.0);
    case Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::gelu:
      return x * std::erfc(-x / std::numbers::sqrt2) / 2;
    case Kind::silu:
      return x / (1 + std::exp(-x));
  }
  return x;
}

/// What tap (row, column) of a kernel sees: for each output pixel an input pixel, or zeros.
inline Matrix seen(const Layer& layer, const Matrix& input, int row, int column) {
  const pplcnet::Shape &in = layer.input, &out = layer.output;
  Matrix pixels = Matrix::Zero(in.channels, out.pixels());
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const int from_y = y * layer.stride.height + row * layer.dilation.height - layer.padding.top;
      const int from_x =
          x * layer.stride.width + column * layer.dilation.width - layer.padding.left;
      if (from_y >= 0 && from_y < in.height && from_x >= 0 && from_x < in.width)
        pixels.col(y * out.width + x) = input.col(from_y * in.width + from_x);
    }
  }
  return pixels;
}

/// Any layer with weights: a sum over taps. A pointwise layer after patches has a kernel, too: its
/// taps are groups of channels.
inline Matrix weighted(const Layer& layer, const pplcnet::Parameters& parameters,
                       const Matrix& input) {
  const int channels = layer.output.channels, taps = layer.kernel.height * layer.kernel.width;
  const Eigen::Index group = layer.input.channels / taps;
  const Matrix weights = matrix(parameters.weight, channels);
  Matrix sum = matrix(parameters.bias, channels).replicate(1, layer.output.pixels());
  for (int tap = 0; tap < taps; ++tap) {
    const Matrix weight = weights(Eigen::all, Eigen::seq(tap, Eigen::last, taps));
    if (layer.op == Operator::pointwise) {
      sum += weight * input.middleRows(tap * group, group);
      continue;
    }
    const Matrix pixels = seen(layer, input, tap / layer.kernel.width, tap % layer.kernel.width);
    if (layer.op == Operator::depthwise)
      sum += weight.col(0).asDiagonal() * pixels;
    else
      sum += weight * pixels;
  }
  return sum.unaryExpr([&](double x) {
    const double y = activated(layer.activation, x);
    return layer.affine ? y * parameters.affine[0] + parameters.affine[1] : y;
  });
}

/// A pixel and its neighbours, tap by tap.
inline Matrix patches(const Layer& layer, const Matrix& input) {
  Matrix all(layer.output.channels, layer.output.pixels());
  for (int tap = 0; tap < layer.kernel.height * layer.kernel.width; ++tap)
    all.middleRows(tap * input.rows(), input.rows()) =
        seen(layer, input, tap / layer.kernel.width, tap % layer.kernel.width);
  return all;
}

/// A maximum or a mean of each window; what is outside of the map does not count, unless a mean is
/// divided by all of the window that lies inside of the padding.
inline Matrix windows(const Layer& layer, const Matrix& input) {
  const bool maximum = layer.op == Operator::max_pool;
  const pplcnet::Padding& padding = layer.padding;
  Matrix all(layer.output.channels, layer.output.pixels());
  for (int y = 0; y < layer.output.height; ++y)
    for (int x = 0; x < layer.output.width; ++x) {
      std::vector<Eigen::Index> pixels;
      int counted = 0;
      for (int i = 0; i < layer.kernel.height; ++i)
        for (int j = 0; j < layer.kernel.width; ++j) {
          const int row = y * layer.stride.height - padding.top + i;
          const int column = x * layer.stride.width - padding.left + j;
          if (row >= layer.input.height + padding.bottom ||
              column >= layer.input.width + padding.right)
            continue;
          ++counted;
          if (row >= 0 && row < layer.input.height && column >= 0 && column < layer.input.width)
            pixels.push_back(row * layer.input.width + column);
        }
      const Matrix window = input(Eigen::all, pixels);
      const double divisor = layer.count_padding ? counted : static_cast<double>(pixels.size());
      all.col(y * layer.output.width + x) =
          maximum ? Matrix(window.rowwise().maxCoeff()) : Matrix(window.rowwise().sum() / divisor);
    }
  return all;
}

/// What a layer should make of its input; `factors` is the vector that a gate multiplies with,
/// `addend` what is added (or nothing).
inline Matrix expected_output(const Layer& layer, const pplcnet::Parameters& parameters,
                              const Matrix& input, const Matrix& factors, const Matrix& addend) {
  const auto apply = [](const Matrix& x, Activation activation) {
    return Matrix(x.unaryExpr([&](double value) { return activated(activation, value); }));
  };
  switch (layer.op) {
    case Operator::pool:
      return input.rowwise().mean();
    case Operator::gate:
      return apply(factors.col(0).asDiagonal() * input, layer.activation);
    case Operator::patches:
      return patches(layer, input);
    case Operator::max_pool:
    case Operator::average_pool:
      return windows(layer, input);
    case Operator::copy:
    case Operator::picture:
      return input;
    case Operator::add:
      return apply(input + addend, layer.last_activation);
    default:
      break;
  }
  const Matrix sum = weighted(layer, parameters, input);
  return apply(addend.size() > 0 ? Matrix(sum + addend) : sum, layer.last_activation);
}

/// The channels that a layer reads of a map, which several layers may have written: `channels` from
/// `channel` of the output of layer `from` on, every `step`-th one.
inline Matrix read_map(std::span<const Layer> layers, const std::vector<Matrix>& outputs, int from,
                       int channel, int channels, int step) {
  const auto at = [&](int i) -> const Layer& { return layers[static_cast<std::size_t>(i)]; };
  const Layer& writer = at(from);
  Matrix map =
      Matrix::Zero(at(writer.owner).map_channels, outputs[static_cast<std::size_t>(from)].cols());
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (layers[i].owner == writer.owner)
      for (Eigen::Index row = 0; row < outputs[i].rows(); ++row)
        map.row(layers[i].owner_channel + row * layers[i].write_step) = outputs[i].row(row);
  // Its own output, which a gate may have changed since.
  for (Eigen::Index row = 0; row < writer.output.channels; ++row)
    map.row(writer.owner_channel + row * writer.write_step) =
        outputs[static_cast<std::size_t>(from)].row(row);
  return map(Eigen::seqN(writer.owner_channel + channel, channels, step), Eigen::all);
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_ORACLE_HPP
