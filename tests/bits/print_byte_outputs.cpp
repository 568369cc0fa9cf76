// Prints a hash of all that the layers of networks in bytes give: of PP-LCNet and PP-LCNet V2 of
// all scales, of lines of text and of pages.
//
//   print_byte_outputs [baseline|avx2|avx512 [plain]]      plain: without VNNI
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "quantise/random_bytes.hpp"

namespace {

using pplcnet::Isa;
using pplcnet::Options;
using pplcnet::QuantisedLayer;
using pplcnet::Scale;
using pplcnet::Shape;
using pplcnet::Stride;
using pplcnet_test::AlignedBytes;

/// FNV-1a of bits.
class Hash {
 public:
  void add(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8)
      hash_ = (hash_ ^ (bits >> shift & 0xFF)) * 1099511628211U;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037U;
};

void print(const std::string& name, const pplcnet::Graph& graph, Isa isa, bool dot) {
  const auto floats = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(graph));
  const auto plan = std::make_unique<pplcnet::QuantisedPlan>(pplcnet::make_quantised_plan(*floats));
  pplcnet_test::RandomWeights weights(*plan);
  const auto tables = pplcnet_test::tables_of(weights.data());
  const Shape shape = {plan->traits.input.height, plan->traits.input.width, 3};
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.size()));
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(i) * 2654435761U >> 24);
  const auto picture = pplcnet::Picture::interleaved(bytes.data(), tables.data(), shape);
  std::vector<std::vector<float>> outputs(static_cast<std::size_t>(plan->layer_count));
  std::vector<float*> destinations;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (plan->layers[i].op != pplcnet::Operator::picture)
      outputs[i].resize(static_cast<std::size_t>(plan->layers[i].output.size()));
    destinations.push_back(outputs[i].empty() ? nullptr : outputs[i].data());
  }
  AlignedBytes maps(plan->map_bytes), vectors(plan->vector_bytes), scratch(plan->scratch_bytes);
  pplcnet::forward_quantised({.layers = plan->layers,
                              .layer_count = plan->layer_count,
                              .weights = weights.data(),
                              .pictures = &picture,
                              .destinations = destinations.data(),
                              .maps = maps.data(),
                              .vectors = vectors.data(),
                              .scratch = scratch.data(),
                              .scratch_bytes = plan->scratch_bytes,
                              .dot_instructions = dot},
                             isa);
  Hash hash;
  for (const auto& output : outputs)
    for (const float value : output) hash.add(value);
  std::printf("%s %016llx\n", name.c_str(), static_cast<unsigned long long>(hash.value()));
}

constexpr std::array<Stride, 5> kLineStrides = {2, Stride{2, 1}, Stride{2, 1}, Stride{2, 1},
                                                Stride{2, 1}};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view asked = argc > 1 ? argv[1] : "";
  const Isa isa = asked == "baseline" ? Isa::baseline
                  : asked == "avx2"   ? Isa::avx2
                                      : pplcnet::best_isa();
  const bool dot = argc <= 2;
  std::fprintf(stderr, "%s\n", pplcnet::isa_name(isa));
  for (const Scale scale : {Scale::x0_25, Scale::x0_35, Scale::x0_5, Scale::x0_75, Scale::x1_0,
                            Scale::x1_5, Scale::x2_0, Scale::x2_5})
    print("V1 x" + std::to_string(static_cast<int>(scale)),
          pplcnet::pplcnet_v1(scale, Options{.input = {71, 64}}), isa, dot);
  print("V2 small", pplcnet::pplcnet_v2(pplcnet::V2::small, {.input = {64, 71}}), isa, dot);
  print("V2 base", pplcnet::pplcnet_v2(pplcnet::V2::base, {.input = {64, 71}}), isa, dot);
  print("V2 large", pplcnet::pplcnet_v2(pplcnet::V2::large, {.input = {64, 71}}), isa, dot);
  print("lines of text",
        pplcnet::pplcnet_v1(Scale::x0_25,
                            Options{.classes = 2, .input = {80, 160}, .strides = kLineStrides}),
        isa, dot);
  print("pages", pplcnet::pplcnet_v1(Scale::x0_35, Options{.classes = 4}), isa, dot);
}
