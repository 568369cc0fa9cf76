// Every network against float64 runs of the code that it comes from: stage by stage and logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/golden_outputs.hpp"
#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using pplcnet::Dialect;
using pplcnet::Isa;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::Scale;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet_test::Form;
using pplcnet_test::Golden;

constexpr std::array<pplcnet::Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
constexpr Dialect kTimm = Dialect::timm, kPytorch = Dialect::pytorch;
constexpr auto kRelu = pplcnet::Activation::relu, kRelu6 = pplcnet::Activation::relu6;

template <int kHeight, int kWidth>
using Detection = PPLCNetV3<Scale::x0_75, V3::detection, TextOptions{.input = {kHeight, kWidth}}>;
template <Scale kScale, int kWidth>
using Recognition = PPLCNetV3<kScale, V3::recognition, TextOptions{.input = {48, kWidth}}>;

template <class Net>
typename Net::WeightsView view(const float* weights) {
  return typename Net::WeightsView(
      std::span<const float, Net::weight_count>(weights, Net::weight_count));
}

/// Computes all layers of a picture.
template <class Net>
void features(const float* weights, const float* image, std::span<float* const> layers, Isa isa) {
  const auto workspace = std::make_unique<typename Net::Workspace>();
  typename Net::Features requested;
  std::ranges::copy(layers, requested.layers.begin());
  Net::features(view<Net>(weights), typename Net::Image(image, Net::input_size), *workspace,
                requested, {.isa = isa});
}

/// Computes the logits of a picture; nothing if the network has none.
template <class Net>
void forward(const float* weights, const float* image, std::vector<float>& found, Isa isa) {
  if constexpr (Net::classes > 0) {
    const auto workspace = std::make_unique<typename Net::Workspace>();
    typename Net::Logits logits;
    Net::forward(view<Net>(weights), typename Net::Image(image, Net::input_size), *workspace,
                 logits, {.isa = isa});
    found.assign(logits.begin(), logits.end());
  }
}

/// A network as a type, in one form of its checkpoints.
struct Typed {
  const char* name;
  pplcnet::Graph (*graph)();
  Form form;
  decltype(&features<PPLCNet<Scale::x0_25>>) features;
  decltype(&forward<PPLCNet<Scale::x0_25>>) forward;
};

template <class Net, Form kForm = Form::training>
constexpr Typed typed(const char* name) {
  return {name, Net::Definition::graph, kForm, features<Net>, forward<Net>};
}

constexpr Typed kNetworks[] = {
    typed<PPLCNet<Scale::x0_25>>("v1_x0_25"),
    typed<PPLCNet<Scale::x0_35>>("v1_x0_35"),
    typed<PPLCNet<Scale::x0_5>>("v1_x0_5"),
    typed<PPLCNet<Scale::x0_75>>("v1_x0_75"),
    typed<PPLCNet<Scale::x1_0>>("v1_x1_0"),
    typed<PPLCNet<Scale::x1_5>>("v1_x1_5"),
    typed<PPLCNet<Scale::x2_0>>("v1_x2_0"),
    typed<PPLCNet<Scale::x2_5>>("v1_x2_5"),
    typed<PPLCNet<Scale::x0_25, Options{.input = {1, 1}}>>("v1_x0_25_1x1"),
    typed<PPLCNet<Scale::x0_25, Options{.input = {32, 32}}>>("v1_x0_25_32x32"),
    typed<PPLCNet<Scale::x0_25, Options{.input = {33, 63}}>>("v1_x0_25_33x63"),
    typed<PPLCNet<Scale::x0_25, Options{.input = {97, 131}}>>("v1_x0_25_97x131"),
    typed<PPLCNet<Scale::x1_0, Options{.input = {97, 131}}>>("v1_x1_0_97x131"),
    typed<PPLCNet<Scale::x1_0, Options{.input = {192, 192}}>>("v1_x1_0_192x192"),
    typed<PPLCNet<Scale::x0_25, Options{.head = 0}>>("v1_x0_25_nolastconv"),
    typed<PPLCNet<Scale::x1_0, Options{.classes = 4, .head = 0}>>("v1_x1_0_nolastconv_c4"),
    typed<PPLCNet<Scale::x0_25, Options{.classes = 2, .input = {48, 192}, .strides = kTextLine}>>(
        "v1_x0_25_textline_c2_48x192"),
    typed<PPLCNet<Scale::x1_0, Options{.classes = 2, .input = {80, 160}, .strides = kTextLine}>>(
        "v1_x1_0_textline_c2_80x160"),
    typed<PPLCNet<Scale::x1_0, Options{.classes = 4, .input = {80, 160}, .strides = kTextLine}>>(
        "v1_x1_0_textline_c4_80x160"),
    typed<PPLCNet<Scale::x1_0, Options{.classes = 26, .input = {256, 192}}>>(
        "v1_x1_0_attr_c26_256x192"),
    typed<PPLCNet<Scale::x0_5,
                  Options{.classes = 10, .input = {128, 96}, .head = 512, .dropout_percent = 0}>>(
        "v1_x0_5_expand512_drop0_c10"),
    typed<PPLCNet<Scale::x0_5, Options{.activation = kRelu}>>("v1_x0_5_relu"),
    typed<PPLCNet<Scale::x0_5, Options{.activation = kRelu6}>>("v1_x0_5_relu6"),
    typed<PPLCNet<Scale::x0_35, Options{.dialect = kTimm}>>("timm_lcnet_035"),
    typed<PPLCNet<Scale::x0_5, Options{.dialect = kTimm}>>("timm_lcnet_050"),
    typed<PPLCNet<Scale::x0_5, Options{.classes = 10, .input = {97, 131}, .dialect = kTimm}>>(
        "timm_lcnet_050_97x131_c10"),
    typed<PPLCNet<Scale::x0_75, Options{.dialect = kTimm}>>("timm_lcnet_075"),
    typed<PPLCNet<Scale::x1_0, Options{.dialect = kTimm}>>("timm_lcnet_100"),
    typed<PPLCNet<Scale::x1_5, Options{.dialect = kTimm}>>("timm_lcnet_150"),
    typed<PPLCNet<Scale::x0_25, Options{.dialect = kPytorch}>>("torch_x0_25"),
    typed<PPLCNet<Scale::x0_35, Options{.dialect = kPytorch}>>("torch_x0_35"),
    typed<PPLCNet<Scale::x1_0, Options{.dialect = kPytorch}>>("torch_x1_0"),
    typed<PPLCNetV2<V2::small>>("v2_small_train"),
    typed<PPLCNetV2<V2::small>, Form::deployed>("v2_small_deploy"),
    typed<PPLCNetV2<V2::base>>("v2_base_train"),
    typed<PPLCNetV2<V2::base>, Form::deployed>("v2_base_deploy"),
    typed<PPLCNetV2<V2::large>>("v2_large_train"),
    typed<PPLCNetV2<V2::large>, Form::deployed>("v2_large_deploy"),
    typed<PPLCNetV2<V2::base, V2Options{.classes = 7, .input = {97, 131}, .head = 512}>,
          Form::deployed>("v2_base_expand512_97x131_deploy"),
    typed<Detection<160, 160>>("v3_det_x0_75_train"),
    typed<Detection<160, 160>, Form::deployed>("v3_det_x0_75_deploy"),
    typed<Detection<97, 131>>("v3_det_x0_75_97x131_train"),
    typed<Detection<97, 131>, Form::deployed>("v3_det_x0_75_97x131_deploy"),
    typed<Recognition<Scale::x0_5, 100>>("v3_rec_x0_5_48x100_train"),
    typed<Recognition<Scale::x0_5, 100>, Form::deployed>("v3_rec_x0_5_48x100_deploy"),
    typed<Recognition<Scale::x0_95, 320>>("v3_rec_x0_95_48x320_train"),
    typed<Recognition<Scale::x0_95, 320>, Form::deployed>("v3_rec_x0_95_48x320_deploy"),
};

/// Packed weights of any network, aligned as a type's are.
class PackedWeights {
 public:
  explicit PackedWeights(std::size_t count) : lines_((count + kFloats - 1) / kFloats) {}
  std::span<float> values() { return {lines_.front().floats, lines_.size() * kFloats}; }

 private:
  static constexpr std::size_t kFloats = 16;
  struct alignas(64) Line {
    float floats[kFloats];
  };
  std::vector<Line> lines_;
};

void check(const Typed& network, const pplcnet::Graph& graph, const Golden& golden, Isa isa) {
  const auto plan = pplcnet::new_plan(graph, pplcnet::Storage::single);
  PackedWeights packed(plan->weight_floats);
  const std::span weights = packed.values().first(plan->weight_floats);
  const std::span layers(plan->layers, static_cast<std::size_t>(plan->layer_count));
  pplcnet_test::pack_synthetic(layers, plan->traits, network.form, golden.seed(), weights);
  const std::vector<float> output = pplcnet_test::check(
      golden, *plan, [&](const float* image, const std::vector<float*>& destinations) {
        network.features(weights.data(), image, destinations, isa);
      });
  const std::vector<float> input = golden.input();
  ASSERT_GE(input.size(), static_cast<std::size_t>(layers[0].input.size()));
  std::vector<float> alone;
  network.forward(weights.data(), input.data(), alone, isa);
  EXPECT_EQ(alone.size(), static_cast<std::size_t>(plan->traits.classes));
  if (!alone.empty()) {
    EXPECT_EQ(alone, output) << "forward and features disagree";
  }
}

/// Returns whether two graphs are of one network and of pictures of one size.
bool is_same(const pplcnet::Graph& a, const pplcnet::Graph& b) {
  return a.fingerprint() == b.fingerprint() && a.nodes[0].shape == b.nodes[0].shape &&
         a.namings.data() == b.namings.data();
}

class Goldens : public testing::TestWithParam<std::tuple<Typed, Isa>> {};

TEST_P(Goldens, StagesAndLogits) {
  const auto& [network, isa] = GetParam();
  const auto graph = std::make_unique<pplcnet::Graph>(network.graph());
  int found = 0;
  for (const Golden& golden : pplcnet_test::goldens_for(network.name)) {
    const pplcnet_test::GoldenNetwork described(golden);
    if (!described.unknown().empty() || golden.form() != network.form ||
        !is_same(described.graph(), *graph))
      continue;
    SCOPED_TRACE(golden.path);
    check(network, *graph, golden, isa);
    ++found;
  }
  if (pplcnet_test::goldens_folder() == pplcnet_test::own_goldens())
    EXPECT_EQ(found, 1);
  else if (found == 0)
    GTEST_SKIP() << pplcnet_test::goldens_folder() << " has no golden of it";
}

INSTANTIATE_TEST_SUITE_P(Each, Goldens,
                         testing::Combine(testing::ValuesIn(kNetworks),
                                          testing::ValuesIn(pplcnet_test::available_isas())),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  pplcnet::isa_name(std::get<1>(test.param));
                         });

}  // namespace
