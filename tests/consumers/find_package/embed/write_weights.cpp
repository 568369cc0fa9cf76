// Writes a native file with weights that mean nothing: write_weights FILE
#include <cstdio>
#include <memory>
#include <pplcnet/weights/fold.hpp>

#include "network.hpp"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto weights = std::make_unique<Net::Weights>();
  unsigned state = 1;
  for (const pplcnet::Layer& layer : Net::layers) {
    if (!layer.has_weights()) continue;
    pplcnet::Parameters parameters;
    for (int i = 0; i < layer.output.channels * layer.depth(); ++i) {
      state = state * 1664525u + 1013904223u;
      parameters.weight.push_back(static_cast<float>(state >> 8) / (1 << 24) - 0.5f);
    }
    parameters.bias.assign(static_cast<std::size_t>(layer.output.channels), 0.25f);
    pack(layer, parameters, weights->values);
  }
  if (auto error = pplcnet::save(argv[1], *weights)) return std::puts(error.message()), 1;
  return 0;
}
