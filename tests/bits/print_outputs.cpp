// Prints the bits of the outputs of a few networks, every kernel among them, and of every network
// that is a function, for which an emulator does not take long:
//
//   print_outputs [baseline|avx2|avx512 [all]]      the instruction set's name goes to stderr
#include <bit>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "bits/graph_output.hpp"
#include "bits/output.hpp"
#include "map_operators.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "published_graphs.hpp"

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

template <class Net>
void print(const char* name, pplcnet::Isa isa) {
  for (const float value : pplcnet_test::output_of<Net>(isa))
    std::printf("%s %08x\n", name, std::bit_cast<std::uint32_t>(value));
}

constexpr std::int64_t kMostMultiplyAdds = 500'000'000;

void print(const pplcnet_test::PublishedGraph& published, pplcnet::Isa isa, bool all) {
  const pplcnet::Graph graph = published.graph();
  pplcnet::AnyNetwork network = pplcnet_test::network_of(graph);
  std::int64_t multiply_adds = 0;
  for (const pplcnet::Layer& layer : network.layers()) multiply_adds += layer.multiply_adds;
  if (multiply_adds > kMostMultiplyAdds && !all) return;
  pplcnet_test::fill_with_synthetic_weights(network);
  const pplcnet_test::SyntheticPictures synthetic(network.input_shape(), 1);
  for (const std::uint32_t bits :
       pplcnet_test::results(network, published.output, synthetic.pictures(), isa, 1))
    std::printf("%.*s %08x\n", static_cast<int>(graph.title.size()), graph.title.data(), bits);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view asked = argc > 1 ? argv[1] : "";
  const bool all = argc > 2;
  const pplcnet::Isa isa = asked == "baseline" ? pplcnet::Isa::baseline
                           : asked == "avx2"   ? pplcnet::Isa::avx2
                           : asked == "avx512" ? pplcnet::Isa::avx512
                                               : pplcnet::best_isa();
  std::fprintf(stderr, "%s\n", pplcnet::isa_name(isa));
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
  for (const pplcnet_test::PublishedGraph& published : pplcnet_test::kPublishedGraphs)
    print(published, isa, all);
}
