// Networks as torch.onnx and pnnx write them: activations spelled out, batch norms and borders as
// nodes of their own, shuffles as Reshape, Transpose, Reshape.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pplcnet/models/light_cnns.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"
#include "weights/onnx_model.hpp"
#include "weights/written_graph.hpp"

namespace pplcnet_test {
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
    const Value result = model_.layer(
        "BatchNorm", {x},
        list({{0, layer.output.channels}}) + " 1=" + std::to_string(layer.norm_epsilon));
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
        return model_.layer("HardSigmoid", {x}, gate);
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
  static std::string list(const std::vector<std::pair<int, int>>& parameters) {
    std::string text;
    for (const auto& [key, value] : parameters)
      text += (text.empty() ? "" : " ") + std::to_string(key) + "=" + std::to_string(value);
    return text;
  }

  NcnnModel model_;
  int sliced_ = -1, halves_ = 0, shuffles_ = 0;
};

/// Returns whether a graph gives a network the weights that a state dict with its values does.
void expect_the_same(const FileGraph& file, const pplcnet::Graph& graph, float tolerance) {
  AnyNetwork expected(graph), found(graph);
  const auto state = synthetic_state_dict(expected.layers(), expected.traits());
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, expected.layers(), expected.traits(), expected.weights())
          .message(),
      "");
  ASSERT_STREQ(
      pplcnet::GraphMatch(file, found.layers(), found.traits()).pack(found.weights()).message(),
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

TEST(ExportersTest, NetworksWithDenseConvolutionsAreRead) {
  expect_both(pplcnet::resnet50_d(kWhole));
  expect_both(pplcnet::light_cnns_googlenet(kWhole));
}

}  // namespace
}  // namespace pplcnet_test
