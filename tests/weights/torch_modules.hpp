#ifndef PPLCNET_TESTS_WEIGHTS_TORCH_MODULES_HPP
#define PPLCNET_TESTS_WEIGHTS_TORCH_MODULES_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// PyTorch's modules, computed in double by plain loops over the tensors of a state dict: what a
/// network of torchvision is, written out again.
namespace pplcnet_test::torch {

struct Tensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using StateDict = std::map<std::string, Tensor>;

/// A map [channels][height][width].
struct Map {
  int channels = 0, height = 0, width = 0;
  std::vector<double> values;

  Map(int c, int h, int w)
      : channels(c), height(h), width(w), values(static_cast<std::size_t>(c * h * w)) {}
  double& at(int c, int y, int x) {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
  double at(int c, int y, int x) const {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

inline double relu(double x) { return std::max(x, 0.0); }
inline double relu6(double x) { return std::clamp(x, 0.0, 6.0); }
inline double hardsigmoid(double x) { return relu6(x + 3) / 6; }
inline double hardswish(double x) { return x * hardsigmoid(x); }

inline Map activated(Map map, double (*activation)(double)) {
  for (double& value : map.values) value = activation(value);
  return map;
}

class Modules {
 public:
  Modules(const StateDict& state, double epsilon) : state_(state), epsilon_(epsilon) {}

  /// Conv2d with kernel / 2 as its padding; depthwise where the weight has one input channel.
  Map conv(const Map& x, const std::string& name, int stride = 1) const {
    const Tensor& weight = state_.at(name + ".weight");
    const auto bias = state_.find(name + ".bias");
    const int out = static_cast<int>(weight.shape[0]), kernel = static_cast<int>(weight.shape[2]);
    const int in = static_cast<int>(weight.shape[1]), padding = kernel / 2;
    const bool depthwise = in == 1 && x.channels > 1;
    Map y(out, (x.height - 1) / stride + 1, (x.width - 1) / stride + 1);
    for (int o = 0; o < out; ++o)
      for (int row = 0; row < y.height; ++row)
        for (int column = 0; column < y.width; ++column) {
          double sum = bias == state_.end() ? 0 : double{bias->second.values[std::size_t(o)]};
          std::size_t k = static_cast<std::size_t>(o * in * kernel * kernel);
          for (int i = 0; i < in; ++i)
            for (int dy = -padding; dy < kernel - padding; ++dy)
              for (int dx = -padding; dx < kernel - padding; ++dx, ++k) {
                const int from_y = row * stride + dy, from_x = column * stride + dx;
                if (from_y >= 0 && from_y < x.height && from_x >= 0 && from_x < x.width)
                  sum += double{weight.values[k]} * x.at(depthwise ? o : i, from_y, from_x);
              }
          y.at(o, row, column) = sum;
        }
    return y;
  }

  /// BatchNorm2d.
  Map norm(Map x, const std::string& name) const {
    const auto &gamma = vector(name + ".weight"), &beta = vector(name + ".bias");
    const auto &mean = vector(name + ".running_mean"), &variance = vector(name + ".running_var");
    for (int c = 0; c < x.channels; ++c) {
      const auto i = static_cast<std::size_t>(c);
      for (int y = 0; y < x.height; ++y)
        for (int column = 0; column < x.width; ++column) {
          double& value = x.at(c, y, column);
          value = (value - mean[i]) / std::sqrt(variance[i] + epsilon_) * gamma[i] + beta[i];
        }
    }
    return x;
  }

  /// Conv2dNormActivation: modules 0 and 1 of `name`, and an activation or none.
  Map conv_norm(const Map& x, const std::string& name, int stride = 1,
                double (*activation)(double) = nullptr) const {
    Map y = norm(conv(x, name + ".0", stride), name + ".1");
    return activation == nullptr ? y : activated(std::move(y), activation);
  }

  /// Linear, of a map of one pixel.
  Map linear(const Map& x, const std::string& name) const {
    const Tensor& weight = state_.at(name + ".weight");
    Map y(static_cast<int>(weight.shape[0]), 1, 1);
    for (std::size_t o = 0; o < y.values.size(); ++o) {
      y.values[o] = vector(name + ".bias")[o];
      for (std::size_t i = 0; i < x.values.size(); ++i)
        y.values[o] += double{weight.values[o * x.values.size() + i]} * x.values[i];
    }
    return y;
  }

  /// SqueezeExcitation.
  Map squeeze_excite(Map x, const std::string& name) const {
    Map factors = activated(conv(mean(x), name + ".fc1"), relu);
    factors = activated(conv(factors, name + ".fc2"), hardsigmoid);
    for (int c = 0; c < x.channels; ++c)
      for (int y = 0; y < x.height; ++y)
        for (int column = 0; column < x.width; ++column) x.at(c, y, column) *= factors.at(c, 0, 0);
    return x;
  }

  static Map mean(const Map& x) {
    Map y(x.channels, 1, 1);
    for (int c = 0; c < x.channels; ++c) {
      for (int row = 0; row < x.height; ++row)
        for (int column = 0; column < x.width; ++column) y.at(c, 0, 0) += x.at(c, row, column);
      y.at(c, 0, 0) /= x.height * x.width;
    }
    return y;
  }

  /// MaxPool2d(3, 2, 1).
  static Map max_pool(const Map& x) { return max_pool(x, 3, 2, 1, false); }

  /// MaxPool2d(kernel, stride, padding, ceil_mode=ceil); no window begins after the map.
  static Map max_pool(const Map& x, int kernel, int stride, int padding, bool ceil) {
    const auto size = [&](int n) {
      return (n + 2 * padding - kernel + (ceil ? stride - 1 : 0)) / stride + 1;
    };
    Map y(x.channels, size(x.height), size(x.width));
    for (int c = 0; c < x.channels; ++c)
      for (int row = 0; row < y.height; ++row)
        for (int column = 0; column < y.width; ++column) {
          const int top = row * stride - padding, left = column * stride - padding;
          double most = -INFINITY;
          for (int from_y = std::max(top, 0); from_y < std::min(top + kernel, x.height); ++from_y)
            for (int from_x = std::max(left, 0); from_x < std::min(left + kernel, x.width);
                 ++from_x)
              most = std::max(most, x.at(c, from_y, from_x));
          y.at(c, row, column) = most;
        }
    return y;
  }

  /// cat of maps along channels.
  static Map concat(const std::vector<Map>& maps) {
    Map y(0, maps.front().height, maps.front().width);
    for (const Map& map : maps) {
      y.channels += map.channels;
      y.values.insert(y.values.end(), map.values.begin(), map.values.end());
    }
    return y;
  }

  static Map sum(Map a, const Map& b) {
    for (std::size_t i = 0; i < a.values.size(); ++i) a.values[i] += b.values[i];
    return a;
  }

  /// `channels` of them from `first` on.
  static Map slice(const Map& x, int first, int channels) {
    Map y(channels, x.height, x.width);
    const auto size = static_cast<std::ptrdiff_t>(x.height * x.width);
    std::copy_n(x.values.begin() + first * size, channels * size, y.values.begin());
    return y;
  }

  /// channel_shuffle(cat((a, b)), 2).
  static Map shuffled(const Map& a, const Map& b) {
    Map y(2 * a.channels, a.height, a.width);
    for (int c = 0; c < y.channels; ++c)
      for (int row = 0; row < y.height; ++row)
        for (int column = 0; column < y.width; ++column)
          y.at(c, row, column) = (c % 2 == 0 ? a : b).at(c / 2, row, column);
    return y;
  }

 private:
  const std::vector<float>& vector(const std::string& name) const { return state_.at(name).values; }

  const StateDict& state_;
  double epsilon_;
};

}  // namespace pplcnet_test::torch

#endif  // PPLCNET_TESTS_WEIGHTS_TORCH_MODULES_HPP
