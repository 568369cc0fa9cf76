// The whole of it: a network, its weights, an image, the best class.
// Usage: hello WEIGHTS    (PPLCNet_x1_0: Paddle's .pdiparams, or safetensors)
#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "pplcnet/pplcnet.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x1_0>;  // 1000 classes, 3 × 224 × 224

static_assert(Net::parameter_count == 2'952'520);  // known to the compiler, like everything else
static_assert(Net::workspace_bytes < 4'000'000);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: hello WEIGHTS\n");
    return 2;
  }
  const auto weights = std::make_unique<Net::Weights>();  // share it between threads
  static Net::Workspace workspace;                        // one for each thread
  if (auto error = pplcnet::load(argv[1], *weights)) {
    std::fprintf(stderr, "%s\n", error.message());
    return 1;
  }

  const std::vector<float> image(Net::input_size);  // planar 3 × 224 × 224; all grey here
  Net::Logits logits;
  Net::forward(*weights, Net::Image(image), workspace, logits);  // no allocation, no lock

  const auto best = std::max_element(logits.begin(), logits.end());
  std::printf("class %td, logit %.4f, computed with %s\n", best - logits.begin(), double{*best},
              pplcnet::isa_name());
}
