// Writes a network, its input, and a model that does nothing, for ONNX Runtime.
//
//   peers_onnx NETWORK FOLDER      FOLDER/NETWORK.onnx, FOLDER/NETWORK.f32, FOLDER/nothing.onnx
//
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "../synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/onnx/save.hpp"

namespace {

std::string nothing_model() {
  pplcnet::OnnxGraphWriter graph;
  graph.add_input("input", {1});
  graph.add_node("Relu", "logits", {"input"});
  graph.add_output("logits", {1});
  return graph.finish("nothing", pplcnet::OnnxOptions{}.opset, {});
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
    write(path + ".onnx", pplcnet::onnx_model(*bench::synthetic_weights<Net>()));
    const std::vector<float> input = bench::synthetic_input<Net>();
    write(path + ".f32", {reinterpret_cast<const char*>(input.data()), 4 * input.size()});
  });
  return found ? 0 : 2;
}
