// Prints the bits of the logits of a few networks: print_logits [baseline|avx2|avx512]
#include <bit>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "bits/answer.hpp"

namespace {

using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;

template <class Net>
void print(const char* name, pplcnet::Isa isa) {
  for (const float logit : pplcnet_test::answer<Net>(isa))
    std::printf("%s %08x\n", name, std::bit_cast<std::uint32_t>(logit));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view asked = argc > 1 ? argv[1] : "";
  const pplcnet::Isa isa = asked == "baseline" ? pplcnet::Isa::baseline
                           : asked == "avx2"   ? pplcnet::Isa::avx2
                           : asked == "avx512" ? pplcnet::Isa::avx512
                                               : pplcnet::best_isa();
  print<PPLCNet<Scale::x0_25>>("x0_25", isa);
  print<PPLCNet<Scale::x0_35, Options{.classes = 10, .input = {97, 131}}>>("x0_35 97x131", isa);
  print<PPLCNet<Scale::x1_0>>("x1_0", isa);
}
