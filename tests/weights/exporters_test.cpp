// Networks as torch.onnx and pnnx write them: activations spelled out, batch norms and borders as
// nodes of their own, shuffles as Reshape, Transpose, Reshape; detectors, segmenters and text
// networks as paddle2onnx and pnnx do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/models/light_cnns.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/networks/deeplab_v3p.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/networks/picodet.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"
#include "weights/onnx_model.hpp"
#include "weights/written_graph.hpp"

namespace pplcnet_test::exporters_test {
namespace {

using pplcnet::Activation;
using pplcnet::AnyNetwork;
using pplcnet::FileGraph;
using pplcnet::Layer;
using pplcnet::Node;
using pplcnet::Operator;
using pplcnet::Parameters;
using pplcnet::Shape;

/// What torch.onnx writes.
class TorchOnnx {
 public:
  using Value = std::string;
  using Integers = std::vector<std::int64_t>;

  static Value picture() { return "x"; }

  Value convolution(const Layer& layer, const Parameters& parameters, const Value& x) {
    const auto [height, width] = layer.kernel;
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    const pplcnet::Padding& pad = layer.padding;
    Value input = x;
    // Borders are nodes of their own, all but the first.
    const bool own = convolutions_++ > 0 && pad != pplcnet::Padding(0);
    if (own)
      input = model_.node(
          "Pad", {x, integers({0, 0, pad.top, pad.left, 0, 0, pad.bottom, pad.right}), number(0)});
    std::vector<Value> inputs = {
        input,
        model_.constant({layer.output.channels, layer.depth() / (height * width), height, width},
                        parameters.weight)};
    if (!parameters.bias.empty()) inputs.push_back(vector(parameters.bias));
    const Integers pads = {pad.top, pad.left, pad.bottom, pad.right};
    return model_.node(
        "Conv", inputs,
        {OnnxModel::attribute("group", std::int64_t{depthwise ? layer.output.channels : 1}),
         OnnxModel::attribute("pads", own ? Integers(4) : pads),
         OnnxModel::attribute("dilations", Integers{layer.dilation.height, layer.dilation.width}),
         OnnxModel::attribute("kernel_shape", Integers{height, width}),
         OnnxModel::attribute("strides", Integers{layer.stride.height, layer.stride.width})});
  }

  Value product(const Layer& layer, const Parameters& parameters, const Value& x) {
    const Value flat = model_.node("Flatten", {x});
    return model_.node(
        "Gemm",
        {flat, model_.constant({layer.output.channels, layer.input.channels}, parameters.weight),
         vector(parameters.bias)},
        {OnnxModel::attribute("transB", std::int64_t{1})});
  }

  Value norm(const Layer& layer, const Parameters& parameters, const Value& x) {
    return model_.node("BatchNormalization",
                       {x, vector(parameters.gamma), vector(parameters.beta),
                        vector(parameters.mean), vector(parameters.variance)},
                       {OnnxModel::attribute("epsilon", static_cast<float>(layer.norm_epsilon))});
  }

  Value activation(const Activation& which, const Value& x) {
    using Kind = Activation::Kind;
    const auto op = [&](const char* name, const Value& a, const Value& b) {
      return model_.node(name, {a, b});
    };
    const auto clip = [&](const Value& value, float most) {
      return model_.node("Clip", {value, number(0), number(most)});
    };
    switch (which.kind) {
      case Kind::relu:
        return model_.node("Relu", {x});
      case Kind::relu6:
        return clip(x, 6);
      case Kind::hardswish:
        return op("Div", op("Mul", x, clip(op("Add", x, number(3)), 6)), number(6));
      case Kind::hardsigmoid:
        return clip(op("Add", op("Mul", x, number(which.slope)), number(which.offset)), 1);
      case Kind::sigmoid:
        return model_.node("Sigmoid", {x});
      case Kind::silu:
        return op("Mul", x, model_.node("Sigmoid", {x}));
      case Kind::root:
        return model_.node("Sqrt", {op("Add", x, number(which.offset))});
      case Kind::gelu: {
        const Value erf = model_.node("Erf", {op("Div", x, number(1.41421356F))});
        return op("Mul", op("Mul", x, op("Add", erf, number(1))), number(0.5F));
      }
      default:
        return x;
    }
  }

  Value pool(const Node& node, const Value& x) {
    const auto& [kernel, stride, dilation, pad, ceil] = node.window;
    const bool max = node.op == Operator::max_pool;
    std::vector<std::string> attributes = {
        OnnxModel::attribute("kernel_shape", Integers{kernel.height, kernel.width}),
        OnnxModel::attribute("strides", Integers{stride.height, stride.width}),
        OnnxModel::attribute("pads", Integers{pad.top, pad.left, pad.bottom, pad.right}),
        OnnxModel::attribute("ceil_mode", std::int64_t{ceil ? 1 : 0})};
    if (!max)
      attributes.push_back(
          OnnxModel::attribute("count_include_pad", std::int64_t{node.count_padding ? 1 : 0}));
    return model_.node(max ? "MaxPool" : "AveragePool", {x}, attributes);
  }

  Value mean(const Value& x) {
    return model_.node("ReduceMean", {x},
                       {OnnxModel::attribute("axes", Integers{-1, -2}),
                        OnnxModel::attribute("keepdims", std::int64_t{1})});
  }
  Value product(const Value& a, const Value& b) { return model_.node("Mul", {b, a}); }
  Value sum(const Value& a, const Value& b) { return model_.node("Add", {b, a}); }
  Value scaled(const Value& x, int percent) {
    return model_.node("Mul", {x, number(static_cast<float>(percent) / 100)});
  }
  Value concat(const std::vector<Value>& parts) {
    return model_.node("Concat", parts, {OnnxModel::attribute("axis", std::int64_t{1})});
  }
  /// V3's learnable scale and shift.
  Value affine(const Value& x, float scale, float shift) {
    return model_.node("Add", {model_.node("Mul", {vector({scale}), x}), vector({shift})});
  }

  Value transposed_convolution(const Layer& layer, const Parameters& parameters, const Value& x) {
    const std::int64_t out = layer.output.channels / layer.repeats;
    const Value result = model_.node(
        "ConvTranspose", {x, model_.constant({layer.input.channels, out, 2, 2}, parameters.weight)},
        {OnnxModel::attribute("kernel_shape", Integers{2, 2}),
         OnnxModel::attribute("strides", Integers{2, 2}),
         OnnxModel::attribute("dilations", Integers{1, 1}),
         OnnxModel::attribute("group", std::int64_t{1}),
         OnnxModel::attribute("pads", Integers(4))});
    return model_.node("Add", {result, model_.constant({1, out, 1, 1}, parameters.bias)});
  }

  Value resized(const Node& node, const Shape& in, const Value& x) {
    const auto factor = [](int out, int of) {
      return static_cast<float>(out) / static_cast<float>(of);
    };
    const bool nearest = node.resampling == pplcnet::Resampling::nearest;
    if (!nearest) {
      const Value size = model_.node("Shape", {x});
      return model_.node(
          "Resize", {x, "", "", size},
          {text("mode", "linear"), text("coordinate_transformation_mode", "pytorch_half_pixel")});
    }
    const Value factors = model_.constant(
        {4}, {1, 1, factor(node.shape.height, in.height), factor(node.shape.width, in.width)});
    return model_.node("Resize", {x, "", factors},
                       {text("mode", "nearest"), text("nearest_mode", "floor"),
                        text("coordinate_transformation_mode", "asymmetric")});
  }

  Value layer_norm(const Layer& layer, const Parameters& parameters, const Value& x) {
    return model_.node("LayerNormalization",
                       {x, vector(parameters.weight), vector(parameters.bias)},
                       {OnnxModel::attribute("axis", std::int64_t{-1}),
                        OnnxModel::attribute("epsilon", static_cast<float>(layer.norm_epsilon))});
  }
  Value token_product(const Layer& layer, const Parameters& parameters, const Value& x) {
    const Value matrix =
        model_.constant({layer.input.channels, layer.output.channels},
                        pplcnet::transposed(parameters.weight, layer.output.channels));
    return model_.node("Add", {model_.node("MatMul", {x, matrix}), vector(parameters.bias)});
  }
  Value softmax(const Value& x) {
    return model_.node("Softmax", {x}, {OnnxModel::attribute("axis", std::int64_t{2})});
  }

  Value attention(const Node& node, const Value& x) {
    const int depth = node.shape.channels / node.groups;
    const Value all = transposed(
        model_.node("Reshape", {x, integers({0, -1, 3, node.groups, depth})}), {2, 0, 3, 1, 4});
    const Value queries =
        model_.node("Mul", {part(all, 0), number(1 / std::sqrt(static_cast<float>(depth)))});
    const Value scores = model_.node("MatMul", {queries, transposed(part(all, 1), {0, 1, 3, 2})});
    const Value shares =
        model_.node("Softmax", {scores}, {OnnxModel::attribute("axis", std::int64_t{3})});
    const Value means = model_.node("MatMul", {shares, part(all, 2)});
    return model_.node("Reshape",
                       {transposed(means, {0, 2, 1, 3}), integers({0, -1, node.shape.channels})});
  }

  Value to_tokens(const Value& x, const Shape& shape) {
    return transposed(model_.node("Reshape", {x, integers({0, shape.channels, -1})}), {0, 2, 1});
  }
  Value to_map(const Value& x, const Shape& shape) {
    return transposed(
        model_.node("Reshape", {x, integers({0, shape.height, shape.width, shape.channels})}),
        {0, 3, 1, 2});
  }

  /// Halves are results of one Split.
  Value slice(const Node& node, const Shape& in, const Value& x) {
    const int size = node.shape.channels;
    if (node.step > 1 || 2 * size != in.channels)
      return model_.node(
          "Slice", {x, integers({node.first}), integers({node.first + (size - 1) * node.step + 1}),
                    integers({1}), integers({node.step})});
    if (split_ != x) {
      split_ = x;
      std::string message;
      OnnxModel::Writer writer(message);
      writer.add_string(1, x);
      for (const char* half : {"/first", "/second"}) writer.add_string(2, x + half);
      writer.add_string(4, "Split");
      writer.add_message(5, OnnxModel::attribute("axis", std::int64_t{1}));
      writer.add_message(5, OnnxModel::attribute("split", Integers{size, size}));
      model_.add_node(message);
    }
    return x + (node.first == 0 ? "/first" : "/second");
  }

  Value shuffle(const Node& node, const Shape& in, const Value& x) {
    const Value rows = model_.node(
        "Reshape", {x, integers({1, node.groups, in.channels / node.groups, in.height, in.width})});
    const Value columns =
        model_.node("Transpose", {rows}, {OnnxModel::attribute("perm", Integers{0, 2, 1, 3, 4})});
    return model_.node("Reshape", {columns, integers({1, -1, in.height, in.width})});
  }

  std::string file() const { return model_.file(); }

 private:
  static std::string text(const std::string& name, const std::string& value) {
    return OnnxModel::attribute(name, value);
  }
  Value transposed(const Value& x, const Integers& order) {
    return model_.node("Transpose", {x}, {OnnxModel::attribute("perm", order)});
  }
  Value part(const Value& x, std::int64_t which) {
    const Value one =
        model_.node("Slice", {x, integers({which}), integers({which + 1}), integers({0})});
    return model_.node("Squeeze", {one, integers({0})});
  }

  Value number(float value) { return model_.constant({}, {value}, true); }
  Value vector(const std::vector<float>& values) {
    return model_.constant({static_cast<std::int64_t>(values.size())}, values);
  }
  Value integers(const Integers& values) {
    const Value name = "integers_" + std::to_string(count_++);
    model_.add_initializer(OnnxModel::integers(name, values));
    return name;
  }

  OnnxModel model_{"x"};
  int count_ = 0, convolutions_ = 0;
  Value split_;
};

/// What pnnx writes.
class Pnnx {
 public:
  using Value = int;

  static Value picture() { return 0; }

  Value convolution(const Layer& layer, const Parameters& parameters, Value x) {
    const auto [height, width] = layer.kernel;
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    const pplcnet::Padding& pad = layer.padding;
    const Value result = model_.layer(depthwise ? "ConvolutionDepthWise" : "Convolution", {x},
                                      list({{0, layer.output.channels},
                                            {1, width},
                                            {11, height},
                                            {12, layer.dilation.height},
                                            {2, layer.dilation.width},
                                            {3, layer.stride.width},
                                            {13, layer.stride.height},
                                            {4, pad.left},
                                            {14, pad.top},
                                            {15, pad.right},
                                            {16, pad.bottom},
                                            {5, parameters.bias.empty() ? 0 : 1},
                                            {6, static_cast<int>(parameters.weight.size())},
                                            {7, depthwise ? layer.output.channels : 1}}));
    model_.add_weights(parameters.weight);
    if (!parameters.bias.empty()) model_.add_floats(parameters.bias);
    return result;
  }

  Value product(const Layer& layer, const Parameters& parameters, Value x) {
    const Value result = model_.layer(
        "InnerProduct", {x},
        list(
            {{0, layer.output.channels}, {1, 1}, {2, static_cast<int>(parameters.weight.size())}}));
    model_.add_weights(parameters.weight);
    model_.add_floats(parameters.bias);
    return result;
  }

  Value norm(const Layer& layer, const Parameters& parameters, Value x) {
    const Value result = model_.layer("BatchNorm", {x},
                                      list({{0, static_cast<int>(parameters.gamma.size())}}) +
                                          " 1=" + std::to_string(layer.norm_epsilon));
    for (const auto* values :
         {&parameters.gamma, &parameters.mean, &parameters.variance, &parameters.beta})
      model_.add_floats(*values);
    return result;
  }

  Value activation(const Activation& which, Value x) {
    using Kind = Activation::Kind;
    const std::string gate =
        "0=" + std::to_string(which.slope) + " 1=" + std::to_string(which.offset);
    switch (which.kind) {
      case Kind::relu:
        return model_.layer("ReLU", {x}, "");
      case Kind::relu6:
        return model_.layer("Clip", {x}, "0=0.0 1=6.0");
      case Kind::hardswish:
        return model_.layer("HardSwish", {x}, "0=0.166667 1=0.5");
      case Kind::hardsigmoid:
        // One of PaddleOCR's is that of PyTorch, of 1.2 times as much.
        if (which.slope == kOcrSlope)
          return model_.layer("HardSigmoid", {model_.layer("BinaryOp", {x}, "0=2 1=1 2=1.2")},
                              "0=0.166667 1=0.5");
        return model_.layer("HardSigmoid", {x}, gate);
      case Kind::root:
        return model_.layer("UnaryOp", {model_.layer("BinaryOp", {x}, "0=0 1=1 2=1e-9")}, "0=5");
      case Kind::sigmoid:
        return model_.layer("Sigmoid", {x}, "");
      case Kind::silu:
        return model_.layer("Swish", {x}, "");
      case Kind::gelu:
        return model_.layer("GELU", {x}, "");
      default:
        return x;
    }
  }

  Value pool(const Node& node, Value x) {
    const auto& [kernel, stride, dilation, pad, ceil] = node.window;
    return model_.layer("Pooling", {x},
                        list({{0, node.op == Operator::max_pool ? 0 : 1},
                              {1, kernel.width},
                              {11, kernel.height},
                              {2, stride.width},
                              {12, stride.height},
                              {3, pad.left},
                              {13, pad.top},
                              {14, pad.right},
                              {15, pad.bottom},
                              {5, ceil ? 0 : 1},
                              {6, node.count_padding ? 1 : 0}}));
  }

  Value mean(Value x) { return model_.layer("Reduction", {x}, "0=3 1=0 -23303=2,1,2 4=1 5=1"); }
  Value product(Value a, Value b) { return model_.layer("BinaryOp", {a, b}, "0=2"); }
  Value sum(Value a, Value b) { return model_.layer("BinaryOp", {a, b}, "0=0"); }
  Value scaled(Value x, int percent) {
    return model_.layer("BinaryOp", {x}, "0=2 1=1 2=0." + std::to_string(percent));
  }
  Value concat(const std::vector<Value>& parts) { return model_.layer("Concat", parts, "0=0"); }
  Value affine(Value x, float scale, float shift) {
    const auto with = [&](Value of, int operation, float number) {
      std::array<char, 32> digits = {};
      std::snprintf(digits.data(), digits.size(), "0=%d 1=1 2=%.9g", operation,
                    static_cast<double>(number));
      return model_.layer("BinaryOp", {of}, digits.data());
    };
    return with(with(x, 2, scale), 0, shift);
  }

  /// Weights are [out][in][height][width], and a bias of one number is a layer of its own.
  Value transposed_convolution(const Layer& layer, const Parameters& parameters, Value x) {
    const auto pixels = static_cast<std::size_t>(layer.repeats);
    const auto out = static_cast<std::size_t>(layer.output.channels) / pixels;
    const auto in = static_cast<std::size_t>(layer.input.channels);
    std::vector<float> weights;
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t i = 0; i < in; ++i)
        for (std::size_t pixel = 0; pixel < pixels; ++pixel)
          weights.push_back(parameters.weight[(i * out + o) * pixels + pixel]);
    const bool own = out == 1;
    const Value result = model_.layer("Deconvolution", {x},
                                      list({{0, static_cast<int>(out)},
                                            {1, 2},
                                            {11, 2},
                                            {12, 1},
                                            {13, 2},
                                            {14, 0},
                                            {18, 0},
                                            {19, 0},
                                            {2, 1},
                                            {3, 2},
                                            {4, 0},
                                            {5, own ? 0 : 1},
                                            {6, static_cast<int>(weights.size())}}));
    model_.add_weights(weights);
    if (own) return affine(result, 1, parameters.bias[0]);
    model_.add_floats(parameters.bias);
    return result;
  }

  Value resized(const Node& node, const Shape& in, Value x) {
    const bool nearest = node.resampling == pplcnet::Resampling::nearest;
    if (!nearest)
      return model_.layer("Interp", {x},
                          list({{0, 2}, {3, node.shape.height}, {4, node.shape.width}, {6, 0}}));
    return model_.layer(
        "Interp", {x},
        list({{0, 1}, {1, node.shape.height / in.height}, {2, node.shape.width / in.width}}));
  }

  Value layer_norm(const Layer& layer, const Parameters& parameters, Value x) {
    const Value result =
        model_.layer("LayerNorm", {x},
                     list({{0, layer.output.channels}, {2, 1}}) +
                         (layer.norm_epsilon < 5e-6 ? " 1=1.000000e-06" : " 1=1.000000e-05"));
    model_.add_floats(parameters.weight);
    model_.add_floats(parameters.bias);
    return result;
  }

  /// A matrix that gives queries, keys and values is part of the attention after it, and so is the
  /// matrix that reads what it gives.
  Value token_product(const Layer& layer, const Parameters& parameters, Value x) {
    const int in = layer.input.channels, out = layer.output.channels;
    if (out == 3 * in) {
      attention_ = parameters;
      return x;
    }
    if (heads_ > 0) return whole_attention(layer, parameters, x);
    const Value result = model_.layer(
        "Gemm", {x},
        list({{10, 4}, {2, 0}, {3, 1}, {4, 0}, {5, 1}, {6, 1}, {7, 0}, {8, out}, {9, in}}));
    model_.add_weights(parameters.weight);
    model_.add_weights(parameters.bias);
    return result;
  }
  Value softmax(Value x) { return model_.layer("Softmax", {x}, "0=1 1=1"); }
  Value attention(const Node& node, Value x) {
    heads_ = node.groups;
    return x;
  }

  Value to_tokens(Value x, const Shape& shape) {
    const Value rows = tokens_++ % 2 == 0 ? model_.layer("Reshape", {x},
                                                         "0=-1 1=" + std::to_string(shape.channels))
                                          : model_.layer("Squeeze", {x}, "-23303=1,1");
    return model_.layer("Permute", {rows}, "0=1");
  }
  Value to_map(Value x, const Shape& shape) {
    const Value rows = model_.layer(
        "Reshape", {x}, list({{0, shape.channels}, {1, shape.width}, {2, shape.height}}));
    return model_.layer("Permute", {rows}, "0=4");
  }

  Value slice(const Node& node, const Shape& in, Value x) {
    const int size = node.shape.channels;
    if (2 * size != in.channels)
      return model_.layer("Crop", {x},
                          "-23309=1," + std::to_string(node.first) + " -23310=1," +
                              std::to_string(node.first + size) + " -23311=1,0");
    if (sliced_ != x) halves_ = model_.split("Slice", {x}, "-23300=2,-233,-233 1=0", 2);
    sliced_ = x;
    return halves_ + (node.first == 0 ? 0 : 1);
  }

  Value shuffle(const Node& node, const Shape& in, Value x) {
    if (shuffles_++ % 2 == 0) return model_.layer("ShuffleChannel", {x}, list({{0, node.groups}}));
    const Value rows = model_.layer(
        "Reshape", {x},
        list({{0, in.width}, {1, in.height}, {11, in.channels / node.groups}, {2, node.groups}}));
    const Value columns = model_.layer("Permute", {rows}, "0=6");
    return model_.layer("Reshape", {columns},
                        list({{0, in.width}, {1, in.height}, {2, in.channels}}));
  }

  const NcnnModel& model() const { return model_; }

 private:
  static constexpr float kOcrSlope = 0.2F;

  Value whole_attention(const Layer& layer, const Parameters& projection, Value x) {
    const int width = layer.input.channels;
    const Value result =
        model_.layer("MultiHeadAttention", {x},
                     list({{0, width}, {1, heads_}, {2, width * width}, {3, width}, {4, width}}));
    const auto part = [&](const std::vector<float>& all, std::size_t which) {
      const auto size = static_cast<std::ptrdiff_t>(all.size() / 3);
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(which) * size;
      return std::vector<float>(first, first + size);
    };
    for (std::size_t i = 0; i < 3; ++i) {
      model_.add_weights(part(attention_.weight, i));
      model_.add_floats(part(attention_.bias, i));
    }
    model_.add_weights(projection.weight);
    model_.add_floats(projection.bias);
    heads_ = 0;
    return result;
  }

  static std::string list(const std::vector<std::pair<int, int>>& parameters) {
    std::string text;
    for (const auto& [key, value] : parameters)
      text += (text.empty() ? "" : " ") + std::to_string(key) + "=" + std::to_string(value);
    return text;
  }

  NcnnModel model_;
  int sliced_ = -1, halves_ = 0, shuffles_ = 0, tokens_ = 0;
  Parameters attention_;  // queries, keys and values, until the product after the attention
  int heads_ = 0;         // of that attention
};

/// Returns whether a graph gives a network the weights that a state dict with its values does.
void expect_the_same(const FileGraph& file, const pplcnet::Graph& graph, float tolerance) {
  AnyNetwork expected(graph), found(graph);
  const auto state = synthetic_state_dict(expected.layers(), expected.traits());
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, expected.layers(), expected.traits(), expected.weights())
          .message(),
      "");
  ASSERT_STREQ(pplcnet::pack_graph(file, found.layers(), found.traits(), found.weights()).message(),
               "");
  float difference = 0;
  for (std::size_t i = 0; i < found.weights().size(); ++i)
    difference = std::max(difference, std::abs(found.weights()[i] - expected.weights()[i]));
  EXPECT_LE(difference, tolerance);
}

void expect_both(const pplcnet::Graph& graph, float tolerance = 0) {
  SCOPED_TRACE(graph.title);
  const AnyNetwork network(graph);
  TorchOnnx onnx;
  WrittenGraph<TorchOnnx> written(network, onnx);
  const std::string model = onnx.file();
  FileGraph file;
  ASSERT_STREQ(pplcnet::parse_onnx(bytes_of(model), "file", file).message(), "");
  expect_the_same(file, graph, tolerance);
  Pnnx pnnx;
  WrittenGraph<Pnnx> as_ncnn(network, pnnx);
  const std::string text = pnnx.model().text();
  ASSERT_STREQ(
      pplcnet::parse_ncnn(text, "param", bytes_of(pnnx.model().weights()), "bin", file).message(),
      "");
  expect_the_same(file, graph, tolerance);
}

constexpr pplcnet::WidthOptions kSmall = {.width = 50, .input = {64, 96}, .classes = 10};
constexpr pplcnet::WidthOptions kWhole = {.input = {64, 96}, .classes = 10};

TEST(ExportersTest, TorchvisionsNetworksAreRead) {
  expect_both(pplcnet::torchvision_mobilenet_v2(kSmall));
  expect_both(pplcnet::torchvision_mobilenet_v3_small(kWhole));
  expect_both(pplcnet::torchvision_mobilenet_v3_large(kSmall));
  expect_both(pplcnet::torchvision_shufflenet_v2(kSmall));
}

TEST(ExportersTest, PaddlesNetworksAreRead) {
  expect_both(pplcnet::paddle_mobilenet_v1(kSmall));
  expect_both(pplcnet::paddle_mobilenet_v3_small(kSmall));
  expect_both(pplcnet::paddle_ghostnet(kSmall));
}

TEST(ExportersTest, DetectorsAndSegmentersAreRead) {
  expect_both(pplcnet::picodet_lcnet({.width = 35, .input = {64, 96}, .classes = 5}));
  expect_both(pplcnet::deeplab_v3p(pplcnet::Scale::x0_25, {.classes = 4, .input = {64, 96}}));
}

TEST(ExportersTest, TextDetectorsAndRecognisersAreRead) {
  // The rounding of what is in front of activations.
  expect_both(pplcnet::ocr_detection({.width = 35, .input = {64, 96}}), 1e-6F);
  expect_both(pplcnet::ocr_recognition({.width = 35, .input = {48, 64}, .classes = 17}), 1e-6F);
}

TEST(ExportersTest, NetworksWithDenseConvolutionsAreRead) {
  expect_both(pplcnet::resnet50_d(kWhole));
  expect_both(pplcnet::light_cnns_googlenet(kWhole));
}

}  // namespace
}  // namespace pplcnet_test::exporters_test
