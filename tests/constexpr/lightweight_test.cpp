// Published counts of the networks that PP-LCNet is compared with, checked by the compiler:
// building this file is the test.
#include <gtest/gtest.h>

#include <cstdint>

#include "pplcnet/models/flops.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/torchvision.hpp"

namespace pplcnet_test::lightweight_test {
namespace {

namespace lightweight = pplcnet::lightweight;
namespace torchvision = pplcnet::torchvision;

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
static_assert(has<lightweight::MobileNetV3_small_x1_0>(2'939'958, 60'119'520));
static_assert(has<lightweight::MobileNetV3_large_x0_5>(2'673'422, 66'704'432));
static_assert(has<lightweight::MobileNetV3_large_x0_75>(3'912'248, 143'780'440));
static_assert(has<lightweight::MobileNetV3_large_x1_0>(5'480'206, 219'799'200));
static_assert(has<lightweight::ShuffleNetV2_x0_25>(603'688, 17'575'760));
static_assert(has<lightweight::ShuffleNetV2_x1_0>(2'278'604, 144'907'992));
static_assert(has<lightweight::ShuffleNetV2_x1_5>(3'503'624, 295'759'392));
static_assert(has<lightweight::GhostNet_x1_3>(7'352'622, 226'995'784));

static_assert(has<torchvision::mobilenet_v2>(3'504'872, 300'774'272));
static_assert(has<torchvision::mobilenet_v3_small>(2'542'856, 56'510'400));
static_assert(has<torchvision::mobilenet_v3_large>(5'483'032, 216'589'760));
static_assert(has<torchvision::shufflenet_v2_x0_5>(1'366'792, 40'476'448));
static_assert(has<torchvision::shufflenet_v2_x1_0>(2'278'604, 144'907'992));
static_assert(has<torchvision::shufflenet_v2_x1_5>(3'503'624, 295'759'392));
static_assert(has<torchvision::shufflenet_v2_x2_0>(7'393'996, 583'253'464));

/// Published numbers are in millions, PaddleClas' with two digits after the point, of which
/// the last may be one more: GhostNet_x1_0 has 148.784 and is published with 148.79.
constexpr bool is_within(std::int64_t count, double millions, double below, double above) {
  const double difference = static_cast<double>(count) / 1e6 - millions;
  return -below < difference && difference < above;
}
template <class Net>
constexpr bool is_as_published() {
  const pplcnet::Model& model = Net::Definition::model;
  return is_within(Net::parameter_count + Net::buffer_count, model.parameters, 0.00501, 0.00501) &&
         is_within(pplcnet::flops(Net::layers), model.flops, 0.0061, 0.00501);
}
static_assert([] {
  bool all = true;
  for_each(lightweight::Models{}, [&]<class Net>() { all = all && is_as_published<Net>(); });
  return all;
}());

/// torchvision's count parameters one by one, and multiply-adds in millions.
static_assert([] {
  bool all = true;
  for_each(torchvision::Models{}, [&]<class Net>() {
    const pplcnet::Model& model = Net::Definition::model;
    all = all && is_within(Net::parameter_count, model.parameters, 1e-9, 1e-9) &&
          is_within(Net::multiply_add_count, model.flops, 0.5, 0.5);
  });
  return all;
}());

/// Weights by distillation are of the same network, and more accurate.
template <class Ssld, class Plain>
constexpr bool improves() {
  return Ssld::Definition::graph().fingerprint() == Plain::Definition::graph().fingerprint() &&
         Ssld::Definition::model.top1 > Plain::Definition::model.top1;
}
static_assert(improves<lightweight::MobileNetV1_ssld, lightweight::MobileNetV1_x1_0>());
static_assert(improves<lightweight::MobileNetV2_ssld, lightweight::MobileNetV2_x1_0>());
static_assert(
    improves<lightweight::MobileNetV3_small_x0_35_ssld, lightweight::MobileNetV3_small_x0_35>());
static_assert(
    improves<lightweight::MobileNetV3_small_x1_0_ssld, lightweight::MobileNetV3_small_x1_0>());
static_assert(
    improves<lightweight::MobileNetV3_large_x1_0_ssld, lightweight::MobileNetV3_large_x1_0>());
static_assert(improves<lightweight::GhostNet_x1_3_ssld, lightweight::GhostNet_x1_3>());

TEST(Lightweight, CountsAreThoseOfThePublishedTable) { SUCCEED(); }

}  // namespace
}  // namespace pplcnet_test::lightweight_test
