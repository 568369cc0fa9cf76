#ifndef PPLCNET_TESTS_WEIGHTS_ONNX_MODEL_HPP
#define PPLCNET_TESTS_WEIGHTS_ONNX_MODEL_HPP

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/weights/state_dict.hpp"

namespace pplcnet_test {

/// Writes ONNX models, as the exporters of frameworks do.
class OnnxModel {
 public:
  using Writer = protozero::pbf_writer;

  explicit OnnxModel(const std::string& input) {
    Writer(graph_).add_message(11, named(1, input));  // ValueInfoProto
  }

  /// A TensorProto of floats.
  static std::string tensor(const std::string& name, const std::vector<std::int64_t>& shape,
                            const std::vector<float>& values, bool raw = true) {
    std::string message;
    Writer writer(message);
    for (const std::int64_t dimension : shape) writer.add_int64(1, dimension);
    writer.add_int32(2, 1);
    writer.add_string(8, name);
    if (raw) {
      const auto bytes = std::as_bytes(std::span(values));
      writer.add_bytes(9, reinterpret_cast<const char*>(bytes.data()), bytes.size());
    } else {
      writer.add_packed_float(4, values.begin(), values.end());
    }
    return message;
  }

  /// A TensorProto of integers.
  static std::string integers(const std::string& name, const std::vector<std::int64_t>& values) {
    std::string message;
    Writer writer(message);
    writer.add_int64(1, static_cast<std::int64_t>(values.size()));
    writer.add_int32(2, 7);
    writer.add_packed_int64(7, values.begin(), values.end());
    writer.add_string(8, name);
    return message;
  }

  static std::string attribute(const std::string& name, std::int64_t value) {
    return attribute(name, [&](Writer& writer) { writer.add_int64(3, value); });
  }
  static std::string attribute(const std::string& name, float value) {
    return attribute(name, [&](Writer& writer) { writer.add_float(2, value); });
  }
  static std::string attribute(const std::string& name, const std::vector<std::int64_t>& values) {
    return attribute(name, [&](Writer& writer) {
      for (const std::int64_t value : values) writer.add_int64(8, value);
    });
  }
  static std::string attribute(const std::string& name, const std::string& value) {
    return attribute(name, [&](Writer& writer) { writer.add_string(4, value); });
  }
  static std::string attribute_tensor(const std::string& name, const std::string& tensor) {
    return attribute(name, [&](Writer& writer) { writer.add_message(5, tensor); });
  }

  void add_initializer(const std::string& message) { Writer(graph_).add_message(5, message); }
  void add_node(const std::string& message) { Writer(graph_).add_message(1, message); }

  /// A constant as an initializer, or as a node.
  std::string constant(const std::vector<std::int64_t>& shape, const std::vector<float>& values,
                       bool as_node = false) {
    const std::string name = new_name();
    if (!as_node) {
      add_initializer(tensor(name, shape, values));
      return name;
    }
    return node("Constant", {}, {attribute_tensor("value", tensor("", shape, values, false))});
  }

  /// Appends a node; returns the name of its result.
  std::string node(const std::string& operation, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& attributes = {}) {
    const std::string result = new_name();
    std::string message;
    Writer writer(message);
    for (const std::string& input : inputs) writer.add_string(1, input);
    writer.add_string(2, result);
    writer.add_string(4, operation);
    for (const std::string& one : attributes) writer.add_message(5, one);
    add_node(message);
    return result;
  }

  std::string file() const {
    std::string message;
    Writer writer(message);
    writer.add_int64(1, 8);
    writer.add_string(2, "a test");
    writer.add_message(7, graph_);
    return message;
  }

 private:
  template <class Fill>
  static std::string attribute(const std::string& name, Fill fill) {
    std::string message = named(1, name);
    Writer writer(message);
    fill(writer);
    return message;
  }

  static std::string named(std::uint32_t field, const std::string& name) {
    std::string message;
    Writer(message).add_string(field, name);
    return message;
  }

  std::string new_name() { return "v" + std::to_string(names_++); }

  std::string graph_;
  int names_ = 0;
};

/// How an exporter writes what can be written in several ways.
struct OnnxForm {
  enum class Hardswish { node, gated, written_out };

  Hardswish hardswish = Hardswish::node;
  bool constant_nodes = false;                           ///< not initializers
  bool matrix_and_add = false;                           ///< not Gemm
  bool transposed = true;                                ///< Gemm's matrix is [out][in]
  bool reduce_mean = false;                              ///< not GlobalAveragePool
  std::optional<std::vector<std::int64_t>> window = {};  ///< of AveragePool: not its strides
};

/// A network with the parameters of a state dict.
class OnnxNetwork {
 public:
  OnnxNetwork(const pplcnet::TensorFile& file, std::span<const pplcnet::Layer> layers,
              const pplcnet::NetworkTraits& traits, const OnnxForm& form)
      : form_(form) {
    pplcnet::StateDict state(file, layers, traits);
    EXPECT_STREQ(state.open().message(), "");
    for (const pplcnet::Layer& layer : layers) {
      pplcnet::Parameters parameters;
      if (layer.has_weights()) {
        EXPECT_STREQ(state.read(layer, parameters).message(), "");
      }
      results_.push_back(add(layer, parameters));
    }
    if (traits.classes > 0) model_.node("Softmax", {results_.back()});
  }

  std::string file() const { return model_.file(); }

  /// What a larger network goes on with.
  OnnxModel& model() { return model_; }
  const std::vector<std::string>& results() const { return results_; }

 private:
  std::string number(float value) { return model_.constant({}, {value}, form_.constant_nodes); }

  std::string scaled(const std::string& input, int percent) {
    if (percent == 100) return input;
    return model_.node("Mul", {input, number(static_cast<float>(percent) / 100)});
  }

  std::string add(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters) {
    const std::string input = layer.from < 0 ? "x" : results_[static_cast<std::size_t>(layer.from)];
    if (layer.op == pplcnet::Operator::average_pool) return window_mean(layer, input);
    if (layer.op == pplcnet::Operator::pool) return pool(input);
    if (layer.op == pplcnet::Operator::gate) return model_.node("Mul", {input, results_.back()});
    std::string result = scaled(input, layer.scale_percent);
    result = layer.layout != pplcnet::Layout::convolution ? product(layer, parameters, result)
                                                          : convolution(layer, parameters, result);
    result = scaled(result, layer.output_percent);
    if (!parameters.gamma.empty()) {
      std::vector<std::string> inputs = {result};
      for (const auto* values :
           {&parameters.gamma, &parameters.beta, &parameters.mean, &parameters.variance})
        inputs.push_back(vector(*values));
      result = model_.node("BatchNormalization", inputs, {OnnxModel::attribute("epsilon", 1e-5f)});
    }
    result = activation(layer.activation, result);
    if (layer.affine)
      result = model_.node("Add", {model_.node("Mul", {result, number(parameters.affine[0])}),
                                   number(parameters.affine[1])});
    if (layer.addend >= 0)
      result = model_.node("Add", {results_[static_cast<std::size_t>(layer.addend)], result});
    return result;
  }

  std::string vector(const std::vector<float>& values) {
    return model_.constant({static_cast<std::int64_t>(values.size())}, values,
                           form_.constant_nodes);
  }

  std::string pool(const std::string& input) {
    if (!form_.reduce_mean) return model_.node("GlobalAveragePool", {input});
    if (form_.constant_nodes)
      return model_.node("ReduceMean", {input},
                         {OnnxModel::attribute("axes", std::vector<std::int64_t>{-2, -1})});
    const std::string axes = input + "_axes";
    model_.add_initializer(OnnxModel::integers(axes, {2, 3}));
    return model_.node("ReduceMean", {input, axes});
  }

  std::string window_mean(const pplcnet::Layer& layer, const std::string& input) {
    const std::vector<std::int64_t> window = {layer.stride.height, layer.stride.width};
    return model_.node("AveragePool", {input},
                       {OnnxModel::attribute("kernel_shape", form_.window.value_or(window)),
                        OnnxModel::attribute("pads", std::vector<std::int64_t>(4)),
                        OnnxModel::attribute("strides", window)});
  }

  std::string convolution(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters,
                          const std::string& input) {
    const auto shape = pplcnet::weight_shape(layer, pplcnet::Naming{});
    std::vector<std::string> inputs = {
        input, model_.constant(shape, parameters.weight, form_.constant_nodes)};
    if (!parameters.bias.empty()) inputs.push_back(vector(parameters.bias));
    const std::int64_t padding = layer.padding.top;
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    const auto pair = [](std::int64_t a, std::int64_t b) { return std::vector{a, b}; };
    return model_.node(
        "Conv", inputs,
        {OnnxModel::attribute("group", std::int64_t{depthwise ? layer.input.channels : 1}),
         OnnxModel::attribute("dilations", pair(layer.dilation.height, layer.dilation.width)),
         OnnxModel::attribute("pads", std::vector(4, padding)),
         OnnxModel::attribute("strides", pair(layer.stride.height, layer.stride.width))});
  }

  std::string product(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters,
                      const std::string& map) {
    const std::int64_t in = layer.input.channels, out = layer.output.channels;
    const std::string input =
        model_.node("Flatten", {map}, {OnnxModel::attribute("axis", std::int64_t{1})});
    const bool transposed = form_.transposed && !form_.matrix_and_add;
    std::vector<float> matrix = parameters.weight;
    if (!transposed)
      for (std::size_t i = 0; i < matrix.size(); ++i)
        matrix[i] =
            parameters.weight[i % static_cast<std::size_t>(out) * static_cast<std::size_t>(in) +
                              i / static_cast<std::size_t>(out)];
    const std::string weights = model_.constant(
        transposed ? std::vector{out, in} : std::vector{in, out}, matrix, form_.constant_nodes);
    const std::string bias = vector(parameters.bias);
    if (form_.matrix_and_add)
      return model_.node("Add", {model_.node("MatMul", {input, weights}), bias});
    return model_.node("Gemm", {input, weights, bias},
                       {OnnxModel::attribute("transB", std::int64_t{transposed})});
  }

  std::string hardsigmoid(const std::string& input) {
    return model_.node("HardSigmoid", {input}, {OnnxModel::attribute("alpha", 0.1666667f)});
  }

  std::string activation(pplcnet::Activation which, const std::string& input) {
    using Kind = pplcnet::Activation::Kind;
    switch (which.kind) {
      case Kind::none:
      case Kind::gelu:
      case Kind::silu:
      case Kind::linear:
      case Kind::root:
      case Kind::prelu:
        return input;
      case Kind::relu:
        return model_.node("Relu", {input});
      case Kind::relu6:
        return model_.node("Clip", {input, number(0), number(6)});
      case Kind::sigmoid:
        return model_.node("Sigmoid", {input});
      case Kind::hardsigmoid:
        return hardsigmoid(input);
      case Kind::hardswish:
        break;
    }
    if (form_.hardswish == OnnxForm::Hardswish::node) return model_.node("HardSwish", {input});
    if (form_.hardswish == OnnxForm::Hardswish::gated)
      return model_.node("Mul", {input, hardsigmoid(input)});
    const std::string sum = model_.node("Add", {input, number(3)});
    const std::string clip = model_.node("Clip", {sum, number(0), number(6)});
    return model_.node("Div", {model_.node("Mul", {input, clip}), number(6)});
  }

  OnnxForm form_;
  OnnxModel model_{"x"};
  std::vector<std::string> results_;  // by layer
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_ONNX_MODEL_HPP
