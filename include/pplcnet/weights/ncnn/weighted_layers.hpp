#ifndef PPLCNET_WEIGHTS_NCNN_WEIGHTED_LAYERS_HPP
#define PPLCNET_WEIGHTS_NCNN_WEIGHTED_LAYERS_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/ncnn/constant_reader.hpp"
#include "pplcnet/weights/ncnn/layer.hpp"
#include "pplcnet/weights/ncnn/param.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// The layers of an ncnn network that have weights, in the order of its text. Source: ncnn
/// `layer/*.cpp`, `load_model`.
class WeightedLayers : public ConstantReader {
 public:
  using ConstantReader::ConstantReader;

  /// Adds the nodes of a layer, of which `node` has the inputs; `result` becomes the last of them.
  using Add = Error (WeightedLayers::*)(const LayerLine& layer, GraphNode& node, int& result);

  /// Returns what adds layers of a type; null for one without weights.
  static Add find(std::string_view type) {
    constexpr std::pair<std::string_view, Add> kTypes[] = {
        {"BatchNorm", &WeightedLayers::add_batch_norm},
        {"Convolution", &WeightedLayers::add_convolution},
        {"ConvolutionDepthWise", &WeightedLayers::add_convolution},
        {"Deconvolution", &WeightedLayers::add_transposed_convolution},
        {"Gemm", &WeightedLayers::add_gemm},
        {"InnerProduct", &WeightedLayers::add_product},
        {"LayerNorm", &WeightedLayers::add_layer_norm},
        {"MemoryData", &WeightedLayers::add_memory},
        {"MultiHeadAttention", &WeightedLayers::add_attention},
    };
    for (const auto& [known, add] : kTypes)
      if (known == type) return add;
    return nullptr;
  }

 private:
  static constexpr std::string_view kUnknownShape = "its weights have no known shape";

  /// Reads how a kernel moves, and checks that its weights have a shape: `count` is that of all,
  /// `inputs` becomes how many channels each output reads.
  static bool read_window(const LayerLine& layer, GraphNode& node, std::int64_t& inputs) {
    const int out = layer.integer(0), width = layer.integer(1), height = layer.integer(11, width);
    const int count = layer.integer(6);
    const std::int64_t taps = std::int64_t{width} * height;
    if (out <= 0 || width <= 0 || height <= 0 || count <= 0 || taps > count || count % taps != 0 ||
        count / taps % out != 0)
      return false;
    inputs = count / taps / out;
    node.window.kernel = {height, width};
    node.window.dilation = {layer.integer(12, layer.integer(2, 1)), layer.integer(2, 1)};
    node.window.stride = {layer.integer(13, layer.integer(3, 1)), layer.integer(3, 1)};
    read_padding(layer, 4, 15, 14, 16, node);
    return true;
  }

  Error add_convolution(const LayerLine& layer, GraphNode& node, int& result) {
    std::int64_t inputs = 0;
    if (layer.integer(8) != 0) return quantised(layer);
    if (layer.integer(19) != 0 || !read_window(layer, node, inputs))
      return problem(layer, kUnknownShape);
    node.type = NodeType::convolution;
    node.groups = layer.type == "ConvolutionDepthWise" ? layer.integer(7, 1) : 1;
    const auto [height, width] = node.window.kernel;
    const int out = layer.integer(0);
    if (auto error = add_weights(layer, {out, inputs, height, width}, node.inputs[1])) return error;
    return finish(layer, layer.integer(5) != 0 ? out : 0, node, result);
  }

  /// Reads weights [out][in][height][width], which are [in][out][height][width] elsewhere.
  Error add_transposed_convolution(const LayerLine& layer, GraphNode& node, int& result) {
    std::int64_t inputs = 0;
    if (layer.integer(8) != 0) return quantised(layer);
    if (layer.integer(28) != 0 || !read_window(layer, node, inputs))
      return problem(layer, kUnknownShape);
    node.type = NodeType::transposed_convolution;
    for (const int key : {18, 19, 20, 21})  // pixels beside those of the window
      if (layer.integer(key) != 0) node.type = NodeType::other;
    const auto [height, width] = node.window.kernel;
    const int out = layer.integer(0);
    Tensor tensor;
    if (auto error = take_weights(layer, {out, inputs, height, width}, tensor)) return error;
    std::vector<float> values;
    if (auto error = append(tensor, values)) return error;
    std::vector<float> turned;
    if (!budget_.reserve(turned, values.size())) return no_memory();
    const auto taps = static_cast<std::ptrdiff_t>(height) * width;
    for (std::ptrdiff_t in = 0; in < inputs; ++in)
      for (std::ptrdiff_t o = 0; o < out; ++o) {
        const auto first = values.begin() + static_cast<std::ptrdiff_t>((o * inputs + in) * taps);
        turned.insert(turned.end(), first, first + taps);
      }
    if (auto error = add_converted(layer, turned, {inputs, out, height, width}, node.inputs[1]))
      return error;
    return finish(layer, layer.integer(5) != 0 ? out : 0, node, result);
  }

  Error add_product(const LayerLine& layer, GraphNode& node, int& result) {
    const int out = layer.integer(0), count = layer.integer(2);
    if (layer.integer(8) != 0) return quantised(layer);
    if (out <= 0 || count <= 0 || count % out != 0) return problem(layer, kUnknownShape);
    node.type = NodeType::product;
    node.transposed = true;
    if (auto error = add_weights(layer, {out, count / out}, node.inputs[1])) return error;
    return finish(layer, layer.integer(1) != 0 ? out : 0, node, result);
  }

  /// Reads A · B + C, of which the rows of A are the input.
  Error add_gemm(const LayerLine& layer, GraphNode& node, int& result) {
    constexpr int kOfColumns = 4;  // a number of C for each column
    const std::int64_t out = layer.integer(8), in = layer.integer(9);
    if (layer.integer(18) != 0) return quantised(layer);
    const bool has_bias = layer.integer(6) == 1 && layer.integer(10) != -1;
    if (layer.integer(4) != 0 || (layer.integer(5) == 1 && (out <= 0 || in <= 0)) ||
        (layer.integer(6) == 1 && has_bias && layer.integer(10) != kOfColumns))
      return problem(layer, kUnknownShape);
    node.transposed = layer.integer(3) != 0;
    const bool known = layer.number(0, 1) == 1 && layer.number(1, 1) == 1 &&
                       layer.integer(2) == 0 && layer.integer(11) == 0 && layer.integer(14) == 0;
    node.type = known ? NodeType::product : NodeType::other;
    node.inputs[2] = GraphNode::kNone;
    if (layer.integer(5) == 1) {
      Dimensions shape = node.transposed ? Dimensions{out, in} : Dimensions{in, out};
      if (auto error = add_weights(layer, std::move(shape), node.inputs[1])) return error;
      if (has_bias)
        if (auto error = add_weights(layer, {out}, node.inputs[2])) return error;
    }
    result = graph_.add(node);
    return {};
  }

  /// Reads bias, and the activation that a layer with weights may have.
  Error finish(const LayerLine& layer, int biases, GraphNode& node, int& result) {
    node.inputs[2] = GraphNode::kNone;
    if (biases > 0)
      if (auto error = add_floats(layer, {biases}, node.inputs[2])) return error;
    result = graph_.add(node);
    if (layer.integer(9) != 0) result = graph_.add(activation_of(layer, result));
    return {};
  }

  Error add_batch_norm(const LayerLine& layer, GraphNode& node, int& result) {
    node.type = NodeType::batch_norm;
    node.alpha = layer.number(1);
    // In the file: gamma, mean, variance, beta.
    for (const std::size_t input : {1u, 3u, 4u, 2u})
      if (auto error = add_floats(layer, {layer.integer(0)}, node.inputs[input])) return error;
    result = graph_.add(node);
    return {};
  }

  Error add_layer_norm(const LayerLine& layer, GraphNode& node, int& result) {
    const bool affine = layer.integer(2, 1) != 0;
    node.type = affine ? NodeType::layer_norm : NodeType::other;
    node.alpha = layer.number(1, 0.001f);
    for (const std::size_t input : {1u, 2u})
      if (affine)
        if (auto error = add_floats(layer, {layer.integer(0)}, node.inputs[input])) return error;
    result = graph_.add(node);
    return {};
  }

  /// Reads the products that give queries, keys and values, which become one, the attention, and
  /// the product after it.
  Error add_attention(const LayerLine& layer, GraphNode& node, int& result) {
    const std::int64_t width = layer.integer(0), count = layer.integer(2);
    const std::int64_t heads = layer.integer(1, 1);
    if (layer.integer(18) != 0) return quantised(layer);
    const std::int64_t in = width > 0 ? count / width : 0;
    if (in <= 0 || in * width != count || heads <= 0 || width % heads != 0)
      return problem(layer, kUnknownShape);
    // Of one sequence alone, without a mask or what was there before.
    if (layer.inputs.size() != 1 || layer.integer(3, layer.integer(0)) != in ||
        layer.integer(4, layer.integer(0)) != in || layer.integer(5) != 0 || layer.integer(7) != 0)
      return problem(layer, "is an attention of a kind that is not known");
    std::vector<float> weights, biases;
    for (int part = 0; part < 3; ++part) {
      Tensor tensor;
      if (auto error = take_weights(layer, {width, in}, tensor)) return error;
      if (auto error = append(tensor, weights)) return error;
      if (auto error = take_floats(layer, {width}, tensor)) return error;
      if (auto error = append(tensor, biases)) return error;
    }
    node.type = NodeType::product;
    node.transposed = true;
    if (auto error = add_converted(layer, weights, {3 * width, in}, node.inputs[1])) return error;
    if (auto error = add_converted(layer, biases, {3 * width}, node.inputs[2])) return error;
    GraphNode attention = {.type = NodeType::attention, .what = layer.type, .name = layer.name};
    attention.inputs[0] = graph_.add(node);
    attention.groups = static_cast<int>(heads);
    const std::int64_t depth = width / heads;
    attention.alpha = layer.number(6, 1 / std::sqrt(static_cast<float>(depth)));
    node.inputs[0] = graph_.add(attention);
    if (auto error = add_weights(layer, {in, width}, node.inputs[1])) return error;
    if (auto error = add_floats(layer, {in}, node.inputs[2])) return error;
    result = graph_.add(node);
    return {};
  }

  Error add_memory(const LayerLine& layer, GraphNode&, int& result) {
    Dimensions shape;
    for (const int key : {2, 11, 1, 0})
      if (layer.integer(key) != 0) shape.push_back(layer.integer(key));
    if (layer.integer(21, 1) == 0) return add_weights(layer, std::move(shape), result);
    return add_floats(layer, std::move(shape), result);
  }
};

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_WEIGHTED_LAYERS_HPP
