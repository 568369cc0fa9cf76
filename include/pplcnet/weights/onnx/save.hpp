#ifndef PPLCNET_WEIGHTS_ONNX_SAVE_HPP
#define PPLCNET_WEIGHTS_ONNX_SAVE_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/modules.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/safetensors/native.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How a network leaves as ONNX.
struct OnnxOptions {
  static constexpr int kOldest = 13, kNewest = 24;  ///< opsets; from 14 on hardswish is one node

  int opset = 17;
  int batch = 1;  ///< images; 0: any number
};

/// Turns a network into ONNX nodes, which have its layers' names; the answer is called "logits",
/// "features", or like its layer.
class OnnxWriter {
 public:
  OnnxWriter(std::span<const Layer> layers, std::span<const int> outputs,
             std::span<const float> weights, const OnnxOptions& options)
      : layers_(layers), outputs_(outputs), weights_(weights), options_(options) {}

  /// The bytes of the model.
  std::string model(const Architecture& net, const ModelInfo& info) {
    graph_.add_input("input", sizes(layers_.front().input));
    for (std::size_t i = 0; i < layers_.size(); ++i) values_.push_back(value_of(i));
    for (const int output : outputs_) {
      const Layer& layer = layers_[static_cast<std::size_t>(output)];
      OnnxInts shape = sizes(layer.output);
      if (layer.op == Operator::dense) shape.resize(2);
      graph_.add_output(values_[static_cast<std::size_t>(output)], shape);
    }
    auto metadata = describe(net);
    metadata.emplace_back(kOnnxFolded, "1");
    add_info(info, metadata);
    return graph_.finish(join({"PP-LCNet ", net.name}), options_.opset, metadata);
  }

 private:
  OnnxInts sizes(const Shape& shape) const {
    return {options_.batch > 0 ? options_.batch : -1, shape.channels, shape.height, shape.width};
  }

  /// A layer's value: its own name, or the answer's.
  std::string name_of(std::size_t index) const {
    const Layer& layer = layers_[index];
    if (layer.part == Part::classifier) return "logits";
    const bool answer = std::ranges::find(outputs_, static_cast<int>(index)) != outputs_.end();
    if (answer && layer.part == Part::head) return "features";
    if (answer && layer.part == Part::pointwise) return join({"blocks", layer.stage});
    return layer_name(layer);
  }

  /// What a layer reads, with what lies beside it.
  std::string input_of(std::size_t index) {
    const Layer& layer = layers_[index];
    if (layer.from < 0) return "input";
    std::vector<std::string> parts = {values_[static_cast<std::size_t>(layer.from)]};
    for (std::size_t i = 0; i < index; ++i)
      if (layers_[i].beside == layer.from && layer.beside < 0) parts.push_back(values_[i]);
    const bool whole =
        layer.input.channels == layers_[static_cast<std::size_t>(layer.from)].output.channels;
    if (whole || parts.size() == 1) return parts.front();
    return graph_.add_node("Concat", layer_name(layer) + "/concat", parts,
                           {{"axis", std::int64_t{1}}});
  }

  /// The layer's value, by as many nodes as it takes; the last one has the layer's name.
  std::string value_of(std::size_t index) {
    const Layer& layer = layers_[index];
    std::string name = name_of(index);
    switch (layer.op) {
      case Operator::patches:  // part of the convolution behind them
        return input_of(index);
      case Operator::convolution:
      case Operator::depthwise:
      case Operator::pointwise:
      case Operator::dense:
        return layer.part == Part::classifier ? classifier(index, name) : weighted(index, name);
      case Operator::pool:
        return graph_.add_node("GlobalAveragePool", name, {input_of(index)});
      case Operator::gate:
        return graph_.add_node("Mul", name, {input_of(index), values_[index - 1]});
      case Operator::max_pool:
        return graph_.add_node(
            "MaxPool", name, {input_of(index)},
            {{"kernel_shape", OnnxInts{layer.kernel, layer.kernel}}, {"pads", pads_of(layer)}});
      case Operator::average_pool: {
        const OnnxInts window = {layer.stride.height, layer.stride.width};
        return graph_.add_node("AveragePool", name, {input_of(index)},
                               {{"kernel_shape", window}, {"strides", window}});
      }
    }
    return name;
  }

  /// A convolution, and what follows its sum.
  std::string weighted(std::size_t index, const std::string& name) {
    const Layer& layer = layers_[index];
    int left = (layer.activation != Activation::none) + (layer.affine ? 2 : 0) +
               (layer.addend >= 0) + (name == "features");
    const auto node = [&](const char* step) { return left-- > 0 ? join({name, "/", step}) : name; };
    const auto constant = [&](const char* what, std::size_t place) {
      return graph_.add_tensor(join({layer_name(layer), ".", what}), {1},
                               weights_.subspan(place, 1));
    };
    std::string value = convolution(index, node("conv"));
    if (layer.activation != Activation::none)
      value = activation(layer.activation, name, value, node("act"));
    if (layer.affine) {
      const std::size_t place = layer.affine_place();
      value = graph_.add_node("Mul", node("scaled"), {value, constant("scale", place)});
      value = graph_.add_node("Add", node("shifted"), {value, constant("shift", place + 1)});
    }
    if (layer.addend >= 0)
      value = graph_.add_node("Add", node("added"),
                              {value, values_[static_cast<std::size_t>(layer.addend)]});
    return name == "features" ? graph_.add_node("Flatten", name, {value}) : value;
  }

  std::string activation(Activation activation, const std::string& name, const std::string& value,
                         const std::string& to) {
    const auto scalar = [&](const char* what, float number) {
      return graph_.add_tensor(join({name, ".", what}), {}, std::span(&number, 1));
    };
    const auto hardsigmoid = [&](const std::string& node, float slope) {
      return graph_.add_node("HardSigmoid", node, {value}, {{"alpha", slope}, {"beta", 0.5F}});
    };
    switch (activation) {
      case Activation::none:
        break;
      case Activation::relu:
        return graph_.add_node("Relu", to, {value});
      case Activation::relu6:
        return graph_.add_node("Clip", to, {value, scalar("least", 0), scalar("most", 6)});
      case Activation::hardswish:
        if (options_.opset >= 14) return graph_.add_node("HardSwish", to, {value});
        return graph_.add_node("Mul", to, {value, hardsigmoid(name + "/gate", 1.0F / 6)});
      case Activation::hardsigmoid:
        return hardsigmoid(to, 1.0F / 6);
      case Activation::hardsigmoid_paddle:
        return hardsigmoid(to, 0.1666667F);
      case Activation::sigmoid:
        return graph_.add_node("Sigmoid", to, {value});
      case Activation::gelu: {
        constexpr float kSqrtHalf = 0.70710678F;
        const auto part = [&](const char* step) { return join({name, "/", step}); };
        graph_.add_node("Mul", part("scaled_in"), {value, scalar("sqrt_half", kSqrtHalf)});
        graph_.add_node("Erf", part("erf"), {part("scaled_in")});
        graph_.add_node("Add", part("twice_p"), {part("erf"), scalar("one", 1)});
        graph_.add_node("Mul", part("twice"), {value, part("twice_p")});
        return graph_.add_node("Mul", to, {part("twice"), scalar("half", 0.5F)});
      }
    }
    return value;
  }

  /// Zeros above, left of, below and right of a map.
  static OnnxInts pads_of(const Layer& layer) {
    const std::int64_t front = layer.padding(), behind = layer.reach() - 1 - layer.padding();
    return {front, front, behind, behind};
  }

  std::string convolution(std::size_t index, const std::string& node) {
    const Layer& layer = layers_[index];
    // Behind patches, these say how the kernel moves.
    const bool patches = index > 0 && layers_[index - 1].op == Operator::patches;
    const Layer& geometry = patches ? layers_[index - 1] : layer;
    const bool depthwise = layer.op == Operator::depthwise;
    const std::int64_t kernel = layer.kernel, channels = layer.output.channels;
    const std::int64_t in = depthwise ? 1 : layer.depth() / (kernel * kernel);
    const Parameters parameters = unpack(layer, weights_);
    const std::string name = layer_name(layer);
    return graph_.add_node(
        "Conv", node,
        {patches ? values_[index - 1] : vector_or_map(index),
         graph_.add_tensor(name + ".weight", {channels, in, kernel, kernel}, parameters.weight),
         graph_.add_tensor(name + ".bias", {channels}, parameters.bias)},
        {{"kernel_shape", OnnxInts{kernel, kernel}},
         {"strides", OnnxInts{geometry.stride.height, geometry.stride.width}},
         {"dilations", OnnxInts{geometry.dilation, geometry.dilation}},
         {"pads", kernel > 1 ? pads_of(geometry) : OnnxInts{0, 0, 0, 0}},
         {"group", depthwise ? channels : std::int64_t{1}}});
  }

  /// A dense layer reads the vector of the layer before it.
  std::string vector_or_map(std::size_t index) {
    return layers_[index].op == Operator::dense ? values_[index - 1] : input_of(index);
  }

  std::string classifier(std::size_t index, const std::string& name) {
    const Layer& layer = layers_[index];
    Parameters parameters = unpack(layer, weights_);
    const std::int64_t channels = layer.output.channels, in = layer.input.channels;
    std::string flat = graph_.add_node("Flatten", "flatten", {values_[index - 1]});
    // Readers see the dropout that the network has, and need no metadata for it.
    if (layer.scale_percent != 100 && unfold_scale(layer, parameters)) {
      const auto keep = static_cast<float>(layer.scale_percent / 100.0);
      flat = graph_.add_node("Mul", "dropout",
                             {flat, graph_.add_tensor(std::string(kOnnxKeep), {}, {&keep, 1})});
    }
    return graph_.add_node("Gemm", name,
                           {flat, graph_.add_tensor("fc.weight", {channels, in}, parameters.weight),
                            graph_.add_tensor("fc.bias", {channels}, parameters.bias)},
                           {{"transB", std::int64_t{1}}});
  }

  std::span<const Layer> layers_;
  std::span<const int> outputs_;
  std::span<const float> weights_;
  OnnxOptions options_;
  OnnxGraphWriter graph_;
  std::vector<std::string> values_;  // of each layer so far
};

/// The bytes of an ONNX model of a network with its weights: `input` [batch, 3, height, width],
/// normalised as the network was trained; all else is inside. Labels and preprocessing are among
/// its metadata, as in native files.
inline std::string onnx_model(const AnyNetwork& network, const OnnxOptions& options,
                              const ModelInfo& info) {
  const Plan& plan = network.plan();
  const std::span outputs(plan.outputs, static_cast<std::size_t>(plan.output_count));
  return OnnxWriter(network.layers(), outputs, network.weights(), options)
      .model(network.architecture(), info);
}

template <class Weights>
std::string onnx_model(const Weights& weights, const OnnxOptions& options = {},
                       ModelInfo info = {}) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return onnx_model(AnyNetwork(Net::architecture, weights.values), options, info);
}

/// Writes it to a file.
inline Error save_onnx(NewFile& target, const AnyNetwork& network, const OnnxOptions& options,
                       const ModelInfo& info) {
  return with_memory_for(target.path(), [&]() -> Error {
    if (options.opset < OnnxOptions::kOldest || options.opset > OnnxOptions::kNewest)
      return Error::of(target.path(), ": expected an opset from ", OnnxOptions::kOldest, " to ",
                       OnnxOptions::kNewest, ", found ", options.opset);
    if (auto error = check_info(info, network.classes(), target.path())) return error;
    if (auto error = check_packed(network.layers(), network.weights(), target.path())) return error;
    const std::string bytes = onnx_model(network, options, info);
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(bytes))};
    return target.write(pieces);
  });
}

template <class Weights>
Error save_onnx(NewFile& target, const Weights& weights, const OnnxOptions& options = {},
                ModelInfo info = {}) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return with_memory_for(target.path(), [&]() -> Error {
    return save_onnx(target, AnyNetwork(Net::architecture, weights.values), options, info);
  });
}

/// The same, and gives the file its name: either the whole file appears or none.
template <class Weights>
Error save_onnx(std::string_view path, const Weights& weights, const OnnxOptions& options = {},
                const ModelInfo& info = {}) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save_onnx(target, weights, options, info)) return error;
    return target.publish();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_SAVE_HPP
