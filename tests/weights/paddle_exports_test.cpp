// Networks of PaddleClas as Paddle 2 and Paddle 3 export them: concats of lists, splits, shuffles
// as reshape, transpose, reshape.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/paddle/pdmodel.hpp"
#include "pplcnet/weights/paddle/pir.hpp"
#include "weights/contents.hpp"
#include "weights/paddle_model.hpp"
#include "weights/written_graph.hpp"

namespace pplcnet_test {
namespace {

using pplcnet::Activation;
using pplcnet::AnyNetwork;
using pplcnet::Layer;
using pplcnet::Node;
using pplcnet::Operator;
using pplcnet::Parameters;
using pplcnet::Shape;

/// What Paddle writes.
class PaddleExport {
 public:
  using Value = int;
  using Integers = PaddleModel::Integers;
  using Attribute = PaddleModel::Attribute;

  explicit PaddleExport(PaddleForm form) : model_(form) {}

  PaddleModel& model() { return model_; }

  Value picture() { return model_.picture(); }

  Value convolution(const Layer& layer, const Parameters& parameters, Value x) {
    const auto [height, width] = layer.kernel;
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    const pplcnet::Padding& pad = layer.padding;
    const Value result = model_.operation(
        depthwise ? "depthwise_conv2d" : "conv2d",
        {{"Input", x},
         {"Filter",
          parameter({layer.output.channels, layer.depth() / (height * width), height, width},
                    parameters.weight)}},
        {{"strides", Integers{layer.stride.height, layer.stride.width}},
         {"paddings", Integers{pad.top, pad.bottom, pad.left, pad.right}},
         {"padding_algorithm", "EXPLICIT"},
         {"dilations", Integers{1, 1}},
         {"groups", depthwise ? layer.input.channels : 1},
         {"data_format", "NCHW"}});
    if (parameters.bias.empty()) return result;
    return sum(result, reshaped(vector(parameters.bias), {1, -1, 1, 1}));
  }

  Value product(const Layer& layer, const Parameters& parameters, Value x) {
    const std::vector<float> matrix = pplcnet::transposed(parameters.weight, layer.output.channels);
    const Value product = model_.operation(
        model_.is_pir() ? "matmul" : "matmul_v2",
        {{"X", x}, {"Y", parameter({layer.input.channels, layer.output.channels}, matrix)}}, {});
    return sum(product, vector(parameters.bias));
  }

  Value norm(const Layer& layer, const Parameters& parameters, Value x) {
    return model_.operation(model_.is_pir() ? "batch_norm_" : "batch_norm",
                            {{"X", x},
                             {"Mean", vector(parameters.mean)},
                             {"Variance", vector(parameters.variance)},
                             {"Scale", vector(parameters.gamma)},
                             {"Bias", vector(parameters.beta)}},
                            {{"epsilon", static_cast<float>(layer.norm_epsilon)}});
  }

  Value activation(const Activation& which, Value x) {
    using Kind = Activation::Kind;
    const bool pir = model_.is_pir();
    const auto one = [&](const std::string& name, const std::vector<Attribute>& attributes = {}) {
      return model_.operation(name, {{"X", x}}, attributes);
    };
    switch (which.kind) {
      case Kind::relu:
        return one("relu");
      case Kind::relu6:
        return one("relu6");
      case Kind::hardswish:
        return pir ? one("hardswish")
                   : one("hard_swish", {{"threshold", 6.0F}, {"scale", 6.0F}, {"offset", 3.0F}});
      case Kind::hardsigmoid:
        if (which == Activation::clip && pir)
          return model_.operation("clip",
                                  {{"X", x},
                                   {"Min", model_.operation("full", {}, {{"value", 0.0}})},
                                   {"Max", model_.operation("full", {}, {{"value", 1.0}})}},
                                  {});
        if (which == Activation::clip) return one("clip", {{"min", 0.0F}, {"max", 1.0F}});
        return one(pir ? "hardsigmoid" : "hard_sigmoid",
                   {{"slope", which.slope}, {"offset", which.offset}});
      default:
        ADD_FAILURE() << "no word for an activation";
        return x;
    }
  }

  Value pool(const Node& node, Value x) {
    const auto& [kernel, stride, dilation, pad, ceil] = node.window;
    return pooled(x, {kernel.height, kernel.width}, node.op == Operator::max_pool ? "max" : "avg",
                  {{"strides", Integers{stride.height, stride.width}},
                   {"paddings", Integers{pad.top, pad.left}},
                   {"ceil_mode", ceil},
                   {"exclusive", !node.count_padding},
                   {"adaptive", false}});
  }
  Value mean(Value x) {
    return pooled(x, {1, 1}, "avg",
                  {{"strides", Integers{1, 1}}, {"paddings", Integers{0, 0}}, {"adaptive", true}});
  }
  Value product(Value a, Value b) {
    return model_.operation(model_.is_pir() ? "multiply" : "elementwise_mul", {{"X", a}, {"Y", b}},
                            {{"axis", -1}});
  }
  Value sum(Value a, Value b) {
    return model_.operation(model_.is_pir() ? "add" : "elementwise_add", {{"X", a}, {"Y", b}},
                            {{"axis", -1}});
  }
  Value scaled(Value x, int percent) {
    const float factor = static_cast<float>(percent) / 100;
    if (!model_.is_pir())
      return model_.operation("scale", {{"X", x}}, {{"scale", factor}, {"bias", 0.0F}});
    const Value number = model_.operation("full", {}, {{"value", factor}});
    return model_.operation("scale", {{"X", x}, {"scale", number}}, {{"bias", 0.0F}});
  }
  Value concat(const std::vector<Value>& parts) { return model_.concat(parts); }

  Value slice(const Node& node, const Shape& in, Value x) {
    EXPECT_EQ(2 * node.shape.channels, in.channels);
    if (split_ != x) halves_ = model_.split(x, node.shape.channels);
    split_ = x;
    return halves_[node.first == 0 ? 0 : 1];
  }

  Value shuffle(const Node& node, const Shape& in, Value x) {
    const Value rows =
        reshaped(x, {-1, node.groups, in.channels / node.groups, in.height, in.width});
    const Value columns =
        model_.operation(model_.is_pir() ? "transpose" : "transpose2", {{"X", rows}},
                         {{model_.is_pir() ? "perm" : "axis", Integers{0, 2, 1, 3, 4}}});
    return reshaped(columns, {-1, in.channels, in.height, in.width});
  }

 private:
  Value reshaped(Value x, const Integers& shape) {
    if (!model_.is_pir()) return model_.operation("reshape2", {{"X", x}}, {{"shape", shape}});
    const Value constant = model_.operation("full_int_array", {}, {{"value", shape}});
    return model_.operation("reshape", {{"X", x}, {"Shape", constant}}, {});
  }

  Value pooled(Value x, const Integers& window, const char* kind,
               std::vector<Attribute> attributes) {
    attributes.push_back({"pooling_type", kind});
    attributes.push_back({"global_pooling", false});
    if (!model_.is_pir()) {
      attributes.push_back({"ksize", window});
      return model_.operation("pool2d", {{"X", x}}, attributes);
    }
    const Value size = model_.operation("full_int_array", {}, {{"value", window}});
    return model_.operation("pool2d", {{"X", x}, {"ksize", size}}, attributes);
  }

  Value parameter(const Integers& shape, const std::vector<float>& values) {
    return model_.parameter("parameter_" + std::to_string(parameters_++), shape, values);
  }
  Value vector(const std::vector<float>& values) {
    return parameter({static_cast<std::int64_t>(values.size())}, values);
  }

  PaddleModel model_;
  int parameters_ = 0, split_ = -1;
  std::array<int, 2> halves_ = {};
};

void expect_both_forms(const pplcnet::Graph& graph) {
  SCOPED_TRACE(graph.title);
  AnyNetwork expected(graph);
  const auto state = synthetic_state_dict(expected.layers(), expected.traits());
  ASSERT_STREQ(
      pplcnet::pack_state_dict(state.file, expected.layers(), expected.traits(), expected.weights())
          .message(),
      "");
  for (const PaddleForm form : {PaddleForm::pir, PaddleForm::pdmodel}) {
    PaddleExport target(form);
    const WrittenGraph<PaddleExport> written(expected, target);
    const std::string data = target.model().data(), text = target.model().graph();
    pplcnet::TensorFile file;
    pplcnet::PaddleProgram program;
    ASSERT_STREQ(pplcnet::parse_pdiparams(bytes_of(data), "data", file).message(), "");
    const auto parse = form == PaddleForm::pir ? pplcnet::parse_pir : pplcnet::parse_pdmodel;
    ASSERT_STREQ(parse(bytes_of(text), "graph", program).message(), "");
    ASSERT_STREQ(pplcnet::attach_parameters(file, program).message(), "");
    AnyNetwork found(graph);
    ASSERT_STREQ(pplcnet::GraphMatch(program.graph, found.layers(), found.traits())
                     .pack(found.weights())
                     .message(),
                 "");
    EXPECT_TRUE(std::ranges::equal(found.weights(), expected.weights()));
  }
}

TEST(PaddleExportsTest, LightweightNetworksAreRead) {
  constexpr pplcnet::WidthOptions kHalf = {.width = 50, .input = {64, 96}, .classes = 10};
  expect_both_forms(pplcnet::paddle_mobilenet_v1(kHalf));
  expect_both_forms(pplcnet::paddle_mobilenet_v2(kHalf));
  expect_both_forms(pplcnet::paddle_mobilenet_v3_small(kHalf));
  expect_both_forms(pplcnet::paddle_mobilenet_v3_large(kHalf));
  expect_both_forms(pplcnet::paddle_shufflenet_v2(kHalf));
  expect_both_forms(pplcnet::paddle_ghostnet(kHalf));
}

}  // namespace
}  // namespace pplcnet_test
