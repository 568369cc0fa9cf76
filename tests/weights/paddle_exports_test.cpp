// Networks of PaddleClas, PaddleDetection, PaddleSeg and PaddleOCR as Paddle 2 and Paddle 3 export
// them: concats of lists, splits, shuffles as reshape, transpose, reshape, attention in its parts.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/networks/deeplab_v3p.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/networks/picodet.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdmodel.hpp"
#include "pplcnet/weights/paddle/pir.hpp"
#include "weights/contents.hpp"
#include "weights/paddle_model.hpp"
#include "weights/written_graph.hpp"

namespace pplcnet_test::paddle_exports_test {
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
         {"dilations", Integers{layer.dilation.height, layer.dilation.width}},
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
    const auto one = [&](const std::string& name, const std::vector<Attribute>& attributes = {},
                         std::optional<Value> of = {}) {
      return model_.operation(name, {{"X", of.value_or(x)}}, attributes);
    };
    switch (which.kind) {
      case Kind::relu:
        return one("relu");
      case Kind::relu6:
        return one("relu6");
      case Kind::hardswish:
        return pir ? one("hardswish")
                   : one("hard_swish", {{"threshold", 6.0F}, {"scale", 6.0F}, {"offset", 3.0F}});
      case Kind::sigmoid:
        return one("sigmoid");
      case Kind::silu:
        return one("swish", {{"beta", 1.0F}});
      case Kind::root:
        return one("sqrt", {}, added(x, which.offset));
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
  Value scaled(Value x, int percent) { return times(x, static_cast<float>(percent) / 100); }
  Value times(Value x, float factor) {
    if (!model_.is_pir())
      return model_.operation("scale", {{"X", x}}, {{"scale", factor}, {"bias", 0.0F}});
    const Value number = model_.operation("full", {}, {{"value", factor}});
    return model_.operation("scale", {{"X", x}, {"scale", number}}, {{"bias", 0.0F}});
  }
  /// Plus a number, as Paddle writes it: in a scale.
  Value added(Value x, float number) {
    if (!model_.is_pir())
      return model_.operation("scale", {{"X", x}},
                              {{"scale", 1.0F}, {"bias", number}, {"bias_after_scale", true}});
    const Value one = model_.operation("full", {}, {{"value", 1.0F}});
    return model_.operation("scale", {{"X", x}, {"scale", one}},
                            {{"bias", number}, {"bias_after_scale", true}});
  }
  /// V3's learnable scale and shift, each of one number.
  Value affine(Value x, float scale, float shift) {
    return sum(product(vector({scale}), x), vector({shift}));
  }
  Value concat(const std::vector<Value>& parts) { return model_.concat(parts); }

  Value transposed_convolution(const Layer& layer, const Parameters& parameters, Value x) {
    const int side = layer.repeats == 4 ? 2 : 1, out = layer.output.channels / layer.repeats;
    PaddleModel::Inputs inputs = {
        {"Input", x},
        {"Filter", parameter({layer.input.channels, out, side, side}, parameters.weight)}};
    if (model_.is_pir())
      inputs.emplace_back("output_size",
                          model_.operation("full_int_array", {}, {{"value", Integers{}}}));
    const Value result = model_.operation("conv2d_transpose", inputs,
                                          {{"strides", Integers{side, side}},
                                           {"paddings", Integers{0, 0}},
                                           {"output_padding", Integers{}},
                                           {"padding_algorithm", "EXPLICIT"},
                                           {"groups", 1},
                                           {"dilations", Integers{1, 1}},
                                           {"data_format", "NCHW"}});
    return sum(result, reshaped(vector(parameters.bias), {1, -1, 1, 1}));
  }

  /// By a factor, or to a size, which is known or computed.
  Value resized(const Node& node, const Shape& in, Value x) {
    const bool nearest = node.resampling == pplcnet::Resampling::nearest;
    const bool computed = !nearest && resized_++ % 2 == 0;
    const bool pir = model_.is_pir();
    const int height = node.shape.height, width = node.shape.width;
    std::vector<Attribute> attributes = {{"data_format", "NCHW"},
                                         {"interp_method", nearest ? "nearest" : "bilinear"},
                                         {"align_corners", false},
                                         {"align_mode", nearest ? 1 : 0},
                                         {"out_h", nearest || computed ? -1 : height},
                                         {"out_w", nearest || computed ? -1 : width}};
    if (nearest)
      attributes.push_back({"scale", PaddleModel::Json{double{1} * height / in.height,
                                                       double{1} * width / in.width}});
    PaddleModel::Inputs inputs = {{"X", x}};
    if (computed && pir) inputs.insert(inputs.end(), {{"OutSize", 0}, {"SizeTensor", shape_of(x)}});
    if (computed && !pir) inputs.insert(inputs.end(), 2, {"SizeTensor", shape_of(x)});
    const std::string name = nearest ? "nearest_interp" : "bilinear_interp";
    return model_.operation(pir ? name : name + "_v2", inputs, attributes);
  }

  Value layer_norm(const Layer& layer, const Parameters& parameters, Value x) {
    return model_.operation(
        "layer_norm",
        {{"X", x}, {"Scale", vector(parameters.weight)}, {"Bias", vector(parameters.bias)}},
        {{"epsilon", static_cast<float>(layer.norm_epsilon)}, {"begin_norm_axis", 2}});
  }
  Value token_product(const Layer& layer, const Parameters& parameters, Value x) {
    return product(layer, parameters, x);
  }
  Value softmax(Value x) { return model_.operation("softmax", {{"X", x}}, {{"axis", 2}}); }

  Value attention(const Node& node, Value x) {
    const int depth = node.shape.channels / node.groups;
    const Value all =
        transposed(reshaped(x, {0, -1, 3, node.groups, depth}), Integers{2, 0, 3, 1, 4});
    const Value queries = times(part(all, 0), 1 / std::sqrt(static_cast<float>(depth)));
    const Value keys = transposed(part(all, 1), {0, 1, 3, 2});
    Value scores = matrix_product(queries, keys);
    scores = model_.operation("softmax", {{"X", scores}}, {{"axis", -1}});
    const Value means = matrix_product(dropped(scores), part(all, 2));
    return reshaped(transposed(means, {0, 2, 1, 3}), {0, -1, node.shape.channels});
  }

  Value to_tokens(Value x, const Shape&) {
    const Value flat =
        tokens_++ % 2 == 0
            ? model_.operation(model_.is_pir() ? "flatten" : "flatten_contiguous_range", {{"X", x}},
                               {{"start_axis", 2}, {"stop_axis", 3}})
            : model_.operation(model_.is_pir() ? "squeeze" : "squeeze2", {{"X", x}},
                               {{"axes", Integers{2}}});
    return transposed(flat, {0, 2, 1});
  }
  Value to_map(Value x, const Shape& shape) {
    return transposed(reshaped(x, {0, shape.height, shape.width, shape.channels}), {0, 3, 1, 2});
  }

  Value slice(const Node& node, const Shape& in, Value x) {
    EXPECT_EQ(2 * node.shape.channels, in.channels);
    if (split_ != x) halves_ = model_.split(x, node.shape.channels);
    split_ = x;
    return halves_[node.first == 0 ? 0 : 1];
  }

  Value shuffle(const Node& node, const Shape& in, Value x) {
    const Value rows =
        reshaped(x, {-1, node.groups, in.channels / node.groups, in.height, in.width});
    return reshaped(transposed(rows, {0, 2, 1, 3, 4}), {-1, in.channels, in.height, in.width});
  }

 private:
  Value transposed(Value x, const Integers& order) {
    return model_.operation(model_.is_pir() ? "transpose" : "transpose2", {{"X", x}},
                            {{model_.is_pir() ? "perm" : "axis", order}});
  }
  Value matrix_product(Value a, Value b) {
    const bool pir = model_.is_pir();
    return model_.operation(
        pir ? "matmul" : "matmul_v2", {{"X", a}, {"Y", b}},
        {{pir ? "transpose_x" : "trans_x", false}, {pir ? "transpose_y" : "trans_y", false}});
  }
  /// One of a first dimension, which is gone then.
  Value part(Value x, int which) {
    const std::vector<Attribute> attributes = {{"axes", Integers{0}},
                                               {"decrease_axis", Integers{0}}};
    if (!model_.is_pir()) {
      std::vector<Attribute> all = attributes;
      all.push_back({"starts", Integers{which}});
      all.push_back({"ends", Integers{which + 1}});
      return model_.operation("slice", {{"Input", x}}, all);
    }
    const Value first = model_.operation("full_int_array", {}, {{"value", Integers{which}}});
    const Value last = model_.operation("full_int_array", {}, {{"value", Integers{which + 1}}});
    return model_.operation("slice", {{"Input", x}, {"starts", first}, {"ends", last}}, attributes);
  }
  /// Dropout that does nothing at inference.
  Value dropped(Value x) {
    if (!model_.is_pir())
      return model_.operation("dropout", {{"X", x}},
                              {{"dropout_implementation", "upscale_in_train"},
                               {"dropout_prob", 0.1F},
                               {"is_test", true}});
    const Value number = model_.operation("full", {}, {{"value", 0.1F}});
    return model_.operation("dropout", {{"X", x}, {"Seed", 0}, {"p", number}},
                            {{"is_test", true}, {"mode", "upscale_in_train"}});
  }
  Value shape_of(Value x) {
    return model_.operation(model_.is_pir() ? "shape64" : "shape", {{"Input", x}}, {});
  }

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
  int parameters_ = 0, split_ = -1, resized_ = 0, tokens_ = 0;
  std::array<int, 2> halves_ = {};
};

/// Expects a network's weights from both forms, within what the rounding of a scale in front of an
/// activation may change.
void expect_both_forms(const pplcnet::Graph& graph, float tolerance = 0) {
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
    ASSERT_STREQ(pplcnet::pack_graph(program.graph, found.layers(), found.traits(), found.weights())
                     .message(),
                 "");
    float difference = 0;
    for (std::size_t i = 0; i < found.weights().size(); ++i)
      difference = std::max(difference, std::abs(found.weights()[i] - expected.weights()[i]));
    EXPECT_LE(difference, tolerance);
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

TEST(PaddleExportsTest, DetectorsAndSegmentersAreRead) {
  expect_both_forms(pplcnet::picodet_lcnet({.width = 35, .input = {64, 96}, .classes = 5}));
  expect_both_forms(pplcnet::deeplab_v3p(pplcnet::Scale::x0_25, {.classes = 4, .input = {64, 96}}));
}

TEST(PaddleExportsTest, TextDetectorsAndRecognisersAreRead) {
  expect_both_forms(pplcnet::ocr_detection({.width = 35, .input = {64, 96}}), 1e-6F);
  expect_both_forms(pplcnet::ocr_recognition({.width = 35, .input = {48, 64}, .classes = 17}),
                    1e-6F);
}

}  // namespace
}  // namespace pplcnet_test::paddle_exports_test
