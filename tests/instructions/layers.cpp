// Runs a network layer by layer, for QEMU to count: a chain of layers that are computed together is
// one step. Before each step and after the last it makes the system call that the plugin waits
// for; then it prints a line for each step: name, shape of the output, and multiply-adds of its
// convolution, depthwise, pointwise and dense layers.
//
//   instructions_layers NETWORK ISA          instructions_layers x1_0 AVX2
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "../../bench/steps.hpp"
#include "../../bench/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using pplcnet::Layer, pplcnet::Operator;

constexpr long kMark = 99999;

template <class Net>
void run(pplcnet::Isa isa) {
  const auto weights = bench::synthetic_weights<Net>();
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const std::vector<float> input = bench::synthetic_input<Net>();
  const pplcnet::Picture picture = pplcnet::Picture::planar(input.data(), Net::input_shape);
  const std::vector<bench::Step> steps = bench::steps_of(Net::layers);
  for (const bench::Step& step : steps) {
    const pplcnet::Run layers = {.layers = step.layers.data(),
                                 .layer_count = static_cast<int>(step.layers.size()),
                                 .weights = weights->values.data(),
                                 .pictures = &picture,
                                 .destinations = step.destinations.data(),
                                 .maps = workspace->maps.data(),
                                 .vectors = workspace->vectors.data(),
                                 .scratch = workspace->scratch.data(),
                                 .scratch_floats = workspace->scratch.size()};
    syscall(kMark);
    pplcnet::forward(layers, isa);
  }
  syscall(kMark);
  for (const bench::Step& step : steps) {
    long long products[4] = {};
    for (const Layer& layer : step.chain()) {
      if (layer.op == Operator::convolution) products[0] += layer.multiply_adds;
      if (layer.op == Operator::depthwise) products[1] += layer.multiply_adds;
      if (layer.op == Operator::pointwise) products[2] += layer.multiply_adds;
      if (layer.op == Operator::dense) products[3] += layer.multiply_adds;
    }
    const Layer& last = step.chain().back();
    std::printf("%s %d %d %d %lld %lld %lld %lld\n", layer_name(step.chain().front()).c_str(),
                last.output.height, last.output.width, last.output.channels, products[0],
                products[1], products[2], products[3]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (const pplcnet::Isa isa :
       {pplcnet::Isa::baseline, pplcnet::Isa::avx2, pplcnet::Isa::avx512}) {
    if (argc != 3 || std::string_view(argv[2]) != isa_name(isa)) continue;
    if (isa > pplcnet::best_isa()) {
      std::fprintf(stderr, "This machine has no %s\n", isa_name(isa));
      return 1;
    }
    if (bench::with_network(argv[1], [&]<class Net>() { run<Net>(isa); })) return 0;
  }
  std::fprintf(stderr, "Usage: %s x0_25 ... x2_5 or textline, AVX2 or NEON\n", argv[0]);
  return 2;
}
