// Writes a network, its input, and a model that does nothing, for ONNX Runtime.
//
//   peers_onnx NETWORK FOLDER      FOLDER/NETWORK.onnx, FOLDER/NETWORK.f32, FOLDER/nothing.onnx
//
// Field numbers: onnx.proto of ONNX 1.9, opset 14.
#include <algorithm>
#include <cstdint>
#include <fstream>
#include <protozero/pbf_writer.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using pplcnet::Activation;
using pplcnet::Layer;
using pplcnet::Operator;
using protozero::pbf_writer;
using Dims = std::vector<std::int64_t>;

/// A graph under construction: a chain of nodes, each named after what it computes.
class Graph {
 public:
  explicit Graph(const Dims& input) : last_("input") {
    add_value(11, "input", input);  // GraphProto.input
  }

  const std::string& last() const { return last_; }

  /// Appends a node and makes its output the last one.
  template <class AddAttributes>
  void node(const std::string& op, const std::vector<std::string>& inputs,
            const AddAttributes& add_attributes) {
    last_ = "t" + std::to_string(++count_);
    pbf_writer node(graph_, 1);
    for (const std::string& input : inputs) node.add_string(1, input);
    node.add_string(2, last_);
    node.add_string(4, op);
    add_attributes(node);
  }
  void node(const std::string& op, const std::vector<std::string>& inputs) {
    node(op, inputs, [](pbf_writer&) {});
  }

  std::string tensor(const std::string& name, const Dims& dims, std::span<const float> values) {
    pbf_writer tensor(graph_, 5);  // GraphProto.initializer
    for (const std::int64_t dim : dims) tensor.add_int64(1, dim);
    tensor.add_int32(2, 1);  // FLOAT
    tensor.add_string(8, name);
    tensor.add_bytes(9, reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return name;
  }

  /// The whole model, with the last node's output as the graph's.
  std::string finish(const Dims& output) {
    add_value(12, last_, output);  // GraphProto.output
    graph_.add_string(2, "network");
    std::string bytes;
    pbf_writer model(bytes);
    model.add_int64(1, 7);  // IR version
    model.add_message(7, graph_bytes_);
    pbf_writer opset(model, 8);
    opset.add_string(1, "");
    opset.add_int64(2, 14);
    opset.commit();
    return bytes;
  }

 private:
  void add_value(protozero::pbf_tag_type field, const std::string& name, const Dims& dims) {
    pbf_writer value(graph_, field);
    value.add_string(1, name);
    pbf_writer type(value, 2);
    pbf_writer tensor(type, 1);
    tensor.add_int32(1, 1);  // FLOAT
    pbf_writer shape(tensor, 2);
    for (const std::int64_t dim : dims) {
      pbf_writer(shape, 1).add_int64(1, dim);
    }
  }

  std::string graph_bytes_;
  pbf_writer graph_{graph_bytes_};
  std::string last_;
  int count_ = 0;
};

void add_attribute(pbf_writer& node, const std::string& name, float value) {
  pbf_writer attribute(node, 5);
  attribute.add_string(1, name);
  attribute.add_float(2, value);
  attribute.add_enum(20, 1);  // FLOAT
}

void add_attribute(pbf_writer& node, const std::string& name, std::int64_t value) {
  pbf_writer attribute(node, 5);
  attribute.add_string(1, name);
  attribute.add_int64(3, value);
  attribute.add_enum(20, 2);  // INT
}

void add_attribute(pbf_writer& node, const std::string& name, const Dims& values) {
  pbf_writer attribute(node, 5);
  attribute.add_string(1, name);
  for (const std::int64_t value : values) attribute.add_int64(8, value);
  attribute.add_enum(20, 7);  // INTS
}

/// The activations of the networks that are measured.
void add_activation(Graph& graph, Activation activation) {
  if (activation == Activation::relu) graph.node("Relu", {graph.last()});
  if (activation == Activation::hardswish) graph.node("HardSwish", {graph.last()});
  if (activation == Activation::hardsigmoid_paddle)
    graph.node("HardSigmoid", {graph.last()}, [](pbf_writer& node) {
      add_attribute(node, "alpha", 0.1666667F);
      add_attribute(node, "beta", 0.5F);
    });
}

/// Zeros above, left of, below and right of a picture.
Dims pads_of(const Layer& layer) {
  const auto behind = [&](int out, int stride, int in) {
    return std::max(0, (out - 1) * stride + layer.kernel - layer.padding() - in);
  };
  return {layer.padding(), layer.padding(),
          behind(layer.output.height, layer.stride.height, layer.input.height),
          behind(layer.output.width, layer.stride.width, layer.input.width)};
}

void add_convolution(Graph& graph, const Layer& layer) {
  const pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
  const std::string name = layer_name(layer);
  const std::int64_t out = layer.output.channels, in = layer.input.channels;
  const bool depthwise = layer.op == Operator::depthwise;
  const Dims shape = {out, depthwise ? 1 : in, layer.kernel, layer.kernel};
  const auto weight = graph.tensor(name + ".weight", shape, parameters.weight);
  const auto bias = graph.tensor(name + ".bias", {out}, parameters.bias);
  graph.node("Conv", {graph.last(), weight, bias}, [&](pbf_writer& node) {
    add_attribute(node, "kernel_shape", Dims{layer.kernel, layer.kernel});
    add_attribute(node, "strides", Dims{layer.stride.height, layer.stride.width});
    add_attribute(node, "pads", pads_of(layer));
    add_attribute(node, "group", depthwise ? in : 1);
  });
}

void add_classifier(Graph& graph, const Layer& layer) {
  const pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
  const std::int64_t out = layer.output.channels, in = layer.input.channels;
  const auto weight = graph.tensor("fc.weight", {out, in}, parameters.weight);
  const auto bias = graph.tensor("fc.bias", {out}, parameters.bias);
  graph.node("Flatten", {graph.last()});
  graph.node("Gemm", {graph.last(), weight, bias},
             [](pbf_writer& node) { add_attribute(node, "transB", std::int64_t{1}); });
}

std::string network_model(std::span<const Layer> layers) {
  const pplcnet::Shape& picture = layers.front().input;
  Graph graph({1, picture.channels, picture.height, picture.width});
  std::string map;  // what a gate multiplies
  for (const Layer& layer : layers) {
    if (layer.op == Operator::pool) {
      map = graph.last();
      graph.node("GlobalAveragePool", {map});
    } else if (layer.op == Operator::gate) {
      graph.node("Mul", {map, graph.last()});
    } else if (layer.part == pplcnet::Part::classifier) {
      add_classifier(graph, layer);
    } else {
      add_convolution(graph, layer);
    }
    add_activation(graph, layer.activation);
  }
  return graph.finish({1, layers.back().output.channels});
}

std::string nothing_model() {
  Graph graph({1});
  graph.node("Relu", {graph.last()});
  return graph.finish({1});
}

void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string folder = std::string(argv[2]) + "/", path = folder + argv[1];
  write(folder + "nothing.onnx", nothing_model());
  const bool found = bench::with_network(argv[1], [&]<class Net>() {
    write(path + ".onnx", network_model(Net::layers));
    const std::vector<float> input = bench::synthetic_input<Net>();
    write(path + ".f32", {reinterpret_cast<const char*>(input.data()), 4 * input.size()});
  });
  return found ? 0 : 2;
}
