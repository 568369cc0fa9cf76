#ifndef PPLCNET_WEIGHTS_ONNX_WRITER_HPP
#define PPLCNET_WEIGHTS_ONNX_WRITER_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/onnx/activation_nodes.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"
#include "pplcnet/weights/onnx/map_nodes.hpp"
#include "pplcnet/weights/onnx/map_values.hpp"
#include "pplcnet/weights/onnx/options.hpp"
#include "pplcnet/weights/onnx/window_attributes.hpp"
#include "pplcnet/weights/safetensors/native.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Operators that are written otherwise, convolutions, dense layers, copies and the picture; or
/// that no layer has, concats, slices, shuffles and affines.
inline constexpr std::size_t kOnnxOthers = 11;
static_assert(std::size(kOnnxMapNodes) + kOnnxOthers == kOperatorCount,
              "an operator is missing in kOnnxMapNodes");

/// Writes a network as ONNX nodes, which have its layers' names; an output is called "logits",
/// "features", or like its layer.
class OnnxWriter {
 public:
  /// The plan must stay as long as the writer.
  OnnxWriter(const Plan& plan, std::span<const float> weights, const OnnxOptions& options)
      : plan_(plan), weights_(weights), options_(options) {}

  /// Returns the bytes of the model.
  std::string model(const ModelInfo& info) {
    graph_.add_input("input", sizes(layers_.front().input));
    for (std::size_t i = 0; i < layers_.size(); ++i) values_.add(value_of(i));
    for (const int output : outputs_) {
      const Layer& layer = layers_[static_cast<std::size_t>(output)];
      OnnxInts shape = sizes(layer.output);
      if (layer.op == Operator::dense) shape.resize(2);
      graph_.add_output(values_.of(output), shape);
    }
    auto metadata = describe(layers_, plan_.traits);
    metadata.emplace_back(kOnnxFolded, "1");
    add_info(info, metadata);
    return graph_.finish(join({"pplcnet ", plan_.traits.name}), options_.opset, metadata);
  }

 private:
  OnnxInts sizes(const Shape& shape) const {
    return {options_.batch > 0 ? options_.batch : -1, shape.channels, shape.height, shape.width};
  }

  /// Returns the name of a layer's value: its own, or that of the network's result.
  std::string name_of(std::size_t index) const {
    const auto ordinal = static_cast<int>(index);
    if (ordinal == plan_.traits.logits) return "logits";
    const auto output = std::ranges::find(outputs_, ordinal);
    const bool is_result = output != outputs_.end();
    if (is_result && ordinal == plan_.traits.embedding) return "features";
    const Layer& layer = layers_[index];
    std::string name = layer.weights_of < 0 ? layer_name(layer) : "";  // another one has it
    if (is_result)
      if (const Name& own = plan_.output_names[output - outputs_.begin()]; !own.empty())
        name = text_of(own);
    if (!name.empty()) return name;
    return is_result ? "map" : join({"layer_", index});
  }

  std::string input_of(std::size_t index) {
    const Layer& layer = layers_[index];
    return values_.read(layer.from, layer.from_channel, layer.input.channels, layer.read_step);
  }

  /// Returns the layer's value, by as many nodes as it takes; the last one has the layer's name.
  std::string value_of(std::size_t index) {
    const Layer& layer = layers_[index];
    std::string name = name_of(index);
    for (const auto& [op, append] : kOnnxMapNodes)
      if (op == layer.op) return (nodes_of(layer, name).*append)();
    // A picture is the input; what a copy reads is a node of its own, where it is no whole value.
    if (!layer.has_weights()) return input_of(index);
    return name == "logits" && layer.op == Operator::dense ? classifier(index, name)
                                                           : weighted(index, name);
  }

  OnnxMapNodes nodes_of(const Layer& layer, const std::string& name) {
    return {graph_, values_, weights_, options_.opset, layer, name};
  }

  /// Returns what is added to a layer's output.
  std::string addend_of(const Layer& layer) {
    return values_.read(layer.addend, layer.addend_channel, layer.output.channels);
  }

  /// Appends a convolution, and what follows its sum.
  std::string weighted(std::size_t index, const std::string& name) {
    const Layer& layer = layers_[index];
    int left = (layer.activation != Activation::none) + (layer.affine ? 2 : 0) +
               (layer.addend >= 0) + (layer.last_activation != Activation::none) +
               (name == "features");
    const auto node = [&](const char* step) { return left-- > 0 ? join({name, "/", step}) : name; };
    const auto slopes = [&] {
      return graph_.add_tensor(join({name, ".slopes"}), {layer.output.channels, 1, 1},
                               unpack(layer, weights_).slopes);
    };
    const auto constant = [&](const char* what, std::size_t place) {
      return graph_.add_tensor(join({layer_name(layer), ".", what}), {1},
                               weights_.subspan(place, 1));
    };
    std::string value = convolution(index, node("conv"));
    if (layer.has_slopes())
      value = graph_.add_node("PRelu", node("act"), {value, slopes()});
    else if (layer.activation != Activation::none)
      value = activation(layer.activation, name, value, node("act"));
    if (layer.affine) {
      const std::size_t place = layer.affine_place();
      value = graph_.add_node("Mul", node("scaled"), {value, constant("scale", place)});
      value = graph_.add_node("Add", node("shifted"), {value, constant("shift", place + 1)});
    }
    if (layer.addend >= 0) value = graph_.add_node("Add", node("added"), {value, addend_of(layer)});
    if (layer.last_activation != Activation::none)
      value = activation(layer.last_activation, name, value, node("last"));
    return name == "features" ? graph_.add_node("Flatten", name, {value}) : value;
  }

  std::string activation(Activation activation, const std::string& name, const std::string& value,
                         const std::string& to) {
    return add_activation(graph_, options_.opset, activation, name, value, to);
  }

  std::string convolution(std::size_t index, const std::string& node) {
    const Layer& layer = layers_[index];
    const bool depthwise = layer.op == Operator::depthwise;
    const auto [height, width] = layer.kernel;
    const std::int64_t channels = layer.output.channels;
    const std::int64_t in = depthwise ? 1 : layer.depth() / (height * width);
    const Parameters parameters = unpack(layer, weights_);
    const std::string input = input_of(index);
    if (layer.op == Operator::l1) return nodes_of(layer, node).distances_of(input, parameters);
    // Shared weights are in the file once for each layer that has them.
    const std::string name = layer.owns_weights() && !layer.name.empty() ? layer_name(layer) : node;
    return graph_.add_node(
        "Conv", node,
        {input,
         graph_.add_tensor(name + ".weight", {channels, in, height, width}, parameters.weight),
         graph_.add_tensor(name + ".bias", {channels}, parameters.bias)},
        {{"kernel_shape", OnnxInts{height, width}},
         {"strides", OnnxInts{layer.stride.height, layer.stride.width}},
         {"dilations", OnnxInts{layer.dilation.height, layer.dilation.width}},
         {"pads", pads_of(layer)},
         {"group", depthwise ? channels : std::int64_t{1}}});
  }

  std::string classifier(std::size_t index, const std::string& name) {
    const Layer& layer = layers_[index];
    Parameters parameters = unpack(layer, weights_);
    const std::int64_t channels = layer.output.channels, in = layer.input.channels;
    std::string flat = graph_.add_node("Flatten", "flatten", {input_of(index)});
    // Readers see the dropout that the network has, and need no metadata for it.
    if (layer.scale_percent != 100 && unfold_scale(layer, parameters)) {
      const auto keep = static_cast<float>(layer.scale_percent / 100.0);
      flat = graph_.add_node("Mul", "dropout",
                             {flat, graph_.add_tensor(std::string(kOnnxKeep), {}, {&keep, 1})});
    }
    return graph_.add_node(
        "Gemm", name,
        {flat, graph_.add_tensor(layer_name(layer) + ".weight", {channels, in}, parameters.weight),
         graph_.add_tensor(layer_name(layer) + ".bias", {channels}, parameters.bias)},
        {{"transB", std::int64_t{1}}});
  }

  const Plan& plan_;
  std::span<const Layer> layers_{plan_.layers, static_cast<std::size_t>(plan_.layer_count)};
  std::span<const int> outputs_{plan_.outputs, static_cast<std::size_t>(plan_.output_count)};
  std::span<const float> weights_;
  OnnxOptions options_;
  OnnxGraphWriter graph_;
  OnnxMapValues values_{layers_, graph_};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_WRITER_HPP
