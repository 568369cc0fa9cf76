// Published counts of the networks that PP-LCNet is compared with, checked by the compiler:
// building this file is the test.
#include <gtest/gtest.h>

#include <cstdint>

#include "pplcnet/models/flops.hpp"
#include "pplcnet/models/lightweight.hpp"

namespace {

namespace lightweight = pplcnet::lightweight;

template <class Net>
constexpr bool has(std::int64_t parameters, std::int64_t multiply_adds) {
  return Net::parameter_count == parameters && Net::multiply_add_count == multiply_adds;
}
static_assert(has<lightweight::MobileNetV1_x1_0>(4'231'976, 568'740'352));
static_assert(has<lightweight::MobileNetV2_x0_25>(1'517'392, 30'480'864));
static_assert(has<lightweight::MobileNetV2_x0_5>(1'965'736, 92'271'040));
static_assert(has<lightweight::MobileNetV2_x1_0>(3'505'960, 313'619'328));
static_assert(has<lightweight::MobileNetV3_small_x0_35>(1'665'954, 13'161'528));
static_assert(has<lightweight::MobileNetV3_small_x1_25>(3'627'370, 95'364'424));
static_assert(has<lightweight::MobileNetV3_large_x0_35>(2'104'328, 37'188'872));
static_assert(has<lightweight::ShuffleNetV2_x0_33>(647'272, 22'454'592));
static_assert(has<lightweight::ShuffleNetV2_x0_5>(1'366'792, 40'476'448));
static_assert(has<lightweight::GhostNet_x0_5>(2'588'232, 42'327'816));
static_assert(has<lightweight::GhostNet_x1_0>(5'183'016, 141'149'744));

/// Published numbers are in millions, with two digits after the point.
constexpr bool rounds_to(std::int64_t count, double millions) {
  const double difference = static_cast<double>(count) / 1e6 - millions;
  return -0.00501 < difference && difference < 0.00501;
}
template <class Net>
constexpr bool is_as_published() {
  return rounds_to(Net::parameter_count + Net::buffer_count, Net::Definition::model.parameters) &&
         rounds_to(pplcnet::flops(Net::layers), Net::Definition::model.flops);
}
static_assert([] {
  bool all = true;
  for_each(lightweight::Models{}, [&]<class Net>() { all = all && is_as_published<Net>(); });
  return all;
}());

TEST(Lightweight, CountsAreThoseOfThePublishedTable) { SUCCEED(); }

}  // namespace
