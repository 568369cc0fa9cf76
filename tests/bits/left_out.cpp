// Compiled without AVX-512's copy of the kernels; asks for it, and gets another one.
#include <cstdio>
#include <memory>

#include "pplcnet/network.hpp"
// It is opened for each target, as are headers of Highway's own: after the library, for the first.
#include <hwy/contrib/dot/dot-inl.h>

constexpr pplcnet::Graph graph() {
  pplcnet::Graph g({2, 2});
  g.output(g.add(g.image(), g.image(), pplcnet::Activation::relu));
  return g;
}
using Net = pplcnet::Network<graph>;

int main() {
  [[maybe_unused]] const hwy::HWY_NAMESPACE::Dot dot;
  const auto weights = std::make_unique<Net::Weights>();
  const auto workspace = std::make_unique<Net::Workspace>();
  const float image[Net::input_size] = {1, -2, 3, -4, 5, -6, 7, -8, 9, -10, 11, -12};
  float output[Net::input_size];
  Net::Features features;
  features.outputs[0] = output;
  Net::features(*weights, Net::Image(image), *workspace, features, {.isa = pplcnet::Isa::avx512});
  for (std::size_t i = 0; i < Net::input_size; ++i)
    if (output[i] != (i % 2 == 0 ? 2 * image[i] : 0)) return std::puts("The output is wrong."), 1;
  if (pplcnet::has_isa(pplcnet::Isa::avx512)) return std::puts("It has AVX-512."), 1;
  std::puts(pplcnet::isa_name());
}
