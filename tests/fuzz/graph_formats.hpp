#ifndef PPLCNET_TESTS_FUZZ_GRAPH_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_GRAPH_FORMATS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/format.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"
#include "weights/onnx_model.hpp"

/// Formats of graphs of operations. What is read is searched for a network, whose layers may be
/// found or not.
namespace pplcnet_test {

inline void check_graph(const pplcnet::FileGraph& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const int input : graph.nodes[i].inputs)
      require(input >= -1 && input < static_cast<int>(i), "a node that reads a later one");
  for (const pplcnet::Tensor& tensor : graph.constants)
    require(pplcnet::byte_count(tensor.type, tensor.shape) == tensor.data.size(), "size of data");
  pplcnet::Evidence evidence;
  pplcnet::read_graph(graph, evidence);
  require(evidence.classes >= 0 && evidence.head.value_or(0) >= 0, "what a graph says");
}

/// Returns whether the small network is found with `Error load(weights)`.
template <class Load>
bool is_found(Load&& load) {
  std::vector<float> weights(kPlan.weight_floats);
  const pplcnet::Error missing = load(weights);
  if (missing) check_message(missing);
  return !missing;
}

inline Format onnx_format() {
  using Hardswish = OnnxForm::Hardswish;
  using Writer = OnnxModel::Writer;
  std::vector<Parts> files;
  const auto state = synthetic_state_dict(kLayers, kTraits);
  for (const OnnxForm& form :
       {OnnxForm{},
        {.hardswish = Hardswish::gated, .reduce_mean = true},
        {.hardswish = Hardswish::written_out, .constant_nodes = true, .matrix_and_add = true}})
    files.push_back({OnnxNetwork(state.file, kLayers, kTraits, form).file(), ""});
  // What this library writes itself, and finds by names.
  const std::vector<float> weights(kPlan.weight_floats);
  files.push_back({pplcnet::OnnxWriter(kPlan, weights, {}).model({}), ""});

  // Much memory for few bytes.
  OnnxModel constants("x"), numbers("x"), nodes("x"), outputs("x"), halves("x"), named("x");
  std::string node, half;
  for (int i = 0; i < kMany; ++i) {
    constants.constant({}, {1});
    numbers.node("Constant", {}, {OnnxModel::attribute("value_float", 1.0f)});
    nodes.add_node("");
    Writer(node).add_string(2, std::to_string(i));
  }
  outputs.add_node(node);
  const std::vector<std::int32_t> small(1 << 18, 1);  // a byte each
  Writer writer(half);
  writer.add_int64(1, 1 << 18);
  writer.add_int32(2, 10);
  writer.add_packed_int32(5, small.begin(), small.end());
  halves.add_initializer(half);
  named.add_initializer(OnnxModel::tensor(std::string(1 << 20, 'a'), {1}, {1}));

  std::vector<std::string> words = {"value", "axes", "strides", "pads", "group", "epsilon"};
  for (const auto& operation : pplcnet::onnx_file::kOperations) words.emplace_back(operation.name);
  return {.files = files,
          .read =
              [](std::string_view contents) {
                return run<pplcnet::FileGraph>(
                    [&](pplcnet::FileGraph& graph) {
                      return pplcnet::parse_onnx(bytes_of(contents), kPath, graph);
                    },
                    [&](const pplcnet::FileGraph& graph) {
                      check_graph(graph);
                      return is_found([&](std::span<float> values) {
                        return pplcnet::loading::load_onnx(bytes_of(contents), kPath, kLayers,
                                                           kTraits, values);
                      });
                    });
              },
          .large = {constants.file(), numbers.file(), nodes.file(), outputs.file(), halves.file(),
                    named.file()},
          .words = words,
          .damage = damage_messages};
}

/// A file of two: the text, a zero, the weights.
inline Format ncnn_format() {
  std::vector<Parts> files;
  const auto state = synthetic_state_dict(kLayers, kTraits);
  for (const NcnnForm& form : {NcnnForm{},
                               {.fused = true},
                               {.written_out = true},
                               {.tag = kNcnnHalf},
                               {.tag = kNcnnTable}}) {
    const NcnnNetwork network(state.file, kLayers, kTraits, form);
    files.push_back({network.text(), network.weights()});
  }
  const auto file = [](const std::string& lines) { return "7767517\n1 1\n" + lines; };
  const std::string name(1 << 20, 'a');
  std::string numbers, outputs = "Input a 0 250";
  for (int i = 0; i < kMany; ++i) numbers += "BinaryOp a 0 1 " + std::to_string(i) + " 1=1\n";
  for (int i = 0; i < 250; ++i) outputs += " " + std::to_string(i);

  std::vector<std::string> words;
  for (const auto& layer : pplcnet::ncnn_file::kLayerTypes) words.emplace_back(layer.name);
  for (const char* layer :
       {"Convolution", "ConvolutionDepthWise", "InnerProduct", "BatchNorm", "MemoryData"})
    words.emplace_back(layer);
  return {
      .files = files,
      .read =
          [](std::string_view contents) {
            const std::string_view text = contents.substr(0, contents.find('\0'));
            const std::string_view weights =
                contents.substr(std::min(text.size() + 1, contents.size()));
            return run<pplcnet::FileGraph>(
                [&](pplcnet::FileGraph& graph) {
                  return pplcnet::parse_ncnn(text, kPath, bytes_of(weights), kPath, graph);
                },
                [](const pplcnet::FileGraph& graph) {
                  check_graph(graph);
                  return is_found([&](std::span<float> values) {
                    return pplcnet::pack_graph(graph, kLayers, kTraits, values);
                  });
                });
          },
      .large = {file(repeated("Noop a 0 0\n")), file(numbers), file(outputs),
                file("BatchNorm " + name + " 0 0 0=0\n"), file(repeated("BatchNorm a 0 0 0=0\n")),
                file("MemoryData a 0 0 0=1000000 21=0\n") + '\0' + u32(kNcnnTable) +
                    std::string(1024 + 1000000, '\0')},
      .words = words,
      .join = [](const Parts& parts) { return parts.head + '\0' + parts.tail; },
      .damage = damage_words};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_GRAPH_FORMATS_HPP
