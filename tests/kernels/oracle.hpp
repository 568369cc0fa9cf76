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
    case Kind::linear:
      return x * double{activation.slope} + double{activation.offset};
    case Kind::root:
      return std::sqrt(std::max(x + double{activation.offset}, 0.0));
    case Kind::prelu:
      break;  // see weighted
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

/// Any layer with weights: a sum over taps.
inline Matrix weighted(const Layer& layer, const pplcnet::Parameters& parameters,
                       const Matrix& input) {
  const int channels = layer.output.channels, taps = layer.kernel.height * layer.kernel.width;
  const Matrix weights = matrix(parameters.weight, channels);
  Matrix sum = matrix(parameters.bias, channels).replicate(1, layer.output.pixels());
  for (int tap = 0; tap < taps; ++tap) {
    const Matrix weight = weights(Eigen::all, Eigen::seq(tap, Eigen::last, taps));
    const Matrix pixels = seen(layer, input, tap / layer.kernel.width, tap % layer.kernel.width);
    if (layer.op == Operator::l1) {
      for (Eigen::Index k = 0; k < pixels.rows(); ++k)
        for (Eigen::Index c = 0; c < channels; ++c)
          sum.row(c).array() -= (pixels.row(k).array() - weight(c, k)).abs();
      continue;
    }
    if (layer.op == Operator::depthwise)
      sum += weight.col(0).asDiagonal() * pixels;
    else
      sum += weight * pixels;
  }
  if (layer.has_slopes())
    for (Eigen::Index c = 0; c < sum.rows(); ++c)
      for (double& x : sum.row(c))
        x = x > 0 ? x : x * double{parameters.slopes[static_cast<std::size_t>(c)]};
  return sum.unaryExpr([&](double x) {
    const double y = activated(layer.activation, x);
    return layer.affine ? y * parameters.affine[0] + parameters.affine[1] : y;
  });
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

/// Means, maxima or variances of all values that one of the output stands for.
inline Matrix reduced(const Layer& layer, const Matrix& input) {
  if (layer.reduction == pplcnet::Reduction::maximum_and_mean) {
    Layer one = layer;
    (layer.groups == 0   ? one.output.height
     : layer.groups == 1 ? one.output.width
                         : one.output.channels) = 1;
    one.reduction = pplcnet::Reduction::maximum;
    const Matrix maximum = reduced(one, input);
    one.reduction = pplcnet::Reduction::mean;
    const Matrix mean = reduced(one, input);
    Matrix both(layer.output.channels, layer.output.pixels());
    if (layer.groups == 1)
      for (Eigen::Index y = 0; y < maximum.cols(); ++y) {
        both.col(2 * y) = maximum.col(y);
        both.col(2 * y + 1) = mean.col(y);
      }
    else  // beside each other, or below
      both << maximum, mean;
    return both;
  }
  const pplcnet::Shape &in = layer.input, &out = layer.output;
  std::vector<std::vector<double>> values(static_cast<std::size_t>(out.size()));
  for (int c = 0; c < in.channels; ++c)
    for (int y = 0; y < in.height; ++y)
      for (int x = 0; x < in.width; ++x) {
        const int channel = std::min(c, out.channels - 1), row = std::min(y, out.height - 1);
        const int column = std::min(x, out.width - 1);
        values[static_cast<std::size_t>((channel * out.height + row) * out.width + column)]
            .push_back(input(c, y * in.width + x));
      }
  Matrix result(out.channels, out.pixels());
  for (Eigen::Index i = 0; i < result.size(); ++i) {
    const auto& all = values[static_cast<std::size_t>(i)];
    const Eigen::Map<const Eigen::ArrayXd> array(all.data(), static_cast<Eigen::Index>(all.size()));
    result.data()[i] = layer.reduction == pplcnet::Reduction::maximum ? array.maxCoeff()
                       : layer.reduction == pplcnet::Reduction::mean
                           ? array.mean()
                           : (array - array.mean()).square().mean();
  }
  return result;
}

/// A map times factors that are repeated along axes.
inline Matrix multiplied(const Layer& layer, const Matrix& input, const Matrix& factors) {
  const pplcnet::Shape &out = layer.output, &shape = layer.factor_shape;
  Matrix result = input;
  for (int c = 0; c < out.channels; ++c)
    for (int y = 0; y < out.height; ++y)
      for (int x = 0; x < out.width; ++x)
        result(c, y * out.width + x) *=
            factors(std::min(c, shape.channels - 1),
                    std::min(y, shape.height - 1) * shape.width + std::min(x, shape.width - 1));
  return result;
}

/// Rows of values with mean 0 and variance 1, then a scale and a shift for each channel.
inline Matrix normalised(const Layer& layer, const pplcnet::Parameters& parameters,
                         const Matrix& input) {
  Matrix values = layer.groups == 1 ? Matrix(input.transpose()) : input;
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    const double mean = values.row(i).mean();
    const double variance = (values.row(i).array() - mean).square().mean();
    values.row(i) = (values.row(i).array() - mean) / std::sqrt(variance + layer.norm_epsilon);
  }
  if (layer.groups == 1) values.transposeInPlace();
  for (Eigen::Index c = 0; c < values.rows(); ++c)
    values.row(c) = values.row(c).array() * double{parameters.weight[static_cast<std::size_t>(c)]} +
                    double{parameters.bias[static_cast<std::size_t>(c)]};
  return values;
}

/// Each number by the definition of its new place.
inline Matrix rearranged(const Layer& layer, const Matrix& input) {
  using Kind = pplcnet::Rearrangement::Kind;
  const pplcnet::Shape &in = layer.input, &out = layer.output;
  const auto [kind, first, second] = layer.rearrangement;
  Matrix result(out.channels, out.pixels());
  for (int c = 0; c < in.channels; ++c)
    for (int y = 0; y < in.height; ++y)
      for (int x = 0; x < in.width; ++x) {
        int to_c = c, to_y = y, to_x = x;
        if (kind == Kind::transpose) {
          const int at[] = {y, x, c};
          to_y = at[first];
          to_x = at[second];
          to_c = at[3 - first - second];
        } else if (kind == Kind::shuffle) {
          const int rest = in.channels / first / second;
          to_c = (c / rest % second * first + c / rest / second) * rest + c % rest;
        } else if (kind == Kind::space_to_rows) {
          to_y = y % first * first + x % first;
          to_x = y / first * (in.width / first) + x / first;
        } else if (kind == Kind::rows_to_space) {
          to_y = x / (second / first) * first + y / first;
          to_x = x % (second / first) * first + y % first;
        } else {
          const int tap = c / out.channels;
          to_y = y * first + tap / first;
          to_x = x * first + tap % first;
          to_c = c % out.channels;
        }
        result(to_c, to_y * out.width + to_x) = input(c, y * in.width + x);
      }
  return result;
}

/// Each pixel by the definition of the place that it is taken from.
inline Matrix resized(const Layer& layer, const Matrix& input) {
  const pplcnet::Shape &in = layer.input, &out = layer.output;
  const auto pixel = [&](int y, int x) {
    return Matrix(input.col(std::min(y, in.height - 1) * in.width + std::min(x, in.width - 1)));
  };
  Matrix result(out.channels, out.pixels());
  for (int i = 0; i < out.height; ++i)
    for (int j = 0; j < out.width; ++j) {
      const double down = static_cast<double>(in.height) / out.height;
      const double across = static_cast<double>(in.width) / out.width;
      if (layer.resampling == pplcnet::Resampling::nearest) {
        result.col(i * out.width + j) = pixel(i * in.height / out.height, j * in.width / out.width);
        continue;
      }
      const double y = std::max((i + 0.5) * down - 0.5, 0.0);
      const double x = std::max((j + 0.5) * across - 0.5, 0.0);
      const int row = static_cast<int>(y), column = static_cast<int>(x);
      const double v = y - row, u = x - column;
      result.col(i * out.width + j) =
          (1 - v) * ((1 - u) * pixel(row, column) + u * pixel(row, column + 1)) +
          v * ((1 - u) * pixel(row + 1, column) + u * pixel(row + 1, column + 1));
    }
  return result;
}

/// exp(x) by the sum of those in the other blocks of channels.
inline Matrix softmaxed(const Layer& layer, const Matrix& input) {
  const Eigen::Index size = input.rows() / layer.groups;
  Matrix powers = input.array().exp();
  for (Eigen::Index i = 0; i < size; ++i) {
    const auto likes = Eigen::seqN(i, layer.groups, size);
    const Matrix sums = Matrix(powers(likes, Eigen::all)).colwise().sum();
    for (Eigen::Index c = i; c < powers.rows(); c += size) powers.row(c).array() /= sums.array();
  }
  return powers;
}

/// Of each row and head, softmax(q · kᵀ / √d) · v.
inline Matrix attended(const Layer& layer, const Matrix& input) {
  const Eigen::Index width = layer.input.width, channels = layer.output.channels;
  const Eigen::Index depth = channels / layer.groups;
  Matrix result(channels, layer.output.pixels());
  for (Eigen::Index y = 0; y < layer.input.height; ++y)
    for (Eigen::Index head = 0; head < channels; head += depth) {
      const auto part = [&](Eigen::Index which) {
        return Matrix(input.block(which * channels + head, y * width, depth, width));
      };
      Matrix scores = part(0).transpose() * part(1) / std::sqrt(static_cast<double>(depth));
      scores = scores.array().exp();
      const Eigen::VectorXd sums = scores.rowwise().sum();
      for (Eigen::Index i = 0; i < width; ++i) scores.row(i) /= sums(i);
      result.block(head, y * width, depth, width) = part(2) * scores.transpose();
    }
  return result;
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
    case Operator::max_pool:
    case Operator::average_pool:
      return windows(layer, input);
    case Operator::copy:
    case Operator::picture:
      return input;
    case Operator::reduce:
      return reduced(layer, input);
    case Operator::multiply:
      return apply(multiplied(layer, input, addend), layer.activation);
    case Operator::normalise:
      return normalised(layer, parameters, input);
    case Operator::rearrange:
      return rearranged(layer, input);
    case Operator::resize:
      return resized(layer, input);
    case Operator::softmax:
      return softmaxed(layer, input);
    case Operator::attention:
      return attended(layer, input);
    case Operator::add:
      return apply(input + addend, layer.activation);
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
