#ifndef PPLCNET_QUANTISE_ONNX_WRITER_HPP
#define PPLCNET_QUANTISE_ONNX_WRITER_HPP

// Needs protozero (Debian: libprotozero-dev).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/file_tensors.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/onnx/activation_nodes.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"
#include "pplcnet/weights/onnx/options.hpp"
#include "pplcnet/weights/onnx/window_attributes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Writes a network in bytes as ONNX nodes: QuantizeLinear where a layer gives bytes,
/// DequantizeLinear where others read them, and float32 between these. Its tensors are those of the
/// network's own file, by the same names; all others have a '/' in theirs.
class QuantisedOnnxWriter {
 public:
  /// Refers to all of these. The model has the tensors that the plan's layers need.
  QuantisedOnnxWriter(const Plan& plan, const QuantisedModel& model, const OnnxOptions& options)
      : plan_(plan), model_(model), options_(options) {}

  /// Returns the bytes of the model.
  std::string model(const ModelInfo& info) {
    graph_.add_input("input", sizes(layers_.front().input));
    add_tensors();
    add_picture();
    for (std::size_t i = 0; i < layers_.size(); ++i) add_layer(i);
    for (const int output : outputs_) add_output(output);
    return graph_.finish(join({"pplcnet ", plan_.traits.name}), options_.opset,
                         quantised_file::metadata_of(layers_, plan_.traits, info));
  }

 private:
  OnnxInts sizes(const Shape& shape) const {
    return {options_.batch > 0 ? options_.batch : -1, shape.channels, shape.height, shape.width};
  }
  std::string name_of(std::size_t layer) const { return quantised_file::name_of(layers_, layer); }
  bool gives_bytes(std::size_t layer) const { return quantised_file::gives_bytes(layers_, layer); }
  bool is_picture(int layer) const {
    return layer < 0 || layers_[static_cast<std::size_t>(layer)].op == Operator::picture;
  }

  void add_tensors() {
    static_cast<void>(quantised_file::for_each_tensor(
        layers_, model_, [&](const std::string& name, const OnnxInts& shape, const auto& values) {
          graph_.add_tensor(name, shape, std::span(values));
          return Error();
        }));
  }

  /// Appends the picture's bytes, whose zeros are real numbers: beside it is the nearest byte.
  void add_picture() {
    const auto plane = [&](const char* what, const char* tensor) {
      return graph_.add_node("Unsqueeze", what, {tensor, integers("picture/axes", {1, 2})});
    };
    const std::string steps = graph_.add_node("Div", "picture/divided",
                                              {"input", plane("picture/scale", "picture.scale")});
    const std::string moved = graph_.add_node("Add", "picture/moved",
                                              {steps, plane("picture/zero", "picture.zero_point")});
    const float one = 1;
    const std::uint8_t zero = 0;
    graph_.add_node("QuantizeLinear", "picture/bytes",
                    {moved, graph_.add_tensor("picture/one", {}, std::span(&one, 1)),
                     graph_.add_tensor("picture/none", {}, std::span(&zero, 1))});
    std::vector<std::uint8_t> beside;
    for (const float real : model_.picture_zeros) beside.push_back(rounded(real));
    graph_.add_tensor("picture/beside", {static_cast<std::int64_t>(beside.size())},
                      std::span<const std::uint8_t>(beside));
  }

  static std::uint8_t rounded(float zero) {
    return static_cast<std::uint8_t>(round_half_even(double{zero}));
  }

  /// Returns what a layer's bytes stand for, in steps of each channel's scale.
  std::string steps_of(int layer) {
    if (is_picture(layer))
      return dequantised("picture/steps", "picture/bytes", ones(3), "picture/beside");
    const auto index = static_cast<std::size_t>(layer);
    const std::string name = name_of(index);
    return dequantised(name + "/steps", name + "/bytes", ones(layers_[index].output.channels),
                       name + ".zero_point");
  }

  /// Returns what a layer's bytes stand for.
  std::string reals_of(int layer) {
    const std::string name = name_of(static_cast<std::size_t>(layer));
    return dequantised(name + "/reals", name + "/bytes", name + ".scale", name + ".zero_point");
  }

  /// Appends a node unless it is there.
  std::string dequantised(const std::string& to, const std::string& bytes, const std::string& scale,
                          const std::string& zero) {
    if (is_new(to)) graph_.add_node("DequantizeLinear", to, {bytes, scale, zero}, {channel_axis()});
    return to;
  }

  static OnnxAttribute channel_axis() { return {"axis", std::int64_t{1}}; }

  /// Returns the scales of as many channels, which are all 1.
  std::string ones(int channels) {
    std::string name = join({"ones/", channels});
    const std::vector<float> values(static_cast<std::size_t>(channels), 1.0F);
    if (is_new(name)) graph_.add_tensor(name, {channels}, std::span<const float>(values));
    return name;
  }

  std::string integers(const std::string& name, const OnnxInts& values) {
    if (is_new(name)) graph_.add_integers(name, values);
    return name;
  }

  bool is_new(const std::string& name) { return written_.emplace(name, true).second; }

  void add_layer(std::size_t index) {
    const Layer& layer = layers_[index];
    if (layer.op == Operator::picture) return;
    const std::string name = name_of(index);
    std::string value = layer.op == Operator::pool   ? mean(index)
                        : layer.op == Operator::gate ? gated(index)
                                                     : sum(index);
    value = activated(layer.activation, name + "/act", value);
    if (layer.addend >= 0)
      value = graph_.add_node("Add", name + "/added", {value, reals_of(layer.addend)});
    value = activated(layer.last_activation, name + "/last", value);
    if (gives_bytes(index))
      graph_.add_node("QuantizeLinear", name + "/bytes",
                      {value, name + ".scale", name + ".zero_point"}, {channel_axis()});
    else if (layer.activation != Activation::none)  // a gate multiplies maps
      graph_.add_node("Unsqueeze", name + "/factors", {value, integers("map/axes", {2, 3})});
  }

  std::string activated(Activation activation, const std::string& to, const std::string& value) {
    return add_activation(graph_, options_.opset, activation, to, value, to);
  }

  std::string mean(std::size_t index) {
    const std::string name = name_of(index);
    const std::string map =
        graph_.add_node("GlobalAveragePool", name + "/mean", {reals_of(layers_[index].from)});
    return graph_.add_node("Flatten", name + "/vector", {map});
  }

  std::string gated(std::size_t index) {
    const Layer& layer = layers_[index];
    return graph_.add_node(
        "Mul", name_of(index) + "/product",
        {reals_of(layer.from), name_of(static_cast<std::size_t>(layer.factors)) + "/factors"});
  }

  /// Appends a convolution or a dense layer.
  std::string sum(std::size_t index) {
    const Layer& layer = layers_[index];
    const std::string name = name_of(index);
    const std::string weights =
        graph_.add_node("DequantizeLinear", name + "/weight",
                        {name + ".weight", name + ".weight_scale"}, {{"axis", std::int64_t{0}}});
    const std::string x = steps_of(layer.from);
    if (layer.op == Operator::dense) {
      const bool is_result = layer.activation == Activation::none && !gives_bytes(index);
      return graph_.add_node("Gemm", is_result ? output_name(index) : name + "/sum",
                             {x, weights, name + ".bias"}, {{"transB", std::int64_t{1}}});
    }
    const auto [height, width] = layer.kernel;
    const std::int64_t groups = layer.op == Operator::depthwise ? layer.output.channels : 1;
    return graph_.add_node(
        "Conv", name + "/sum",
        {x, weights, is_picture(layer.from) ? bias_of_picture(index) : name + ".bias"},
        {{"kernel_shape", OnnxInts{height, width}},
         {"strides", OnnxInts{layer.stride.height, layer.stride.width}},
         {"pads", pads_of(layer)},
         {"group", groups}});
  }

  /// Returns a bias with what the picture's zeros differ from bytes.
  std::string bias_of_picture(std::size_t index) {
    const Layer& layer = layers_[index];
    const QuantisedTensors& tensors = model_.layers[index];
    const auto taps = static_cast<std::size_t>(layer.kernel.height * layer.kernel.width);
    const std::size_t depth = taps * model_.picture_zeros.size();
    std::vector<float> offsets;
    for (std::size_t o = 0; o < tensors.biases.size(); ++o) {
      double sum = 0;
      for (std::size_t k = 0; k < depth; ++k) {
        const float zero = model_.picture_zeros[k / taps];
        sum += tensors.weights[o * depth + k] * (int{rounded(zero)} - double{zero});
      }
      offsets.push_back(static_cast<float>(sum * double{tensors.weight_scales[o]}));
    }
    const std::string name = name_of(index);
    graph_.add_tensor(name + "/offset", {layer.output.channels}, std::span<const float>(offsets));
    return graph_.add_node("Add", name + "/bias", {name + ".bias", name + "/offset"});
  }

  /// Returns the name that a result of the network has in the model in floats, too.
  std::string output_name(std::size_t index) const {
    const auto ordinal = static_cast<int>(index);
    if (ordinal == plan_.traits.logits) return "logits";
    if (ordinal == plan_.traits.embedding) return "features";
    const auto place = std::ranges::find(outputs_, ordinal) - outputs_.begin();
    if (const Name& own = plan_.output_names[place]; !own.empty()) return text_of(own);
    const std::string name = layer_name(layers_[index]);
    return name.empty() ? "map" : name;
  }

  /// Appends an output of the network, in real numbers.
  void add_output(int layer) {
    const auto index = static_cast<std::size_t>(layer);
    const std::string name = output_name(index);
    if (gives_bytes(index)) graph_.add_node("Identity", name, {reals_of(layer)});
    OnnxInts shape = sizes(layers_[index].output);
    if (layers_[index].gives_vector()) shape.resize(2);
    graph_.add_output(name, shape);
  }

  const Plan& plan_;
  const QuantisedModel& model_;
  std::span<const Layer> layers_{plan_.layers, static_cast<std::size_t>(plan_.layer_count)};
  std::span<const int> outputs_{plan_.outputs, static_cast<std::size_t>(plan_.output_count)};
  OnnxOptions options_;
  OnnxGraphWriter graph_;
  std::map<std::string, bool> written_;  // what several layers read
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_ONNX_WRITER_HPP
