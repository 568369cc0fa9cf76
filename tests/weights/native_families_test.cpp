// Native files of every family, with weights of 32 and of 16 bits: what is saved comes back bit for
// bit, and no other network takes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::native_families_test {
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
using pplcnet::Storage;
using pplcnet::TextOptions;
using pplcnet::V2;
using pplcnet::V2Options;
using pplcnet::V3;
using pplcnet::V4;

constexpr pplcnet::Extent kInput = {64, 96};

template <Storage kStorage>
struct With {
  using Classifier =
      PPLCNet<Scale::x0_25, Options{.classes = 5, .input = kInput, .storage = kStorage}>;
  using Backbone =
      PPLCNetBackbone<Scale::x0_25,
                      BackboneOptions{.input = kInput, .output_stride = 8, .storage = kStorage}>;
  using Small = PPLCNetV2<V2::small, V2Options{.classes = 5, .input = kInput, .storage = kStorage}>;
  using Features = PPLCNetV2<
      V2::base,
      V2Options{.classes = 0, .input = kInput, .head = 512, .features = true, .storage = kStorage}>;
  static constexpr TextOptions kText = {.input = kInput, .storage = kStorage};
  using Detection3 = PPLCNetV3<Scale::x0_75, V3::detection, kText>;
  using Recognition3 = PPLCNetV3<Scale::x0_75, V3::recognition, kText>;
  using Detection4 = PPLCNetV4<Size::tiny, V4::detection, kText>;
  using Recognition4 = PPLCNetV4<Size::tiny, V4::recognition, kText>;
  using All = std::tuple<Classifier, Backbone, Small, Features, Detection3, Recognition3,
                         Detection4, Recognition4>;
};
using Single = With<Storage::single>;
using Half = With<Storage::half>;

template <class Tuple>
struct TypesOf;
template <class... Networks>
struct TypesOf<std::tuple<Networks...>> {
  using Types = testing::Types<Networks...>;
};
using AllNetworks = decltype(std::tuple_cat(Single::All{}, Half::All{}));

template <class Network>
class NativeFamilies : public testing::Test {
 protected:
  using Weights = typename Network::Weights;

  void SetUp() override { ASSERT_STREQ(pplcnet::save(path_, *weights_).message(), ""); }

  std::vector<std::byte> bytes(const std::string& path) const {
    pplcnet::FileBytes file;
    EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
    return {file.bytes().begin(), file.bytes().end()};
  }
  void expect_saved(const Weights& found) const {
    EXPECT_EQ(std::memcmp(found.values.data(), weights_->values.data(), sizeof found.values), 0);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("network.safetensors");
  std::unique_ptr<Weights> weights_ = synthetic_weights<Network>();
};
TYPED_TEST_SUITE(NativeFamilies, TypesOf<AllNetworks>::Types);

TYPED_TEST(NativeFamilies, EverythingComesBackBitForBit) {
  const auto loaded = std::make_unique<typename TypeParam::Weights>();
  std::ranges::fill(loaded->values, 7.0f);  // what was there before must not shine through
  ASSERT_STREQ(pplcnet::load(this->path_, *loaded).message(), "");
  this->expect_saved(*loaded);
  EXPECT_STREQ(pplcnet::self_test(this->path_, *loaded).message(), "");

  const std::string again = this->folder_.file("again.safetensors");
  ASSERT_STREQ(pplcnet::save(again, *loaded).message(), "");
  EXPECT_EQ(this->bytes(again), this->bytes(this->path_));
}

TYPED_TEST(NativeFamilies, AViewOfItsBytesIsTheWeights) {
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(this->path_, file).message(), "");
  std::optional<typename TypeParam::WeightsView> view;
  ASSERT_STREQ(pplcnet::view<TypeParam>(file.bytes(), "embedded", view).message(), "");
  EXPECT_EQ(std::memcmp(view->values(), this->weights_->values.data(), TypeParam::weight_bytes), 0);
}

TYPED_TEST(NativeFamilies, TheSelfTestNoticesAChangedWeight) {
  const auto changed = std::make_unique<typename TypeParam::Weights>(*this->weights_);
  changed->values[TypeParam::layers[0].biases] += 100;
  const std::string message = pplcnet::self_test(this->path_, *changed).message();
  EXPECT_TRUE(message.starts_with(this->path_ + ": self-test: number ")) << message;
}

/// Calls `visit.operator()<Network>(i)` for each network.
template <class Visit>
void for_each_network(Visit visit) {
  [&]<std::size_t... kIndices>(std::index_sequence<kIndices...>) {
    (visit.template operator()<std::tuple_element_t<kIndices, AllNetworks>>(kIndices), ...);
  }
  (std::make_index_sequence<std::tuple_size_v<AllNetworks>>());
}

/// Another storage is another file of the same network.
TEST(NativeFamiliesTest, NoNetworkLoadsTheFileOfAnother) {
  constexpr std::size_t kNetworks = std::tuple_size_v<AllNetworks> / 2;
  TemporaryFolder folder;
  const std::string path = folder.file("native");
  for_each_network([&]<class From>(std::size_t from) {
    ASSERT_STREQ(pplcnet::save(path, *synthetic_weights<From>()).message(), "");
    for_each_network([&]<class To>(std::size_t to) {
      EXPECT_EQ(problem<To>(path).empty(), from % kNetworks == to % kNetworks)
          << from << " as " << to;
    });
  });
}

template <class From, class To>
std::string refusal() {
  TemporaryFolder folder;
  const std::string path = folder.file("native");
  EXPECT_STREQ(pplcnet::save(path, *synthetic_weights<From>()).message(), "");
  return problem<To>(path);
}

TEST(NativeFamiliesTest, TheDifferenceIsSaid) {
  const std::string v3 = refusal<Single::Classifier, Single::Detection3>();
  EXPECT_EQ(v3, "its network has head '1280', the type's (v3_detection) has '0'");
  const std::string backbone = refusal<Single::Classifier, Single::Backbone>();
  EXPECT_EQ(backbone, "its network has head '1280', the type's (x0_25) has '0'");
  const std::string recognition = refusal<Single::Detection4, Single::Recognition4>();
  EXPECT_EQ(
      recognition,
      "its network has layers 'conv1:k3x3:s2x2:3-16:relu', the type's (v4_recognition_tiny) has "
      "'conv1:k3x3:s2x2:3-24:gelu'");
  using Stride32 = PPLCNetBackbone<Scale::x0_25, BackboneOptions{.input = kInput}>;
  const std::string stride = refusal<Single::Backbone, Stride32>();
  EXPECT_EQ(stride,
            "its network has layers 'blocks5.0.dw_conv:k3x3:32:hardswish', the type's (x0_25) has "
            "'blocks5.0.dw_conv:k3x3:s2x2:32:hardswish'");
  using Medium = PPLCNetV4<Size::medium, V4::detection, Single::kText>;
  const std::string size = refusal<Single::Detection4, Medium>();
  EXPECT_EQ(
      size,
      "its network has layers 'conv1:k3x3:s2x2:3-16:relu', the type's (v4_detection_medium) has "
      "'conv1:k3x3:s2x2:3-64:relu'");
  using Large = PPLCNetV2<V2::large, V2Options{.classes = 5, .input = kInput}>;
  const std::string large = refusal<Single::Small, Large>();
  EXPECT_EQ(large,
            "its network has layers 'conv1:k3x3:s2x2:3-24:relu', the type's (v2_large) has "
            "'conv1:k3x3:s2x2:3-40:relu'");
  using NoFeatures = PPLCNetV2<V2::base, V2Options{.classes = 0, .input = kInput, .head = 512}>;
  const std::string features = refusal<NoFeatures, Single::Features>();
  EXPECT_EQ(features,
            "its network has dropout_percent '0', the type's (v2_base_features) has '20'");
}

/// Loading converts; a view cannot.
TEST(NativeFamiliesTest, AViewOfAnotherStorageIsRefused) {
  TemporaryFolder folder;
  const std::string path = folder.file("native");
  ASSERT_STREQ(pplcnet::save(path, *synthetic_weights<Half::Detection3>()).message(), "");
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
  std::optional<Single::Detection3::WeightsView> view;
  EXPECT_STREQ(pplcnet::view<Single::Detection3>(file.bytes(), "file", view).message(),
               "file: its network has storage 'half', the type's (v3_detection) has 'single'");
}

}  // namespace
}  // namespace pplcnet_test::native_families_test
