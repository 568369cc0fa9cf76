// Writes a native file of synthetic weights for the network of `hello`, and prints what `hello`
// must find out about it. Usage: write_weights FILE
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x1_0>;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  if (auto error = pplcnet::save(argv[1], *weights)) {
    std::fprintf(stderr, "%s\n", error.message());
    return 1;
  }
  const auto workspace = std::make_unique<Net::Workspace>();
  Net::Logits logits;
  Net::forward(*weights, Net::Image(std::vector<float>(Net::input_size)), *workspace, logits,
               {.isa = pplcnet::Isa::baseline});
  const auto best = std::max_element(logits.begin(), logits.end());
  std::printf("class %td, logit %.4f\n", best - logits.begin(), double{*best});
}
