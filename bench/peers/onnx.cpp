// Writes a network, its input, and a model that does nothing, for ONNX Runtime.
//
//   peers_onnx NETWORK FOLDER      FOLDER/NETWORK.onnx, FOLDER/NETWORK.f32, FOLDER/nothing.onnx
//
#include "onnx_files.hpp"
#include "planned_network.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto network = bench::planned_network(argv[1]);
  if (!network) return 2;
  bench::write_onnx_files(*network, argv[2], argv[1]);
}
