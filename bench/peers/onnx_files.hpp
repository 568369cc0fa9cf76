#ifndef PPLCNET_BENCH_PEERS_ONNX_FILES_HPP
#define PPLCNET_BENCH_PEERS_ONNX_FILES_HPP

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "../synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"
#include "pplcnet/weights/onnx/options.hpp"
#include "pplcnet/weights/onnx/save.hpp"

// The files that onnxruntime.js reads.

namespace bench {

inline void write_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// Writes FOLDER/NAME.onnx, a network, FOLDER/NAME.f32, its input, and FOLDER/nothing.onnx, a model
/// that does nothing.
inline void write_onnx_files(const pplcnet::AnyNetwork& network, const std::string& folder,
                             std::string_view name) {
  const std::string path = folder + "/" + std::string(name);
  write_bytes(path + ".onnx", pplcnet::onnx_model(network, {}, {}));
  const std::vector<float> input = synthetic_input(network.input_shape());
  write_bytes(path + ".f32", {reinterpret_cast<const char*>(input.data()), 4 * input.size()});
  pplcnet::OnnxGraphWriter graph;
  graph.add_input("input", {1});
  graph.add_node("Relu", "logits", {"input"});
  graph.add_output("logits", {1});
  write_bytes(folder + "/nothing.onnx", graph.finish("nothing", pplcnet::OnnxOptions{}.opset, {}));
}

}  // namespace bench

#endif  // PPLCNET_BENCH_PEERS_ONNX_FILES_HPP
