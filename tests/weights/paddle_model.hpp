#ifndef PPLCNET_TESTS_WEIGHTS_PADDLE_MODEL_HPP
#define PPLCNET_TESTS_WEIGHTS_PADDLE_MODEL_HPP

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/state_dict.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {

/// The two forms of a Paddle program.
enum class PaddleForm { pir, pdmodel };

/// Writes Paddle programs as Paddle exports them: a graph, and the data of its parameters.
class PaddleModel {
 public:
  using Json = nlohmann::json;
  using Writer = protozero::pbf_writer;
  using Integers = std::vector<std::int64_t>;

  struct Attribute {
    std::string name;
    Json value;  ///< a truth value, an integer, a real number, a text, or integers
  };
  using Inputs = std::vector<std::pair<std::string, int>>;  ///< by the names of .pdmodel

  explicit PaddleModel(PaddleForm form) : form_(form) {}

  PaddleForm form() const { return form_; }
  bool is_pir() const { return form_ == PaddleForm::pir; }

  int parameter(const std::string& name, const Integers& shape, const std::vector<float>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    data_[name] = pdiparams_record(description(5, shape),
                                   {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const int value = ++values_;
    if (is_pir()) {
      operations_.push_back(
          {{"#", "p"},
           {"A", {0, 1, 1, name}},
           {"O",
            {{"%", value}, {"TT", {{"D", {{{"#", "0.t_f32"}}, shape, "NCHW", Json::array(), 0}}}}}},
           {"OA", {1, 0, 1}}});
    } else {
      names_[value] = name;
      add_variable(name, shape, true);
    }
    return value;
  }

  int picture() {
    if (is_pir()) return operation("data", {}, {});
    add_variable("feed", {}, false);
    return operation("feed", {{"X", 0}}, {{"col", 0}});
  }

  int operation(const std::string& type, const Inputs& inputs,
                const std::vector<Attribute>& attributes) {
    const int value = ++values_;
    if (is_pir()) {
      Json json = {{"#", "1." + type}, {"A", Json::array()}, {"I", Json::array()}};
      for (const auto& [name, input] : inputs) json["I"].push_back({{"%", input}});
      for (const Attribute& attribute : attributes)
        json["A"].push_back({{"N", attribute.name}, {"AT", pir_value(attribute.value)}});
      json["O"] = Json::array({{{"%", value}}});
      operations_.push_back(std::move(json));
      return value;
    }
    names_[value] = type + "_" + std::to_string(value) + ".tmp_0";
    std::string message;
    Writer writer(message);
    for (const auto& [name, input] : inputs)
      writer.add_message(1, variable(name, input == 0 ? "feed" : names_.at(input)));
    writer.add_message(2, variable("Out", names_.at(value)));
    writer.add_string(3, type);
    for (const Attribute& attribute : attributes) writer.add_message(4, pdmodel_value(attribute));
    operations_pb_.push_back(message);
    return value;
  }

  /// Channels of values side by side.
  int concat(const std::vector<int>& parts) {
    const int list = ++values_, value = ++values_;
    if (is_pir()) {
      Json inputs = Json::array();
      for (const int part : parts) inputs.push_back({{"%", part}});
      operations_.push_back({{"#", "0.combine"}, {"I", inputs}, {"O", {{{"%", list}}}}});
      const int axis = operation("full", {}, {{"value", 1.0}});
      operations_.push_back(
          {{"#", "1.concat"}, {"I", {{{"%", list}}, {{"%", axis}}}}, {"O", {{{"%", value}}}}});
      return value;
    }
    names_[value] = "concat_" + std::to_string(value) + ".tmp_0";
    std::string message, inputs;
    Writer list_writer(inputs);
    list_writer.add_string(1, "X");
    for (const int part : parts) list_writer.add_string(2, names_.at(part));
    Writer writer(message);
    writer.add_message(1, inputs);
    writer.add_message(2, variable("Out", names_.at(value)));
    writer.add_string(3, "concat");
    writer.add_message(4, pdmodel_value({"axis", 1}));
    operations_pb_.push_back(message);
    return value;
  }

  /// Two halves of a value's channels, of so many each.
  std::array<int, 2> split(int input, std::int64_t size) {
    const std::array<int, 2> halves = {values_ + 1, values_ + 2};
    values_ += 2;
    if (is_pir()) {
      const int sections = operation("full_int_array", {}, {{"value", Integers{size, size}}});
      const int axis = operation("full", {}, {{"value", 1.0}});
      const int list =
          operation("split", {{"X", input}, {"sections", sections}, {"axis", axis}}, {});
      operations_.push_back({{"#", "0.split"},
                             {"I", {{{"%", list}}}},
                             {"O", {{{"%", halves[0]}}, {{"%", halves[1]}}}}});
      return halves;
    }
    std::string message, outputs;
    Writer list_writer(outputs);
    list_writer.add_string(1, "Out");
    for (const int half : halves) {
      names_[half] = "split_" + std::to_string(half) + ".tmp_0";
      list_writer.add_string(2, names_.at(half));
    }
    Writer writer(message);
    writer.add_message(1, variable("X", names_.at(input)));
    writer.add_message(2, outputs);
    writer.add_string(3, "split");
    writer.add_message(4, pdmodel_value({"axis", 1}));
    writer.add_message(4, pdmodel_value({"sections", Integers{size, size}}));
    operations_pb_.push_back(message);
    return halves;
  }

  std::string graph() const {
    if (is_pir()) {
      const Json block = {{"#", "block_0"}, {"args", Json::array()}, {"ops", operations_}};
      const Json region = {{"#", "region_0"}, {"blocks", {block}}};
      return Json{{"base_code", {{"magic", "pir"}, {"trainable", false}, {"version", 1}}},
                  {"program", {{"regions", {region}}}}}
          .dump();
    }
    std::string block, program;
    Writer writer(block);
    writer.add_int32(1, 0);
    writer.add_int32(2, -1);
    for (const std::string& message : variables_) writer.add_message(3, message);
    for (const std::string& message : operations_pb_) writer.add_message(4, message);
    Writer(program).add_message(1, block);
    return program;
  }

  /// The contents of the .pdiparams file.
  std::string data() const {
    std::string records;
    for (const auto& [name, record] : data_) records += record;
    return records;
  }

 private:
  static Json pir_value(const Json& value) {
    if (value.is_boolean()) return {{"#", "0.a_bool"}, {"D", value}};
    if (value.is_number_integer()) return {{"#", "0.a_i32"}, {"D", value}};
    if (value.is_number()) return {{"#", "0.a_f32"}, {"D", value}};
    if (value.is_string()) return {{"#", "0.a_str"}, {"D", value}};
    Json elements = Json::array();
    for (const Json& one : value) elements.push_back(pir_value(one));
    return {{"#", "0.a_array"}, {"D", elements}};
  }

  static std::string pdmodel_value(const Attribute& attribute) {
    std::string message;
    Writer writer(message);
    writer.add_string(1, attribute.name);
    const Json& value = attribute.value;
    if (value.is_boolean()) {
      writer.add_bool(10, value.get<bool>());
    } else if (value.is_number_integer()) {
      writer.add_int32(3, value.get<std::int32_t>());
    } else if (value.is_number()) {
      writer.add_float(4, value.get<float>());
    } else if (value.is_string()) {
      writer.add_string(5, value.get<std::string>());
    } else {
      for (const Json& one : value) {
        if (one.is_number_float())
          writer.add_float(7, one.get<float>());
        else
          writer.add_int32(6, one.get<std::int32_t>());
      }
    }
    return message;
  }

  static std::string variable(const std::string& parameter, const std::string& argument) {
    std::string message;
    Writer writer(message);
    writer.add_string(1, parameter);
    writer.add_string(2, argument);
    return message;
  }

  void add_variable(const std::string& name, const Integers& shape, bool is_tensor) {
    constexpr std::int32_t kTensor = 7, kFeed = 9, kFloat = 5;
    std::string tensor, levels, type, message;
    Writer tensor_writer(tensor);
    tensor_writer.add_int32(1, kFloat);
    for (const std::int64_t dimension : shape) tensor_writer.add_int64(2, dimension);
    Writer(levels).add_message(1, tensor);
    Writer type_writer(type);
    type_writer.add_int32(1, is_tensor ? kTensor : kFeed);
    if (is_tensor) type_writer.add_message(3, levels);
    Writer writer(message);
    writer.add_string(1, name);
    writer.add_message(2, type);
    writer.add_bool(3, true);
    variables_.push_back(message);
  }

  PaddleForm form_;
  int values_ = 0;
  std::map<std::string, std::string> data_;  // records, by name
  Json operations_ = Json::array();
  std::map<int, std::string> names_;  // of values, in a .pdmodel
  std::vector<std::string> variables_, operations_pb_;
};

/// A network with the parameters of a state dict, as Paddle exports it.
class PaddleNetwork {
 public:
  PaddleNetwork(const pplcnet::TensorFile& file, std::span<const pplcnet::Layer> layers,
                const pplcnet::NetworkTraits& traits, PaddleForm form)
      : model_(form), picture_(model_.picture()) {
    pplcnet::StateDict state(file, layers, traits);
    EXPECT_STREQ(state.open().message(), "");
    for (const pplcnet::Layer& layer : layers) {
      pplcnet::Parameters parameters;
      if (layer.has_weights()) {
        EXPECT_STREQ(state.read(layer, parameters).message(), "");
      }
      results_.push_back(add(layer, parameters));
    }
    if (traits.classes > 0) model_.operation("softmax", {{"X", results_.back()}}, {});
  }

  PaddleModel& model() { return model_; }

 private:
  using Attribute = PaddleModel::Attribute;
  using Integers = PaddleModel::Integers;

  int add(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters) {
    const int input = layer.from < 0 ? picture_ : results_[static_cast<std::size_t>(layer.from)];
    if (layer.op == pplcnet::Operator::pool) return pool(input, {1, 1}, true);
    if (layer.op == pplcnet::Operator::average_pool)
      return pool(input, {layer.stride.height, layer.stride.width}, false);
    if (layer.op == pplcnet::Operator::gate) return binary("multiply", input, results_.back());
    int result = dropout(input, layer.scale_percent);
    result = layer.layout != pplcnet::Layout::convolution ? product(layer, parameters, result)
                                                          : convolution(layer, parameters, result);
    result = dropout(result, layer.output_percent);
    if (!parameters.gamma.empty()) result = batch_norm(parameters, result);
    result = activation(layer.activation, result);
    if (layer.affine) result = linear(result, parameters.affine[0], parameters.affine[1]);
    if (layer.addend >= 0)
      result = binary("add", results_[static_cast<std::size_t>(layer.addend)], result);
    return result;
  }

  int vector(const std::string& name, const std::vector<float>& values) {
    return model_.parameter(name, {static_cast<std::int64_t>(values.size())}, values);
  }

  int binary(const std::string& pir, int x, int y) {
    const std::string name = model_.is_pir() ? pir
                             : pir == "add"  ? "elementwise_add"
                                             : "elementwise_mul";
    return model_.operation(name, {{"X", x}, {"Y", y}}, {{"axis", -1}});
  }

  /// V3's: times one learnt number, plus another.
  int linear(int input, float scale, float shift) {
    const std::string name = "learnable_affine_block_" + std::to_string(affines_++);
    const int product = binary("multiply", vector(name + ".w_0", {scale}), input);
    return binary("add", product, vector(name + ".w_1", {shift}));
  }

  int pool(int input, const Integers& window, bool adaptive) {
    std::vector<Attribute> attributes = {{"pooling_type", "avg"},
                                         {"adaptive", adaptive},
                                         {"global_pooling", false},
                                         {"strides", adaptive ? Integers{1, 1} : window},
                                         {"paddings", Integers{0, 0}}};
    if (model_.is_pir()) {
      const int size = model_.operation("full_int_array", {}, {{"value", window}});
      return model_.operation("pool2d", {{"X", input}, {"ksize", size}}, attributes);
    }
    attributes.push_back({"ksize", window});
    return model_.operation("pool2d", {{"X", input}}, attributes);
  }

  int dropout(int input, int percent) {
    if (percent == 100) return input;
    const float probability = 1 - static_cast<float>(percent) / 100;
    if (!model_.is_pir())
      return model_.operation("dropout", {{"X", input}},
                              {{"dropout_implementation", "downgrade_in_infer"},
                               {"dropout_prob", probability},
                               {"is_test", true}});
    const int number = model_.operation("full", {}, {{"value", probability}});
    return model_.operation("dropout", {{"X", input}, {"Seed", 0}, {"p", number}},
                            {{"is_test", true}, {"mode", "downgrade_in_infer"}});
  }

  int convolution(const pplcnet::Layer& layer, const pplcnet::Parameters& given, int input) {
    // What V3 has in front of its activations is part of what is given here.
    constexpr float kScale = 0.5f, kShift = 0.25f;
    const bool affine = !training_form(layer).affine.empty();
    pplcnet::Parameters parameters = given;
    for (float& weight : parameters.weight) weight *= affine ? 1 / kScale : 1;
    for (float& bias : parameters.bias) bias = affine ? (bias - kShift) / kScale : bias;

    const std::string name = "conv2d_" + std::to_string(convolutions_++);
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    const std::int64_t padding = layer.padding.top;
    const int weights = model_.parameter(
        name + ".w_0", pplcnet::weight_shape(layer, pplcnet::Naming{}), parameters.weight);
    int result = model_.operation(
        depthwise ? "depthwise_conv2d" : "conv2d", {{"Input", input}, {"Filter", weights}},
        {{"strides", Integers{layer.stride.height, layer.stride.width}},
         {"paddings", Integers{padding, padding}},
         {"padding_algorithm", "EXPLICIT"},
         {"dilations", Integers{layer.dilation.height, layer.dilation.width}},
         {"groups", depthwise ? layer.input.channels : 1},
         {"data_format", "NCHW"}});
    if (!parameters.bias.empty()) result = bias(name, parameters.bias, result);
    return affine ? linear(result, kScale, kShift) : result;
  }

  int bias(const std::string& name, const std::vector<float>& values, int input) {
    int biases = vector(name + ".b_0", values);
    if (model_.is_pir()) {
      const int shape = model_.operation("full_int_array", {}, {{"value", Integers{1, -1, 1, 1}}});
      biases = model_.operation("reshape", {{"X", biases}, {"Shape", shape}}, {});
    }
    return binary("add", input, biases);
  }

  int product(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters, int map) {
    const std::int64_t in = layer.input.channels, out = layer.output.channels;
    const int input = model_.operation(model_.is_pir() ? "flatten" : "flatten_contiguous_range",
                                       {{"X", map}}, {{"start_axis", 1}, {"stop_axis", 3}});
    std::vector<float> matrix(parameters.weight.size());
    for (std::size_t i = 0; i < matrix.size(); ++i)
      matrix[i] =
          parameters.weight[i % static_cast<std::size_t>(out) * static_cast<std::size_t>(in) +
                            i / static_cast<std::size_t>(out)];
    const int weights = model_.parameter("linear_0.w_0", {in, out}, matrix);
    const int result = model_.operation(model_.is_pir() ? "matmul" : "matmul_v2",
                                        {{"X", input}, {"Y", weights}}, {});
    return binary("add", result, vector("linear_0.b_0", parameters.bias));
  }

  int batch_norm(const pplcnet::Parameters& parameters, int input) {
    const std::string name = "batch_norm2d_" + std::to_string(norms_++);
    const std::pair<std::string, int> scale = {"Scale", vector(name + ".w_0", parameters.gamma)};
    const std::pair<std::string, int> shift = {"Bias", vector(name + ".b_0", parameters.beta)};
    const std::pair<std::string, int> mean = {"Mean", vector(name + ".w_1", parameters.mean)};
    const std::pair<std::string, int> variance = {"Variance",
                                                  vector(name + ".w_2", parameters.variance)};
    return model_.operation(model_.is_pir() ? "batch_norm_" : "batch_norm",
                            {{"X", input}, mean, variance, scale, shift}, {{"epsilon", 1e-5f}});
  }

  int activation(pplcnet::Activation which, int input) {
    using Kind = pplcnet::Activation::Kind;
    const auto operation = [&](const std::string& pir, const std::string& pdmodel,
                               const std::vector<Attribute>& attributes = {}) {
      return model_.operation(model_.is_pir() ? pir : pdmodel, {{"X", input}}, attributes);
    };
    switch (which.kind) {
      case Kind::none:
      case Kind::gelu:
      case Kind::silu:
      case Kind::linear:
      case Kind::root:
      case Kind::prelu:
        return input;
      case Kind::relu:
        return operation("relu", "relu");
      case Kind::relu6:
        return operation("relu6", "relu6");
      case Kind::sigmoid:
        return operation("sigmoid", "sigmoid");
      case Kind::hardsigmoid:
        return operation("hardsigmoid", "hard_sigmoid", {{"slope", 0.1666667f}, {"offset", 0.5f}});
      case Kind::hardswish:
        break;
    }
    if (model_.is_pir()) return operation("hardswish", "");
    return operation("", "hard_swish", {{"threshold", 6.0f}, {"scale", 6.0f}, {"offset", 3.0f}});
  }

  PaddleModel model_;
  int picture_;
  std::vector<int> results_;  // by layer
  int convolutions_ = 0, norms_ = 0, affines_ = 0;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_PADDLE_MODEL_HPP
