#ifndef PPLCNET_WEIGHTS_ONNX_MAP_NODES_HPP
#define PPLCNET_WEIGHTS_ONNX_MAP_NODES_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/onnx/activation_nodes.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"
#include "pplcnet/weights/onnx/map_values.hpp"
#include "pplcnet/weights/onnx/window_attributes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The ONNX nodes of one layer that reads whole maps. The last one has the layer's name.
class OnnxMapNodes {
 public:
  OnnxMapNodes(OnnxGraphWriter& graph, OnnxMapValues& values, std::span<const float> weights,
               int opset, const Layer& layer, std::string name)
      : graph_(graph),
        values_(values),
        weights_(weights),
        opset_(opset),
        layer_(layer),
        name_(std::move(name)) {}

  /// Appends maxima of windows.
  std::string max_pool() { return graph_.add_node("MaxPool", name_, {input()}, window_of(layer_)); }

  /// Appends means of windows.
  std::string average_pool() {
    std::vector<OnnxAttribute> window = window_of(layer_);
    window.emplace_back("count_include_pad", std::int64_t{layer_.count_padding ? 1 : 0});
    return graph_.add_node("AveragePool", name_, {input()}, window);
  }

  /// Appends the mean over all pixels.
  std::string pool() { return graph_.add_node("GlobalAveragePool", name_, {input()}); }

  /// Appends a map times a vector.
  std::string gate() { return activated("Mul", "product", {input(), values_.of(layer_.factors)}); }

  /// Appends a map times another one.
  std::string multiply() {
    return activated("Mul", "product", {input(), addend(layer_.factor_shape.channels)});
  }

  /// Appends the sum of two maps.
  std::string add() { return activated("Add", "sum", {input(), addend(layer_.output.channels)}); }

  /// Appends means, maxima or variances along the axes of which one value is left.
  std::string reduce() {
    const std::string x = input();
    if (layer_.reduction == Reduction::maximum_and_mean) {
      constexpr std::int64_t kAxes[] = {2, 3, 1};  // rows, columns, channels
      const std::int64_t axis = kAxes[layer_.groups];
      return graph_.add_node("Concat", name_,
                             {reduced("ReduceMax", part("maximum"), x, {axis}),
                              reduced("ReduceMean", part("mean"), x, {axis})},
                             {{"axis", axis}});
    }
    const Shape &in = layer_.input, &out = layer_.output;
    OnnxInts axes;
    if (out.channels < in.channels) axes.push_back(1);
    if (out.height < in.height) axes.push_back(2);
    if (out.width < in.width) axes.push_back(3);
    if (layer_.reduction != Reduction::variance)
      return reduced(layer_.reduction == Reduction::maximum ? "ReduceMax" : "ReduceMean", name_, x,
                     axes);
    return variance(name_, distances(x, axes), axes);
  }

  /// Appends a normalisation, with its scale and shift.
  std::string normalise() {
    const std::string x = input();
    const Parameters parameters = unpack(layer_, weights_);
    const OnnxInts axes = layer_.groups == 1 ? OnnxInts{1} : OnnxInts{2, 3};
    const std::string centred = distances(x, axes);
    const std::string squares = variance(part("variance"), centred, axes);
    const auto epsilon = static_cast<float>(layer_.norm_epsilon);
    const std::string sum =
        graph_.add_node("Add", part("sum"), {squares, tensor("epsilon", {}, {&epsilon, 1})});
    const std::string deviation = graph_.add_node("Sqrt", part("deviation"), {sum});
    const std::string unit = graph_.add_node("Div", part("unit"), {centred, deviation});
    const OnnxInts shape = {layer_.output.channels, 1, 1};
    const std::string scaled =
        graph_.add_node("Mul", part("scaled"), {unit, tensor("weight", shape, parameters.weight)});
    return graph_.add_node("Add", name_, {scaled, tensor("bias", shape, parameters.bias)});
  }

  /// Appends the same numbers in other places.
  std::string rearrange() {
    const std::string x = input();
    using Kind = Rearrangement::Kind;
    const auto [kind, first, second] = layer_.rearrangement;
    const Shape &in = layer_.input, &out = layer_.output;
    switch (kind) {
      case Kind::transpose: {
        constexpr std::int64_t kAxes[] = {2, 3, 1};  // rows, columns, channels
        return transposed(name_, x, {0, kAxes[3 - first - second], kAxes[first], kAxes[second]});
      }
      case Kind::shuffle:
        return taken_apart(x, {0, first, second, -1}, {0, 2, 1, 3});
      case Kind::space_to_rows:
        return taken_apart(x, {0, in.channels, in.height / first, first, in.width / first, first},
                           {0, 1, 3, 5, 2, 4});
      case Kind::rows_to_space:
        return taken_apart(x, {0, in.channels, first, first, out.height / first, out.width / first},
                           {0, 1, 4, 2, 5, 3});
      case Kind::depth_to_space:
        break;
    }
    return graph_.add_node("DepthToSpace", name_, {x}, {{"blocksize", std::int64_t{first}}});
  }

  /// Appends a map of another height and width: by factors, or to a size where these are not whole.
  std::string resize() {
    const std::string x = input();
    const Shape &in = layer_.input, &out = layer_.output;
    const bool nearest = layer_.resampling == Resampling::nearest;
    std::vector<OnnxAttribute> attributes = {
        {"mode", nearest ? "nearest" : "linear"},
        {"coordinate_transformation_mode", nearest ? "asymmetric" : "half_pixel"}};
    if (nearest) attributes.emplace_back("nearest_mode", "floor");
    if (out.height % in.height == 0 && out.width % in.width == 0) {
      const int down = out.height / in.height, across = out.width / in.width;
      const float factors[] = {1, 1, static_cast<float>(down), static_cast<float>(across)};
      return graph_.add_node("Resize", name_, {x, "", tensor("factors", {4}, factors)}, attributes);
    }
    const auto integers = [&](const char* what, const OnnxInts& values) {
      return graph_.add_integers(join({name_, ".", what}), values);
    };
    const std::string shape = graph_.add_node("Shape", part("shape"), {x});
    const std::string images = graph_.add_node(
        "Slice", part("images"), {shape, integers("first", {0}), integers("last", {1})});
    const std::string size = graph_.add_node(
        "Concat", part("size"), {images, integers("size", {out.channels, out.height, out.width})},
        {{"axis", std::int64_t{0}}});
    return graph_.add_node("Resize", name_, {x, "", "", size}, attributes);
  }

  /// Appends a softmax over blocks of channels.
  std::string softmax() {
    const auto [height, width, channels] = layer_.output;
    const std::string blocks = reshaped(
        part("blocks"), input(), {0, layer_.groups, channels / layer_.groups, height, width});
    const std::string shares =
        graph_.add_node("Softmax", part("shares"), {blocks}, {{"axis", std::int64_t{1}}});
    return reshaped(name_, shares, {0, channels, height, width});
  }

  /// Appends an attention of queries, keys and values, which are channels of a map.
  std::string attention() {
    const std::int64_t height = layer_.output.height, width = layer_.output.width;
    const std::int64_t channels = layer_.output.channels;
    const std::int64_t heads = layer_.groups, depth = channels / heads;
    const auto tokens = [&](const char* what, int which, const OnnxInts& order) {
      const std::string map =
          values_.read(layer_.from, layer_.from_channel + which * layer_.output.channels,
                       layer_.output.channels);
      const std::string rows =
          reshaped(join({name_, "/", what, "/heads"}), map, {0, heads, depth, height, width});
      return transposed(part(what), rows, order);
    };
    // [rows][heads][tokens][depth]; keys the other way round.
    const std::string q = tokens("queries", 0, {0, 3, 1, 4, 2});
    const std::string k = tokens("keys", 1, {0, 3, 1, 2, 4});
    const std::string v = tokens("values", 2, {0, 3, 1, 4, 2});
    const float scale = 1.0F / std::sqrt(static_cast<float>(depth));
    const std::string products = graph_.add_node("MatMul", part("products"), {q, k});
    const std::string scores =
        graph_.add_node("Mul", part("scores"), {products, tensor("scale", {}, {&scale, 1})});
    const std::string shares =
        graph_.add_node("Softmax", part("shares"), {scores}, {{"axis", std::int64_t{-1}}});
    const std::string means = graph_.add_node("MatMul", part("means"), {shares, v});
    return reshaped(name_, transposed(part("channels"), means, {0, 2, 4, 1, 3}),
                    {0, channels, height, width});
  }

  /// Appends a convolution of distances: ONNX has none. One that takes every pixel with its
  /// neighbours, as channels; then differences with each output's weights.
  std::string distances_of(const std::string& x, const Parameters& parameters) {
    const auto [height, width] = layer_.kernel;
    const std::int64_t depth = layer_.depth(), channels = layer_.output.channels;
    std::vector<float> identity(static_cast<std::size_t>(depth * depth));
    for (std::size_t i = 0; i < static_cast<std::size_t>(depth); ++i)
      identity[i * static_cast<std::size_t>(depth) + i] = 1;
    const std::string seen = graph_.add_node(
        "Conv", part("seen"),
        {x, tensor("identity", {depth, depth / (height * width), height, width}, identity)},
        {{"kernel_shape", OnnxInts{height, width}},
         {"strides", OnnxInts{layer_.stride.height, layer_.stride.width}},
         {"dilations", OnnxInts{layer_.dilation.height, layer_.dilation.width}},
         {"pads", pads_of(layer_)}});
    const std::string pixels = reshaped(part("pixels"), seen, {0, 1, depth, -1});
    const std::string difference =
        graph_.add_node("Sub", part("difference"),
                        {pixels, tensor("weight", {channels, depth, 1}, parameters.weight)});
    const std::string distance = graph_.add_node("Abs", part("distance"), {difference});
    const std::string sum = graph_.add_node(
        "ReduceSum", part("sum"), {distance, graph_.add_integers(join({name_, ".axis"}), {2})},
        {{"keepdims", std::int64_t{0}}});
    return reshaped(name_, graph_.add_node("Neg", part("negative"), {sum}),
                    {0, channels, layer_.output.height, layer_.output.width});
  }

 private:
  std::string input() {
    return values_.read(layer_.from, layer_.from_channel, layer_.input.channels, layer_.read_step);
  }
  std::string addend(int channels) {
    return values_.read(layer_.addend, layer_.addend_channel, channels);
  }
  /// Appends an operation, and the layer's activation.
  std::string activated(std::string_view operation, std::string_view what,
                        const std::vector<std::string>& inputs) {
    const std::string to = layer_.activation == Activation::none ? name_ : part(what);
    graph_.add_node(operation, to, inputs);
    return add_activation(graph_, opset_, layer_.activation, name_, to, name_);
  }

  std::string part(std::string_view what) const { return join({name_, "/", what}); }
  std::string tensor(std::string_view what, const OnnxInts& shape, std::span<const float> values) {
    return graph_.add_tensor(join({name_, ".", what}), shape, values);
  }

  std::string reshaped(const std::string& to, const std::string& x, const OnnxInts& shape) {
    return graph_.add_node("Reshape", to, {x, graph_.add_integers(to + ".shape", shape)});
  }
  std::string transposed(const std::string& to, const std::string& x, const OnnxInts& order) {
    return graph_.add_node("Transpose", to, {x}, {{"perm", order}});
  }
  /// Axes of parts of the input's, in another order; together the output's.
  std::string taken_apart(const std::string& x, const OnnxInts& parts, const OnnxInts& order) {
    const Shape& out = layer_.output;
    return reshaped(name_, transposed(part("order"), reshaped(part("parts"), x, parts), order),
                    {0, out.channels, out.height, out.width});
  }

  /// From opset 18 on the axes are an input.
  std::string reduced(std::string_view operation, const std::string& to, const std::string& x,
                      const OnnxInts& axes) {
    if (axes.empty()) return graph_.add_node("Identity", to, {x});
    constexpr int kAxesAreInputs = 18;
    if (opset_ < kAxesAreInputs) return graph_.add_node(operation, to, {x}, {{"axes", axes}});
    return graph_.add_node(operation, to, {x, graph_.add_integers(to + ".axes", axes)});
  }
  /// Appends x minus its means.
  std::string distances(const std::string& x, const OnnxInts& axes) {
    return graph_.add_node("Sub", part("centred"),
                           {x, reduced("ReduceMean", part("mean"), x, axes)});
  }
  std::string variance(const std::string& to, const std::string& centred, const OnnxInts& axes) {
    const std::string squares = graph_.add_node("Mul", part("squares"), {centred, centred});
    return reduced("ReduceMean", to, squares, axes);
  }

  OnnxGraphWriter& graph_;
  OnnxMapValues& values_;
  std::span<const float> weights_;
  int opset_;
  const Layer& layer_;
  std::string name_;
};

/// How operators that read whole maps are written: what appends the nodes of a layer.
inline constexpr std::pair<Operator, std::string (OnnxMapNodes::*)()> kOnnxMapNodes[] = {
    {Operator::max_pool, &OnnxMapNodes::max_pool},
    {Operator::average_pool, &OnnxMapNodes::average_pool},
    {Operator::pool, &OnnxMapNodes::pool},
    {Operator::gate, &OnnxMapNodes::gate},
    {Operator::add, &OnnxMapNodes::add},
    {Operator::multiply, &OnnxMapNodes::multiply},
    {Operator::reduce, &OnnxMapNodes::reduce},
    {Operator::normalise, &OnnxMapNodes::normalise},
    {Operator::rearrange, &OnnxMapNodes::rearrange},
    {Operator::resize, &OnnxMapNodes::resize},
    {Operator::softmax, &OnnxMapNodes::softmax},
    {Operator::attention, &OnnxMapNodes::attention},
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_MAP_NODES_HPP
