// Weights that are stored as float16 give the bits of a network whose float32 weights have those
// values: they become float32 exactly, and arithmetic is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/weights/fold.hpp"
#include "threads.hpp"

namespace pplcnet_test::storage_test {
namespace {

using pplcnet::Options, pplcnet::PPLCNet, pplcnet::Scale, pplcnet::Storage;

template <class Net>
std::vector<float> logits(const typename Net::Weights& weights,
                          const pplcnet::RunOptions& options) {
  constexpr int kImages = 3;
  const auto workspace = std::make_unique<typename Net::template ParallelWorkspace<3>>();
  const std::vector<float> images =
      pplcnet_test::synthetic_input(1, kImages, 3, Net::input_shape.height, Net::input_shape.width);
  std::vector<float> logits(kImages * std::size_t{Net::classes});
  Net::template forward_batch<kImages>(
      weights, std::span<const float, kImages * Net::input_size>(images), *workspace,
      std::span<float, kImages * std::size_t{Net::classes}>(logits), options);
  return logits;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(double{a[i]}));
    difference = std::max(difference, std::abs(double{a[i]} - double{b[i]}));
  }
  return difference / largest;
}

template <Scale kScale, Storage kStorage, int kHead>
struct Case {
  template <Storage kOther>
  using Net =
      PPLCNet<kScale, Options{.classes = 37, .input = {96, 80}, .head = kHead, .storage = kOther}>;
  using Stored = Net<kStorage>;
  using Single = Net<Storage::single>;
};

template <class T>
class Stored : public testing::Test {};
using Cases =
    testing::Types<Case<Scale::x0_25, Storage::half_head, 1280>,
                   Case<Scale::x0_25, Storage::half, 1280>, Case<Scale::x0_35, Storage::half, 0>,
                   Case<Scale::x0_35, Storage::half, 19>,  // odd: stays single
                   Case<Scale::x1_0, Storage::half_head, 1280>,
                   Case<Scale::x1_0, Storage::half, 1280>>;
TYPED_TEST_SUITE(Stored, Cases);

TYPED_TEST(Stored, SameBitsAsRoundedWeights) {
  using Half = typename TypeParam::Stored;
  using Single = typename TypeParam::Single;
  static_assert(Half::weight_bytes < Single::weight_bytes);
  const auto half = pplcnet_test::synthetic_weights<Half>();
  const auto exact = pplcnet_test::synthetic_weights<Single>();
  const auto rounded = std::make_unique<typename Single::Weights>();
  bool any_changed = false;
  for (std::size_t i = 0; i < Half::layers.size(); ++i) {
    if (!Half::layers[i].has_weights()) continue;
    const pplcnet::Parameters stored = unpack(Half::layers[i], half->values);
    any_changed |= stored.weight != unpack(Single::layers[i], exact->values).weight;
    pack(Single::layers[i], stored, rounded->values);
  }
  EXPECT_TRUE(any_changed);
  pplcnet_test::Threads threads(3);
  for (const pplcnet::Isa isa : pplcnet_test::available_isas()) {
    const std::vector<float> expected = logits<Single>(*rounded, {.isa = isa});
    EXPECT_EQ(logits<Half>(*half, {.isa = isa}), expected) << pplcnet::isa_name(isa);
    EXPECT_EQ(logits<Half>(*half, {.isa = isa, .executor = threads.executor()}), expected)
        << pplcnet::isa_name(isa) << ", three threads";
  }
  const double effect = largest_difference(logits<Single>(*exact, {}), logits<Half>(*half, {}));
  this->RecordProperty("largest_difference", std::to_string(effect));
  // Ten bits of fraction in one layer or two, or in all.
  EXPECT_LT(effect, Half::traits.storage == Storage::half_head ? 1e-3 : 1e-2);
}

}  // namespace
}  // namespace pplcnet_test::storage_test
