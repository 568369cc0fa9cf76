// A user's program with a network in bytes.
#include <cstdio>
#include <memory>
#include <pplcnet/pplcnet.hpp>
#include <pplcnet/quantised.hpp>
#include <vector>

using Net =
    pplcnet::PPLCNet<pplcnet::Scale::x0_25,
                     pplcnet::Options{
                         .classes = 2, .input = {32, 32}, .precision = pplcnet::Precision::int8}>;

int main() {
  const auto weights = std::make_unique<Net::Weights>();  // all zeros, and so are the logits
  const auto workspace = std::make_unique<Net::Workspace>();
  const std::vector<float> image(Net::input_size, 1);
  Net::Logits logits = {1, 1};
  Net::forward(*weights, Net::Image(image), *workspace, logits);
  std::printf("%g %g\n", double{logits[0]}, double{logits[1]});
  return logits == Net::Logits{} ? 0 : 1;
}
