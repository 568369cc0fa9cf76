// Prints the bits of the outputs of a few networks, every kernel among them:
//
//   print_outputs [baseline|avx2|avx512]
#include <bit>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "bits/output.hpp"
#include "map_operators.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/googlenet.hpp"
#include "pplcnet/networks/inception_v3.hpp"
#include "pplcnet/networks/shufflenet_v1.hpp"
#include "pplcnet/networks/xception.hpp"

namespace {

using pplcnet::BackboneOptions;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::PPLCNetV4;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet::V4;

constexpr TextOptions kPage = {.input = {97, 131}}, kLine = {.input = {48, 100}};

constexpr pplcnet::Graph shufflenet() {
  return pplcnet::light_cnns_shufflenet_v1({.input = {193, 217}});
}
constexpr pplcnet::Graph googlenet() {
  return pplcnet::light_cnns_googlenet({.input = {33, 29}, .classes = 10});
}
constexpr pplcnet::Graph inception() {
  return pplcnet::inception_v3({.input = {79, 75}, .classes = 10});
}
constexpr pplcnet::Graph xception() {
  return pplcnet::xception({.input = {65, 49}, .classes = 10});
}

template <class Net>
void print(const char* name, pplcnet::Isa isa) {
  for (const float value : pplcnet_test::output_of<Net>(isa))
    std::printf("%s %08x\n", name, std::bit_cast<std::uint32_t>(value));
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
  print<PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = {97, 131}, .output_stride = 8}>>(
      "x0_25 dilated", isa);
  print<PPLCNetV2<V2::small, V2Options{.classes = 10, .input = {97, 131}}>>("v2_small", isa);
  print<PPLCNetV3<Scale::x0_5, V3::detection, kPage>>("v3 detection", isa);
  print<PPLCNetV3<Scale::x0_5, V3::recognition, kLine>>("v3 recognition", isa);
  print<PPLCNetV4<Size::tiny, V4::detection, kPage>>("v4 detection", isa);
  print<PPLCNetV4<Size::tiny, V4::recognition, kLine>>("v4 recognition", isa);
  print<pplcnet::Network<pplcnet_test::map_operators>>("map operators", isa);
  print<pplcnet::Network<shufflenet>>("shufflenet", isa);
  print<pplcnet::Network<googlenet>>("googlenet", isa);
  print<pplcnet::Network<inception>>("inception", isa);
  print<pplcnet::Network<xception>>("xception", isa);
}
