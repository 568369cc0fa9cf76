// What float16 in the head does to a network's outputs, and that any way to it is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::stored_as_test {
namespace {

using pplcnet::Storage;
using pplcnet::StoredAs;

template <class Net>
typename Net::Logits logits(const typename Net::Weights& weights, std::uint64_t seed,
                            const pplcnet::RunOptions& options = {}) {
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const std::vector<float> image =
      synthetic_input(seed, 1, 3, Net::input_shape.height, Net::input_shape.width);
  typename Net::Logits result;
  Net::forward(weights, typename Net::Image(image), *workspace, result, options);
  return result;
}

/// Both outputs of a picture, and how far they are from each other, as a share of the largest
/// logit.
struct Change {
  double share = 0;
  bool same_class = false;
};

template <class Row>
Change change(const Row& exact, const Row& rounded) {
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    largest = std::max(largest, std::abs(double{exact[i]}));
    difference = std::max(difference, std::abs(double{exact[i]} - double{rounded[i]}));
  }
  const auto best = [](const Row& row) { return std::ranges::max_element(row) - row.begin(); };
  return {difference / largest, best(exact) == best(rounded)};
}

std::string scientific(double number) {
  char digits[32];
  return {
      digits,
      std::to_chars(digits, digits + sizeof digits, number, std::chars_format::scientific, 2).ptr};
}

template <class T>
class HalfHead : public testing::Test {};
using Networks =
    testing::Types<pplcnet::models::PPLCNet_x0_25, pplcnet::models::PPLCNet_x0_5,
                   pplcnet::models::PPLCNet_x1_0, pplcnet::models::PPLCNet_x2_5,
                   pplcnet::models::textline_orientation_x0_25, pplcnet::models::timm::lcnet_050>;
TYPED_TEST_SUITE(HalfHead, Networks);

/// A file of float32 weights loads into it, logits change by less than a thousandth of the largest,
/// and every instruction set has the same.
TYPED_TEST(HalfHead, LoadsTheSameFileAndHasNearlyTheSameLogits) {
  using Net = TypeParam;
  using Half = StoredAs<Net, Storage::half_head>;
  static_assert(Half::weight_bytes < Net::weight_bytes && pplcnet::HasModel<Half>);
  static_assert(Half::Definition::model.name == Net::Definition::model.name);
  const TemporaryFolder folder;
  const std::string path = folder.file("float32.safetensors");
  const auto exact = synthetic_weights<Net>();
  ASSERT_STREQ(pplcnet::save(path, *exact).message(), "");
  const auto half = std::make_unique<typename Half::Weights>();
  ASSERT_STREQ(pplcnet::load(path, *half).message(), "");
  double largest = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto rounded = logits<Half>(*half, seed);
    const Change found = change(logits<Net>(*exact, seed), rounded);
    largest = std::max(largest, found.share);
    EXPECT_TRUE(found.same_class) << "picture " << seed;
    for (const pplcnet::Isa isa : available_isas()) {
      if (isa == pplcnet::Isa::baseline) continue;  // which may round differently
      EXPECT_EQ(logits<Half>(*half, seed, {.isa = isa}), rounded) << pplcnet::isa_name(isa);
    }
  }
  this->RecordProperty("largest_change_of_logits", scientific(largest));
  EXPECT_GT(largest, 0);
  EXPECT_LT(largest, 1e-3);

  // A network that is known at run time has the same weights.
  std::optional<pplcnet::AnyNetwork> stored;
  ASSERT_STREQ(store_as(Storage::half_head, pplcnet::AnyNetwork::of(*exact), "x", stored).message(),
               "");
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::as_const(*stored).weights()),
                                 std::as_bytes(std::span(half->values))));
}

using Small =
    pplcnet::PPLCNet<pplcnet::Scale::x0_25, pplcnet::Options{.classes = 4, .input = {32, 32}}>;

TEST(StoredAsTest, WhatFloat16CannotHoldIsNamed) {
  pplcnet::AnyNetwork network = pplcnet::AnyNetwork::of(*synthetic_weights<Small>());
  std::optional<pplcnet::AnyNetwork> stored;
  const pplcnet::Layer& classifier =
      network.layers()[static_cast<std::size_t>(network.traits().logits)];
  pplcnet::store_weight(classifier, network.weights(), 7, 70000);
  EXPECT_STREQ(store_as(Storage::half_head, network, "x", stored).message(),
               "x: tensor 'fc.weight': expected finite float16 numbers, at most 65504 in the "
               "storage that is asked for, found inf (number 7)");
  EXPECT_FALSE(stored);
  EXPECT_STREQ(store_as(Storage::single, network, "x", stored).message(), "");
  EXPECT_TRUE(stored);
}

TEST(StoredAsTest, OnlyTheHeadIsHalf) {
  pplcnet::AnyNetwork network = pplcnet::AnyNetwork::of(*synthetic_weights<Small>());
  const pplcnet::Layer& first = network.layers()[1];
  ASSERT_TRUE(first.has_weights());
  pplcnet::store_weight(first, network.weights(), 7, 70000);
  std::optional<pplcnet::AnyNetwork> stored;
  EXPECT_STREQ(store_as(Storage::half_head, network, "x", stored).message(), "");
}

/// What is stored again as float32 is what float16 had.
TEST(StoredAsTest, GoesAndComes) {
  using Half = StoredAs<Small, Storage::half_head>;
  static_assert(
      std::is_same_v<StoredAs<Half, Storage::half_head>::Weights::Network::Logits, Half::Logits>);
  const auto half = synthetic_weights<Half>();
  std::optional<pplcnet::AnyNetwork> single, again;
  const pplcnet::AnyNetwork network = pplcnet::AnyNetwork::of(*half);
  ASSERT_STREQ(store_as(Storage::single, network, "x", single).message(), "");
  ASSERT_STREQ(store_as(Storage::half_head, *single, "x", again).message(), "");
  EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::as_const(*again).weights()),
                                 std::as_bytes(std::span(half->values))));
}

}  // namespace
}  // namespace pplcnet_test::stored_as_test
