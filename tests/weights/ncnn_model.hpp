#ifndef PPLCNET_TESTS_WEIGHTS_NCNN_MODEL_HPP
#define PPLCNET_TESTS_WEIGHTS_NCNN_MODEL_HPP

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/weights/state_dict.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test {

/// How a converter writes what can be written in several ways.
struct NcnnForm {
  bool fused = false;        ///< hardswish and relu are parts of the layers with weights
  bool written_out = false;  ///< hardswish is x * hardsigmoid(x), after a Split
  std::uint32_t tag = 0;     ///< of weights: how they are stored
};

inline constexpr std::uint32_t kNcnnHalf = 0x01306B47, kNcnnInteger = 0x000D4B38, kNcnnTable = 1;

/// Writes ncnn networks: text and weights. Results have numbers, the picture 0.
class NcnnModel {
 public:
  explicit NcnnModel(std::uint32_t tag = 0) : tag_(tag) { layer("Input", {}, ""); }

  /// Appends a layer; returns the number of its result.
  int layer(const std::string& type, const std::vector<int>& inputs,
            const std::string& parameters) {
    return split(type, inputs, parameters, 1);
  }

  /// Appends a layer with several results; returns the number of the first.
  int split(const std::string& type, const std::vector<int>& inputs, const std::string& parameters,
            int results) {
    lines_ += type + "  l" + std::to_string(layers_++) + " " + std::to_string(inputs.size()) + " " +
              std::to_string(results);
    for (const int input : inputs) lines_ += " " + std::to_string(input);
    for (int i = 0; i < results; ++i) lines_ += " " + std::to_string(results_ + i);
    lines_ += (parameters.empty() ? "" : " ") + parameters + "\n";
    results_ += results;
    return results_ - results;
  }

  void add_floats(const std::vector<float>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    weights_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void add_weights(const std::vector<float>& values) {
    weights_ += u32(tag_);
    if (tag_ == kNcnnHalf) {
      for (const float value : values) weights_ += little_endian(pplcnet::f16_from_float(value));
    } else if (tag_ == kNcnnTable) {
      std::vector<float> table(256);
      for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(i);
      add_floats(table);
      for (std::size_t i = 0; i < values.size(); ++i) weights_ += static_cast<char>(i % 256);
    } else {
      add_floats(values);
    }
    while (weights_.size() % 4 != 0) weights_ += '\0';
  }

  std::string text() const {
    return "7767517\n" + std::to_string(layers_) + " " + std::to_string(results_) + "\n" + lines_;
  }
  const std::string& weights() const { return weights_; }

 private:
  std::uint32_t tag_;
  std::string lines_, weights_;
  int layers_ = 0, results_ = 0;
};

/// A network with the parameters of a state dict; batch norms are layers.
class NcnnNetwork {
 public:
  NcnnNetwork(const pplcnet::TensorFile& file, std::span<const pplcnet::Layer> layers,
              const pplcnet::NetworkTraits& traits, const NcnnForm& form = {})
      : form_(form), model_(form.tag) {
    pplcnet::StateDict state(file, layers, traits);
    EXPECT_STREQ(state.open().message(), "");
    for (const pplcnet::Layer& layer : layers) {
      pplcnet::Parameters parameters;
      if (layer.has_weights()) {
        EXPECT_STREQ(state.read(layer, parameters).message(), "");
      }
      results_.push_back(add(layer, parameters));
    }
    if (traits.classes > 0) model_.layer("Softmax", {results_.back()}, "0=0 1=1");
  }

  NcnnModel& model() { return model_; }
  const std::vector<int>& results() const { return results_; }
  std::string text() const { return model_.text(); }
  const std::string& weights() const { return model_.weights(); }

 private:
  int add(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters) {
    int input = layer.from < 0 ? 0 : results_[static_cast<std::size_t>(layer.from)];
    if (layer.op == pplcnet::Operator::pool) return model_.layer("Pooling", {input}, "0=1 4=1");
    if (layer.op == pplcnet::Operator::gate)
      return model_.layer("BinaryOp", {input, results_.back()}, "0=2");
    if (layer.scale_percent != 100)
      input =
          model_.layer("BinaryOp", {input}, "0=2 1=1 2=0." + std::to_string(layer.scale_percent));
    int result = weighted(layer, parameters, input);
    if (!parameters.gamma.empty()) {
      result = model_.layer("BatchNorm", {result},
                            "0=" + std::to_string(layer.output.channels) + " 1=1.0e-05");
      for (const auto* values :
           {&parameters.gamma, &parameters.mean, &parameters.variance, &parameters.beta})
        model_.add_floats(*values);
    }
    const bool inside = form_.fused && parameters.gamma.empty() && !fused(layer.activation).empty();
    result = inside ? result : activation(layer.activation, result);
    if (layer.addend < 0) return result;
    return model_.layer("BinaryOp", {results_[static_cast<std::size_t>(layer.addend)], result},
                        "0=0");
  }

  int weighted(const pplcnet::Layer& layer, const pplcnet::Parameters& parameters, int input) {
    const auto text = [](auto number) { return std::to_string(number); };
    const bool product = layer.layout != pplcnet::Layout::convolution;
    const bool depthwise = layer.op == pplcnet::Operator::depthwise;
    std::string line = "0=" + text(layer.output.channels);
    if (product) {
      line += " 1=1 2=" + text(parameters.weight.size());
    } else {
      line += " 1=" + text(layer.kernel.height) + " 11=" + text(layer.kernel.height) +
              " 3=" + text(layer.stride.width) + " 13=" + text(layer.stride.height) +
              " 2=" + text(layer.dilation.height) + " 4=" + text(layer.padding.top) +
              " 5=" + text(parameters.bias.empty() ? 0 : 1) +
              " 6=" + text(parameters.weight.size());
      if (depthwise) line += " 7=" + text(layer.input.channels);
    }
    if (form_.fused && parameters.gamma.empty()) line += fused(layer.activation);
    const int result = model_.layer(product     ? "InnerProduct"
                                    : depthwise ? "ConvolutionDepthWise"
                                                : "Convolution",
                                    {input}, line);
    model_.add_weights(parameters.weight);
    if (!parameters.bias.empty()) model_.add_floats(parameters.bias);
    return result;
  }

  static std::string fused(pplcnet::Activation which) {
    using pplcnet::Activation;
    if (which == Activation::relu) return " 9=1";
    if (which == Activation::relu6) return " 9=3 -23310=2,0.0,6.0";
    if (which == Activation::sigmoid) return " 9=4";
    if (which == Activation::hardswish) return " 9=6 10=1.666667e-01,5.0e-01";
    return "";
  }

  int activation(pplcnet::Activation which, int input) {
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
        return model_.layer("ReLU", {input}, "");
      case Kind::relu6:
        return model_.layer("Clip", {input}, "0=0.0 1=6.0");
      case Kind::sigmoid:
        return model_.layer("Sigmoid", {input}, "");
      case Kind::hardsigmoid:
        return model_.layer("HardSigmoid", {input}, "0=0.166667");
      case Kind::hardswish:
        break;
    }
    if (!form_.written_out) return model_.layer("HardSwish", {input}, "0=0.166667 1=0.5");
    const int copies = model_.split("Split", {input}, "", 2);
    const int gate = model_.layer("HardSigmoid", {copies}, "0=0.166667 1=0.5");
    return model_.layer("BinaryOp", {gate, copies + 1}, "0=2");
  }

  NcnnForm form_;
  NcnnModel model_;
  std::vector<int> results_;  // by layer
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_NCNN_MODEL_HPP
