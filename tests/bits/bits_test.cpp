// The same bits whatever the instruction set (all that have fused multiply-add), the threads and
// the size of the batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "map_operators.hpp"
#include "threads.hpp"

namespace pplcnet_test::bits_test {
namespace {

using pplcnet::BackboneOptions;
using pplcnet::Isa;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::PPLCNetV4;
using pplcnet::RunOptions;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet::V4;

/// The instruction sets that must agree: the baseline of x86 rounds twice.
std::vector<Isa> fused_isas() {
  std::vector<Isa> isas = pplcnet_test::available_isas();
  if (isas.size() > 1) isas.erase(isas.begin());
  return isas;
}

/// Equal also where values are NaN, different where only the sign of a zero is.
using Bits = std::vector<std::uint32_t>;
Bits bits(std::span<const float> values) {
  Bits words(values.size());
  std::ranges::transform(values, words.begin(),
                         [](float value) { return std::bit_cast<std::uint32_t>(value); });
  return words;
}

template <class Net>
class SameBits : public testing::Test {
 protected:
  static constexpr std::size_t kImages = 11;  // more than a chunk

  /// Outputs of all layers for the first image.
  std::vector<Bits> layers(const RunOptions& options) {
    typename Net::Features requested;
    std::vector<std::vector<float>> outputs;
    for (std::size_t i = 0; i < Net::layers.size(); ++i)
      requested.layers[i] = outputs.emplace_back(Net::layers[i].output.size()).data();
    Net::features(*weights_, image(0), *workspace_, requested, options);
    std::vector<Bits> all;
    for (const std::vector<float>& output : outputs) all.push_back(bits(output));
    return all;
  }

  /// Logits of the first kBatch images, in one batch.
  template <int kBatch>
  Bits batch(const RunOptions& options) {
    std::vector<float> logits(kBatch * std::size_t{Net::classes});
    Net::template forward_batch<kBatch>(
        *weights_,
        std::span<const float, kBatch * Net::input_size>(images_.data(), kBatch * Net::input_size),
        *workspace_, std::span<float, kBatch * std::size_t{Net::classes}>(logits), options);
    return bits(logits);
  }

  /// Logits of all images, one by one.
  Bits one_by_one(const RunOptions& options) {
    Bits all;
    for (std::size_t i = 0; i < kImages; ++i) {
      typename Net::Logits logits;
      Net::forward(*weights_, image(i), *workspace_, logits, options);
      std::ranges::copy(bits(logits), std::back_inserter(all));
    }
    return all;
  }

  Bits stage(int index, const RunOptions& options) {
    std::vector<float> output(static_cast<std::size_t>(Net::stage_shape(index).size()));
    typename Net::Features requested;
    requested.stages[static_cast<std::size_t>(index)] = output.data();
    Net::features(*weights_, image(0), *workspace_, requested, options);
    return bits(output);
  }

 private:
  typename Net::Image image(std::size_t i) const {
    return typename Net::Image(images_.data() + i * Net::input_size, Net::input_size);
  }

  std::unique_ptr<typename Net::Weights> weights_ = pplcnet_test::synthetic_weights<Net>();
  using Workspace = typename Net::template ParallelWorkspace<3>;
  std::unique_ptr<Workspace> workspace_ = std::make_unique<Workspace>();
  std::vector<float> images_ =
      pplcnet_test::synthetic_input(1, kImages, 3, Net::input_shape.height, Net::input_shape.width);
};

using TextLine =
    PPLCNet<Scale::x1_0, Options{.classes = 2,
                                 .input = {80, 160},
                                 .strides = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}}>;
constexpr TextOptions kPage = {.input = {97, 131}}, kLine = {.input = {48, 100}};
using SmallV2 = PPLCNetV2<V2::small>;
using BaseV2 = PPLCNetV2<V2::base, V2Options{.classes = 7, .input = {97, 131}}>;

using MapOperators = pplcnet::Network<pplcnet_test::map_operators>;

using Classifiers = testing::Types<PPLCNet<Scale::x0_25>, PPLCNet<Scale::x0_35>,
                                   PPLCNet<Scale::x0_5>, PPLCNet<Scale::x0_75>,
                                   PPLCNet<Scale::x1_0>, PPLCNet<Scale::x1_5>, PPLCNet<Scale::x2_0>,
                                   PPLCNet<Scale::x2_5>, TextLine, SmallV2, BaseV2, MapOperators>;
using Nets = testing::Types<
    PPLCNet<Scale::x0_25>, PPLCNet<Scale::x0_35>, PPLCNet<Scale::x0_5>, PPLCNet<Scale::x0_75>,
    PPLCNet<Scale::x1_0>, PPLCNet<Scale::x1_5>, PPLCNet<Scale::x2_0>, PPLCNet<Scale::x2_5>,
    TextLine, SmallV2, BaseV2, MapOperators,
    PPLCNetBackbone<Scale::x0_75, BackboneOptions{.output_stride = 8}>,
    PPLCNetV3<Scale::x0_75, V3::detection, TextOptions{.input = {320, 320}}>,
    PPLCNetV3<Scale::x0_95, V3::recognition>, PPLCNetV4<Size::tiny, V4::detection, kPage>,
    PPLCNetV4<Size::small, V4::detection, kPage>, PPLCNetV4<Size::tiny, V4::recognition, kLine>,
    PPLCNetV4<Size::small, V4::recognition, kLine>>;
struct NetName {
  template <class Net>
  static std::string GetName(int) {
    return std::string(Net::traits.name) + "_" + std::to_string(Net::input_shape.width) +
           (Net::classes > 0 ? "" : "_maps");
  }
};
TYPED_TEST_SUITE(SameBits, Nets, NetName);

template <class Net>
class SameBitsInBatches : public SameBits<Net> {};
TYPED_TEST_SUITE(SameBitsInBatches, Classifiers, NetName);

TYPED_TEST(SameBits, AllLayers) {
  const auto expected = this->layers({.isa = fused_isas().front()});
  pplcnet_test::Threads threads(3);
  for (const Isa isa : fused_isas()) {
    EXPECT_TRUE(this->layers({.isa = isa}) == expected) << pplcnet::isa_name(isa);
    EXPECT_TRUE(this->layers({.isa = isa, .executor = threads.executor()}) == expected)
        << pplcnet::isa_name(isa) << ", three threads";
  }
  const Isa baseline = Isa::baseline;
  EXPECT_TRUE(this->layers({.isa = baseline}) ==
              this->layers({.isa = baseline, .executor = threads.executor()}))
      << "the baseline, three threads";
}

/// One stage alone: the layers after it are not computed.
TYPED_TEST(SameBits, Stages) {
  const auto expected = this->layers({});
  for (const int count : {1, 2, 3}) {
    pplcnet_test::Threads threads(count);
    for (const Isa isa : fused_isas())
      for (int i = 0; i < TypeParam::stage_count; ++i)
        EXPECT_TRUE(this->stage(i, {.isa = isa, .executor = threads.executor()}) ==
                    expected[static_cast<std::size_t>(TypeParam::stage_layer(i))])
            << "stage " << i << ", " << pplcnet::isa_name(isa) << ", " << count << " threads";
  }
}

TYPED_TEST(SameBitsInBatches, OfAnySize) {
  const Bits expected = this->one_by_one({});
  const auto starts = [&](const Bits& logits) {
    return std::equal(logits.begin(), logits.end(), expected.begin());
  };
  for (const int count : {1, 2, 3}) {
    pplcnet_test::Threads threads(count);
    for (const Isa isa : fused_isas()) {
      SCOPED_TRACE(std::string(pplcnet::isa_name(isa)) + ", " + std::to_string(count) + " threads");
      const RunOptions options = {.isa = isa, .executor = threads.executor()};
      EXPECT_TRUE(starts(this->template batch<1>(options)));
      EXPECT_TRUE(starts(this->template batch<3>(options)));
      EXPECT_TRUE(starts(this->template batch<11>(options)));
    }
  }
}

}  // namespace
}  // namespace pplcnet_test::bits_test
