#ifndef PPLCNET_TESTS_GOLDENS_V4_ORACLE_HPP
#define PPLCNET_TESTS_GOLDENS_V4_ORACLE_HPP

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "synthetic.hpp"

/// The backbones of PP-LCNetV4 in double precision, module by module as PaddleOCR has them, and
/// synthetic weights for them. Nothing here is the library's: it is what the library is compared
/// with.
namespace pplcnet_test {

// ---- Interface: a variant, its weights, everything that it computes --------------------------

enum class V4Variant { det_tiny, det_small, det_medium, rec_tiny, rec_small, rec_medium };

inline constexpr V4Variant kV4Variants[] = {V4Variant::det_tiny,   V4Variant::det_small,
                                            V4Variant::det_medium, V4Variant::rec_tiny,
                                            V4Variant::rec_small,  V4Variant::rec_medium};

struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

/// Something that a network computes: [channels][height][width].
struct NamedMap {
  std::string name;
  std::int64_t channels, height, width;
  std::vector<double> values;
};

/// Synthetic weights in the order of Paddle's state dict. Those of the deployed form are those of
/// the training form, fused in double precision and then rounded.
std::vector<NamedTensor> v4_state_dict(V4Variant variant, Form form);

/// What the network makes of one picture [3][height][width], in the order of computation: the
/// pieces of the stem; of each block `S.B` its `S.B.token_mixer.dw` (after the batch norm),
/// `S.B.token_mixer.se` if there is one, and `S.B`; and the network's outputs `out0`, `out1`, ...
/// Throws std::out_of_range if the state dict lacks a tensor.
std::vector<NamedMap> v4_outputs(V4Variant variant, const std::vector<NamedTensor>& state_dict,
                                 Form form, const std::vector<float>& input, std::int64_t height,
                                 std::int64_t width);

namespace v4 {

using Eigen::Index;

// ---- The six networks ------------------------------------------------------------------------

struct Stride {
  Index height = 1, width = 1;

  bool operator==(const Stride&) const = default;
};

struct Stage {
  std::string name;
  Index blocks, channels;
  Stride first_stride;         // the other blocks do not stride
  std::vector<Index> with_se;  // these blocks have a squeeze and excitation
};

struct Network {
  std::string stem;  // its name
  bool simple_stem;
  Index stem_mid, stem_out;
  bool detector;  // one output a stage; otherwise one in all, pooled
  std::vector<Stage> stages;
};

inline Network detector(Index stem_mid, Index s1, Index s2, Index s3, Index s4) {
  return {.stem = "stem",
          .simple_stem = false,
          .stem_mid = stem_mid,
          .stem_out = s1,
          .detector = true,
          .stages = {{"blocks_s1", 2, s1, {1, 1}, {0}},
                     {"blocks_s2", 3, s2, {2, 2}, {1}},
                     {"blocks_s3", 5, s3, {2, 2}, {1, 3}},
                     {"blocks_s4", 3, s4, {2, 2}, {1}}}};
}

inline Network network(V4Variant variant) {
  switch (variant) {
    case V4Variant::det_tiny:
      return detector(16, 32, 48, 64, 160);
    case V4Variant::det_small:
      return detector(24, 48, 96, 192, 384);
    case V4Variant::det_medium:
      return detector(64, 128, 256, 512, 896);
    case V4Variant::rec_tiny:
      return {.stem = "conv1",
              .simple_stem = true,
              .stem_mid = 24,
              .stem_out = 48,
              .detector = false,
              .stages = {{"blocks2", 1, 48, {1, 1}, {0}},
                         {"blocks3", 1, 48, {1, 1}, {}},
                         {"blocks4", 3, 96, {2, 1}, {1}},
                         {"blocks5", 4, 160, {2, 1}, {1}}}};
    case V4Variant::rec_small:
      return {.stem = "conv1",
              .simple_stem = false,
              .stem_mid = 48,
              .stem_out = 96,
              .detector = false,
              .stages = {{"blocks2", 1, 96, {1, 1}, {0}},
                         {"blocks3", 2, 96, {1, 1}, {}},
                         {"blocks4", 7, 192, {2, 1}, {1, 3, 5}},
                         {"blocks5", 3, 384, {2, 1}, {1}}}};
    case V4Variant::rec_medium:
      return {.stem = "conv1",
              .simple_stem = false,
              .stem_mid = 64,
              .stem_out = 128,
              .detector = false,
              .stages = {{"blocks2", 1, 128, {1, 1}, {0}},
                         {"blocks3", 3, 256, {1, 1}, {2}},
                         {"blocks4", 7, 512, {2, 1}, {1, 3, 5}},
                         {"blocks5", 3, 768, {2, 1}, {1}}}};
  }
  return {};
}

struct Block {
  std::string name;
  Index in, out;
  Stride stride;
  bool se;

  /// Adds its token mixer's output to its own, and that token mixer is one with branches.
  bool keeps_shape() const { return stride == Stride{} && in == out; }
};

/// `in` is the number of channels that enters the stage.
inline std::vector<Block> blocks(const Stage& stage, Index in) {
  std::vector<Block> result;
  for (Index i = 0; i < stage.blocks; ++i) {
    result.push_back({.name = stage.name + "." + std::to_string(i),
                      .in = i == 0 ? in : stage.channels,
                      .out = stage.channels,
                      .stride = i == 0 ? stage.first_stride : Stride{},
                      .se = std::ranges::count(stage.with_se, i) != 0});
  }
  return result;
}

// ---- Weights ---------------------------------------------------------------------------------

enum class Kind {
  conv_bn,       // `conv` and `bn`, deployed as one convolution with bias
  conv_bn_kept,  // the same, but deployed as it is
  conv,          // with bias
  rep_dw,        // bn(conv.bn(conv.conv(x)) + conv1(x) + x)
};

/// What has weights and is fused as a whole.
struct Module {
  Kind kind;
  std::string name;
  std::string deployed_name;         // of the convolution that it becomes
  std::vector<std::int64_t> weight;  // shape
};

inline std::vector<Module> modules(const Network& net) {
  std::vector<Module> result;
  const auto add = [&](Kind kind, const std::string& name, const std::string& deployed_name,
                       Index out, Index in, Index kernel) {
    result.push_back({kind, name, deployed_name, {out, in, kernel, kernel}});
  };

  const Index mid = net.stem_mid;
  if (net.simple_stem) {
    add(Kind::conv_bn_kept, net.stem + ".0", "", mid, 3, 3);
    add(Kind::conv_bn_kept, net.stem + ".2", "", net.stem_out, mid, 3);
  } else {
    const auto add_stem = [&](const std::string& name, Index out, Index in, Index kernel) {
      add(Kind::conv_bn, net.stem + name, net.stem + name + ".conv", out, in, kernel);
    };
    add_stem(".stem1", mid, 3, 3);
    add_stem(".stem2a", mid / 2, mid, 2);
    add_stem(".stem2b", mid, mid / 2, 2);
    add_stem(".stem3", mid, 2 * mid, 3);
    add_stem(".stem4", net.stem_out, mid, 1);
  }

  Index channels = net.stem_out;
  for (const Stage& stage : net.stages) {
    for (const Block& block : blocks(stage, channels)) {
      const std::string token = block.name + ".token_mixer.", rep_dw = token + "rep_dw";
      const std::string dw = token + "dw_conv", se = token + "se";
      const std::string mixer = block.name + ".channel_mixer.";
      if (block.keeps_shape())
        add(Kind::rep_dw, rep_dw, rep_dw + ".reparam_conv", block.in, 1, 3);
      else
        add(Kind::conv_bn, dw, dw, block.in, 1, 3);
      if (block.se) {
        add(Kind::conv, se + ".conv1", "", block.in / 4, block.in, 1);
        add(Kind::conv, se + ".conv2", "", block.in, block.in / 4, 1);
      }
      add(Kind::conv_bn, mixer + "expand", mixer + "expand", 2 * block.in, block.in, 1);
      add(Kind::conv_bn, mixer + "compress", mixer + "compress", block.out, 2 * block.in, 1);
    }
    channels = stage.channels;
  }
  return result;
}

/// With the gains of V3 as they are, the channel mixers add little and the networks forget their
/// input: the last maps of two inputs differ by 2 % at most, and hardly a gate is quite closed or
/// quite open. With these factors on top the standard deviation of every map is between 0.35 and
/// 3.5, the maps of two inputs differ by half or more, and of ten gates three are 0 or 1.
inline double factor_of(const std::string& name, const std::vector<std::int64_t>& shape) {
  if (name.ends_with(".se.conv2.weight")) return 3;
  if (name.ends_with(".rep_dw.bn.weight")) return 0.625;  // of a sum of three
  if (name.ends_with(".rep_dw.conv.conv.weight")) return 1;
  const bool sees_picture = shape.size() == 4 && shape[1] == 3;
  return name.ends_with(".conv.weight") && !sees_picture ? 2 : 1;
}

inline std::vector<NamedTensor> training_state_dict(const Network& net) {
  std::vector<NamedTensor> state;
  const auto add = [&](const std::string& name, const std::vector<std::int64_t>& shape) {
    NamedTensor tensor{name, shape, synthetic_tensor(name, shape, GainFamily::v3)};
    const double factor = factor_of(name, shape);
    for (float& value : tensor.values) value = static_cast<float>(value * factor);
    state.push_back(std::move(tensor));
  };
  const auto add_batch_norm = [&](const std::string& name, std::int64_t channels) {
    for (const char* leaf : {".weight", ".bias", "._mean", "._variance"})
      add(name + leaf, {channels});
  };

  for (const Module& module : modules(net)) {
    const std::int64_t channels = module.weight[0];
    switch (module.kind) {
      case Kind::conv_bn:
      case Kind::conv_bn_kept:
        add(module.name + ".conv.weight", module.weight);
        add_batch_norm(module.name + ".bn", channels);
        break;
      case Kind::conv:
        add(module.name + ".weight", module.weight);
        add(module.name + ".bias", {channels});
        break;
      case Kind::rep_dw:
        add(module.name + ".conv.conv.weight", module.weight);
        add_batch_norm(module.name + ".conv.bn", channels);
        add(module.name + ".conv1.weight", {channels, 1, 1, 1});
        add_batch_norm(module.name + ".bn", channels);
        break;
    }
  }
  return state;
}

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// In double precision: [first extent][the others].
inline Matrix matrix(const NamedTensor& tensor) {
  using Floats = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Index rows = tensor.shape[0], size = static_cast<Index>(tensor.values.size());
  return Eigen::Map<const Floats>(tensor.values.data(), rows, size / rows).cast<double>();
}

/// The tensors of a state dict by name.
class Tensors {
 public:
  explicit Tensors(const std::vector<NamedTensor>& state) {
    for (const NamedTensor& tensor : state) by_name_[tensor.name] = &tensor;
  }

  bool has(const std::string& name) const { return by_name_.contains(name); }
  const std::vector<std::int64_t>& shape(const std::string& name) const {
    return by_name_.at(name)->shape;
  }
  Matrix operator[](const std::string& name) const { return matrix(*by_name_.at(name)); }

 private:
  std::map<std::string, const NamedTensor*> by_name_;
};

/// A batch norm is x * scale + shift, for each channel.
struct BatchNorm {
  Eigen::VectorXd scale, shift;

  BatchNorm(const Tensors& tensors, const std::string& name) {
    const Matrix gamma = tensors[name + ".weight"], variance = tensors[name + "._variance"];
    scale = gamma.array() / (variance.array() + 1e-5).sqrt();
    shift = tensors[name + ".bias"] - scale.asDiagonal() * tensors[name + "._mean"];
  }

  /// Of rows, one for each channel.
  Matrix operator()(const Matrix& x) const { return (scale.asDiagonal() * x).colwise() + shift; }
};

inline NamedTensor rounded(const std::string& name, const std::vector<std::int64_t>& shape,
                           const Matrix& values) {
  NamedTensor tensor{name, shape, {}};
  std::ranges::transform(std::span(values.data(), static_cast<std::size_t>(values.size())),
                         std::back_inserter(tensor.values),
                         [](double value) { return static_cast<float>(value); });
  return tensor;
}

inline std::vector<NamedTensor> deployed_state_dict(const Network& net) {
  const std::vector<NamedTensor> training = training_state_dict(net);
  const Tensors tensors(training);
  std::vector<NamedTensor> state;
  for (const Module& module : modules(net)) {
    const std::string& name = module.name;
    Matrix weight, bias;
    switch (module.kind) {
      case Kind::conv:
      case Kind::conv_bn_kept:
        std::ranges::copy_if(training, std::back_inserter(state), [&](const NamedTensor& tensor) {
          return tensor.name.starts_with(name + ".");
        });
        continue;
      case Kind::conv_bn: {
        const BatchNorm bn(tensors, name + ".bn");
        weight = bn.scale.asDiagonal() * tensors[name + ".conv.weight"];
        bias = bn.shift;
        break;
      }
      case Kind::rep_dw: {
        const BatchNorm inner(tensors, name + ".conv.bn"), outer(tensors, name + ".bn");
        weight = inner.scale.asDiagonal() * tensors[name + ".conv.conv.weight"];
        weight.col(weight.cols() / 2) += tensors[name + ".conv1.weight"];
        weight.col(weight.cols() / 2).array() += 1;  // x itself
        weight = outer.scale.asDiagonal() * weight;
        bias = outer(inner.shift);
        break;
      }
    }
    state.push_back(rounded(module.deployed_name + ".weight", module.weight, weight));
    state.push_back(rounded(module.deployed_name + ".bias", {module.weight[0]}, bias));
  }
  return state;
}

// ---- Operators -------------------------------------------------------------------------------

struct Map {
  Index height, width;
  Matrix values;  // [channels][height * width]

  Index channels() const { return values.rows(); }
};

/// A kernel's own, so that stride 1 keeps the size. Of an odd number of lines the greater half lies
/// after, as in Paddle's SAME: for a 2 x 2 kernel one row below and one column to the right.
struct Padding {
  Index before, after;

  explicit Padding(Index kernel) : before((kernel - 1) / 2), after(kernel / 2) {}
};

/// What a square kernel sees, outside of the map `outside`: [channels * taps][output pixels].
inline Map patches(const Map& x, Index kernel, Stride stride, double outside) {
  const Padding padding(kernel);
  const Index taps = kernel * kernel, padded = padding.before + padding.after;
  Map result{(x.height + padded - kernel) / stride.height + 1,
             (x.width + padded - kernel) / stride.width + 1,
             {}};
  const Index pixels = result.height * result.width;
  result.values = Matrix::Constant(x.channels() * taps, pixels, outside);
  for (Index row = 0; row < result.values.rows(); ++row) {
    const Index channel = row / taps, tap = row % taps;
    for (Index pixel = 0; pixel < pixels; ++pixel) {
      const Index from_y = pixel / result.width * stride.height + tap / kernel - padding.before;
      const Index from_x = pixel % result.width * stride.width + tap % kernel - padding.before;
      if (from_y >= 0 && from_y < x.height && from_x >= 0 && from_x < x.width)
        result.values(row, pixel) = x.values(channel, from_y * x.width + from_x);
    }
  }
  return result;
}

/// `weight` is [output channels][channels * taps] or, depthwise, [channels][taps].
inline Map convolution(const Map& x, const Matrix& weight, Index kernel, Stride stride) {
  Map result = patches(x, kernel, stride, 0);
  const Index taps = kernel * kernel;
  if (weight.cols() == result.values.rows()) {
    result.values = weight * result.values;
    return result;
  }
  Matrix sums(weight.rows(), result.values.cols());
  for (Index channel = 0; channel < weight.rows(); ++channel)
    sums.row(channel) = weight.row(channel) * result.values.middleRows(channel * taps, taps);
  result.values = std::move(sums);
  return result;
}

/// 2 x 2, stride 1, as large as the input.
inline Map max_pool(const Map& x) {
  Map result = patches(x, 2, {}, -std::numeric_limits<double>::infinity());
  const Matrix seen = std::move(result.values);
  result.values.resize(x.channels(), seen.cols());
  for (Index channel = 0; channel < x.channels(); ++channel)
    result.values.row(channel) = seen.middleRows(channel * 4, 4).colwise().maxCoeff();
  return result;
}

/// 3 x 2 with a stride of its size: rows and columns that are left over do not count.
inline Map average_pool(const Map& x) {
  Map result{x.height / 3, x.width / 2, {}};
  result.values = Matrix::Zero(x.channels(), result.height * result.width);
  for (Index y = 0; y < result.height * 3; ++y) {
    for (Index column = 0; column < result.width * 2; ++column) {
      result.values.col(y / 3 * result.width + column / 2) +=
          x.values.col(y * x.width + column) / 6;
    }
  }
  return result;
}

inline Map concatenated(const Map& a, const Map& b) {
  Map result{a.height, a.width, Matrix(a.channels() + b.channels(), a.values.cols())};
  result.values << a.values, b.values;
  return result;
}

inline double relu(double x) { return std::max(x, 0.0); }
inline double gelu(double x) { return x / 2 * (1 + std::erf(x / std::numbers::sqrt2)); }
/// Paddle's slope is a float, and a little more than 1 / 6.
inline double hardsigmoid(double x) { return std::clamp(x * double{0.1666667F} + 0.5, 0.0, 1.0); }

inline Map activated(Map x, double (*activation)(double)) {
  x.values = x.values.unaryExpr(activation).eval();
  return x;
}

// ---- A network at work -----------------------------------------------------------------------

class Run {
 public:
  Run(const std::vector<NamedTensor>& state, Form form) : tensors_(state), form_(form) {}

  std::vector<NamedMap> operator()(const Network& net, Map x) && {
    x = net.simple_stem ? simple_stem(net.stem, x) : branch_stem(net.stem, x);
    std::vector<Map> outputs;
    for (const Stage& stage : net.stages) {
      for (const Block& block : blocks(stage, x.channels()))
        x = recorded(block.name, mix(block, x));
      if (net.detector) outputs.push_back(x);
    }
    if (!net.detector) outputs.push_back(average_pool(x));
    for (std::size_t i = 0; i < outputs.size(); ++i)
      recorded("out" + std::to_string(i), std::move(outputs[i]));
    return std::move(maps_);
  }

 private:
  Map recorded(const std::string& name, Map x) {
    const double* begin = x.values.data();
    maps_.push_back({name, x.channels(), x.height, x.width, {begin, begin + x.values.size()}});
    return x;
  }

  /// With bias if the state dict has one.
  Map conv(const std::string& name, const Map& x, Stride stride = {}) const {
    Map y = convolution(x, tensors_[name + ".weight"], tensors_.shape(name + ".weight")[3], stride);
    if (tensors_.has(name + ".bias")) y.values.colwise() += tensors_[name + ".bias"].col(0);
    return y;
  }

  Map batch_norm(const std::string& name, Map x) const {
    x.values = BatchNorm(tensors_, name)(x.values);
    return x;
  }

  Map conv_bn(const std::string& name, const Map& x, Stride stride = {}) const {
    return batch_norm(name + ".bn", conv(name + ".conv", x, stride));
  }

  /// A convolution and a batch norm that are deployed as one.
  Map fusible(const std::string& name, const Map& x, Stride stride = {}) const {
    return form_ == Form::deployed ? conv(name, x, stride) : conv_bn(name, x, stride);
  }

  Map simple_stem(const std::string& name, const Map& x) {
    const Map y = recorded(name + ".0", activated(conv_bn(name + ".0", x, {2, 2}), gelu));
    return recorded(name + ".2", conv_bn(name + ".2", y, {2, 2}));
  }

  Map branch_stem(const std::string& stem, const Map& input) {
    const auto piece = [&](const std::string& name, const Map& x, Stride stride = {}) {
      const std::string full = stem + "." + name;
      const Map y =
          form_ == Form::deployed ? conv(full + ".conv", x, stride) : conv_bn(full, x, stride);
      return recorded(full, activated(y, relu));
    };
    const Map x = piece("stem1", input, {2, 2});
    const Map convolved = piece("stem2b", piece("stem2a", x));
    const Map pooled = recorded(stem + ".pool", max_pool(x));
    return piece("stem4", piece("stem3", concatenated(pooled, convolved), {2, 2}));
  }

  Map rep_dw(const std::string& name, const Map& x) const {
    if (form_ == Form::deployed) return conv(name + ".reparam_conv", x);
    Map sum = conv_bn(name + ".conv", x);
    sum.values += conv(name + ".conv1", x).values + x.values;
    return batch_norm(name + ".bn", std::move(sum));
  }

  Map squeeze_excite(const std::string& name, Map x) const {
    const Map mean{1, 1, x.values.rowwise().mean()};
    const Map squeezed = activated(conv(name + ".conv1", mean), relu);
    const Map gates = activated(conv(name + ".conv2", squeezed), hardsigmoid);
    x.values = gates.values.col(0).asDiagonal() * x.values;
    return x;
  }

  Map mix(const Block& block, const Map& x) {
    const std::string token = block.name + ".token_mixer", mixer = block.name + ".channel_mixer";
    Map mixed =
        recorded(token + ".dw", block.keeps_shape() ? rep_dw(token + ".rep_dw", x)
                                                    : fusible(token + ".dw_conv", x, block.stride));
    if (block.se) mixed = recorded(token + ".se", squeeze_excite(token + ".se", std::move(mixed)));
    Map y = fusible(mixer + ".compress", activated(fusible(mixer + ".expand", mixed), gelu));
    if (block.keeps_shape()) y.values += mixed.values;  // not x: that is before the token mixer
    return y;
  }

  Tensors tensors_;
  Form form_;
  std::vector<NamedMap> maps_;
};

}  // namespace v4

inline std::vector<NamedTensor> v4_state_dict(V4Variant variant, Form form) {
  const v4::Network net = v4::network(variant);
  return form == Form::training ? v4::training_state_dict(net) : v4::deployed_state_dict(net);
}

inline std::vector<NamedMap> v4_outputs(V4Variant variant,
                                        const std::vector<NamedTensor>& state_dict, Form form,
                                        const std::vector<float>& input, std::int64_t height,
                                        std::int64_t width) {
  const NamedTensor planes{"input", {3, height, width}, input};
  if (std::ssize(input) != 3 * height * width) throw std::invalid_argument("input of another size");
  return v4::Run(state_dict, form)(v4::network(variant), {height, width, v4::matrix(planes)});
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_V4_ORACLE_HPP
