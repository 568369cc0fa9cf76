// Writes a network, its input, and a model that does nothing, for ONNX Runtime.
//
//   peers_onnx NETWORK FOLDER      FOLDER/NETWORK.onnx, FOLDER/NETWORK.f32, FOLDER/nothing.onnx
//
#include "onnx_files.hpp"

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const bool found = bench::with_network(argv[1], [&]<class Net>() {
    bench::write_onnx_files(pplcnet::AnyNetwork::of(*bench::synthetic_weights<Net>()), argv[2],
                            argv[1]);
  });
  return found ? 0 : 2;
}
