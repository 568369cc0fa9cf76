// Native files of every family, with weights of 32 and of 16 bits: what is saved comes back bit for
// bit, and no other network takes it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::native_families_test {
namespace {

using pplcnet::BackboneOptions;
using pplcnet::Error;
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

/// Weights of any of these networks: what the tests do with them is compiled once for all.
class Weights {
 public:
  virtual ~Weights() = default;
  virtual Error save(const std::string& path) const = 0;
  virtual Error load(const std::string& path) = 0;
  virtual Error self_test(const std::string& path) const = 0;
  /// Finds the weights in a native file's bytes, where they stay.
  virtual Error view(std::span<const std::byte> file, const float*& found) const = 0;
  virtual std::span<float> values() = 0;
  virtual std::size_t first_bias() const = 0;
};

template <class Network>
class WeightsOf final : public Weights {
 public:
  Error save(const std::string& path) const override { return pplcnet::save(path, *weights_); }
  Error load(const std::string& path) override { return pplcnet::load(path, *weights_); }
  Error self_test(const std::string& path) const override {
    return pplcnet::self_test(path, *weights_);
  }
  Error view(std::span<const std::byte> file, const float*& found) const override {
    std::optional<typename Network::WeightsView> view;
    Error error = pplcnet::view<Network>(file, "embedded", view);
    found = view ? view->values() : nullptr;
    return error;
  }
  std::span<float> values() override { return weights_->values; }
  std::size_t first_bias() const override { return Network::layers[0].biases; }

 private:
  std::unique_ptr<typename Network::Weights> weights_ = synthetic_weights<Network>();
};

/// A network: its synthetic weights, and what its type says of a file.
struct Native {
  std::unique_ptr<Weights> (*weights)();
  std::string (*problem)(const std::string& path);
};

template <class Network>
std::unique_ptr<Weights> weights_of() {
  return std::make_unique<WeightsOf<Network>>();
}

template <class... Networks>
constexpr std::array<Native, sizeof...(Networks)> natives_of(
    std::type_identity<std::tuple<Networks...>> /*list*/) {
  return {Native{weights_of<Networks>, problem<Networks>}...};
}

constexpr auto kSingle = natives_of(std::type_identity<Single::All>());
constexpr auto kHalf = natives_of(std::type_identity<Half::All>());
constexpr std::size_t kNetworks = kSingle.size();

/// Returns a network in 32 bits, or after all of these in 16.
const Native& network(std::size_t index) {
  return index < kNetworks ? kSingle[index] : kHalf[index - kNetworks];
}

std::vector<std::byte> bytes(const std::string& path) {
  pplcnet::FileBytes file;
  EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
  return {file.bytes().begin(), file.bytes().end()};
}

class NativeFamilies : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { ASSERT_STREQ(weights_->save(path_).message(), ""); }

  std::unique_ptr<Weights> make() const { return network(GetParam()).weights(); }
  void expect_saved(const float* found) const {
    EXPECT_EQ(std::memcmp(found, weights_->values().data(), weights_->values().size_bytes()), 0);
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.file("network.safetensors");
  std::unique_ptr<Weights> weights_ = make();
};

TEST_P(NativeFamilies, EverythingComesBackBitForBit) {
  const std::unique_ptr<Weights> loaded = make();
  std::ranges::fill(loaded->values(), 7.0f);  // what was there before must not shine through
  ASSERT_STREQ(loaded->load(path_).message(), "");
  expect_saved(loaded->values().data());
  EXPECT_STREQ(loaded->self_test(path_).message(), "");

  const std::string again = folder_.file("again.safetensors");
  ASSERT_STREQ(loaded->save(again).message(), "");
  EXPECT_EQ(bytes(again), bytes(path_));
}

TEST_P(NativeFamilies, AViewOfItsBytesIsTheWeights) {
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path_, file).message(), "");
  const float* found = nullptr;
  ASSERT_STREQ(weights_->view(file.bytes(), found).message(), "");
  ASSERT_NE(found, nullptr);
  expect_saved(found);
}

TEST_P(NativeFamilies, TheSelfTestNoticesAChangedWeight) {
  const std::unique_ptr<Weights> changed = make();
  changed->values()[changed->first_bias()] += 100;
  const std::string message = changed->self_test(path_).message();
  EXPECT_TRUE(message.starts_with(path_ + ": self-test: number ")) << message;
}

INSTANTIATE_TEST_SUITE_P(Each, NativeFamilies, testing::Range(std::size_t{0}, 2 * kNetworks));

/// Another storage is another file of the same network.
TEST(NativeFamiliesTest, NoNetworkLoadsTheFileOfAnother) {
  TemporaryFolder folder;
  const std::string path = folder.file("native");
  for (std::size_t from = 0; from < 2 * kNetworks; ++from) {
    ASSERT_STREQ(network(from).weights()->save(path).message(), "");
    for (std::size_t to = 0; to < 2 * kNetworks; ++to)
      EXPECT_EQ(network(to).problem(path).empty(), from % kNetworks == to % kNetworks)
          << from << " as " << to;
  }
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
