// Counts of the networks of light_cnns, checked by the compiler: building this file is the test.
#include "pplcnet/models/light_cnns.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "ic_pattern.hpp"
#include "pplcnet/models/timm_mobilevit.hpp"
#include "pplcnet/models/torchvision_googlenet.hpp"

namespace pplcnet_test::light_cnns_test {
namespace {

namespace light_cnns = pplcnet::models::light_cnns;

/// Measured by running the collection's own code.
template <class Net>
constexpr bool has(std::int64_t parameters, std::int64_t multiply_adds) {
  return Net::parameter_count == parameters && Net::multiply_add_count == multiply_adds;
}
static_assert(has<light_cnns::lcnet_baseline>(2'952'520, 155'700'480));
static_assert(has<light_cnns::mbv1>(4'215'112, 1'753'953'856));
static_assert(has<light_cnns::mbv2>(3'504'872, 300'774'272));
static_assert(has<light_cnns::mbv2_ca>(3'950'648, 306'666'368));
static_assert(has<light_cnns::mbv2_eca>(3'504'950, 300'809'600));
static_assert(has<light_cnns::mbv2_sa>(3'507'536, 300'774'272));
static_assert(has<light_cnns::mbv2_triplet>(3'509'672, 319'949'344));
static_assert(has<light_cnns::mbv3_small>(2'542'856, 56'510'400));
static_assert(has<light_cnns::mbv3_large>(5'483'032, 216'589'760));
static_assert(has<light_cnns::mobilenext>(3'535'416, 311'342'592));
static_assert(has<light_cnns::shufflenetv1>(5'449'776, 524'045'184));
static_assert(has<light_cnns::shufflenetv2>(3'506'720, 298'970'656));
static_assert(has<light_cnns::ghostnet>(5'182'508, 141'150'512));
static_assert(has<light_cnns::resnet50_v1b>(25'576'264, 4'328'824'832));
static_assert(has<light_cnns::resnest50_v1b>(27'464'360, 4'330'711'040));
static_assert(has<light_cnns::mobilevit_s>(5'636'720, 1'722'139'648));  // and the attention's
static_assert(has<light_cnns::resnet20>(272'484, 443'008));             // and distances
static_assert(has<light_cnns::espnetv1>(203'189, 332'042'032));
static_assert(has<light_cnns::espnetv2>(1'670'072 - 3'130, 86'744'404));  // without unused modules
static_assert(has<light_cnns::googlenet>(7'325'064, 26'062'839'808));
static_assert(has<light_cnns::inception_v2>(55'843'464, 13'155'794'016));
static_assert(has<light_cnns::inception_v3>(23'834'568, 5'713'216'096));
static_assert(has<light_cnns::inception_v4>(42'679'816, 12'253'974'624));
static_assert(has<light_cnns::xception>(22'855'952, 8'357'403'496));

constexpr bool has(const pplcnet::Graph& graph, std::int64_t parameters,
                   std::int64_t multiply_adds) {
  const pplcnet::Plan plan = make_plan(graph);
  return plan.parameter_count == parameters && plan.multiply_add_count == multiply_adds;
}
static_assert(has(pplcnet_test::ic_resnet50_for_detection({}), 25'576'264, 4'328'824'832));

static_assert(has(pplcnet::inception_resnet_v2({}), 55'843'464, 6'468'961'120));
static_assert(has(pplcnet::inception_v3({}), 23'834'568, 2'837'921'120));
static_assert(has(pplcnet::inception_v4({}), 42'679'816, 6'121'894'752));
static_assert(has(pplcnet::xception({}), 22'855'952, 4'552'879'072));

/// torchvision publishes 6,624,904 parameters and 1.498 billion operations.
static_assert(has<pplcnet::torchvision::googlenet>(6'624'904, 1'498'376'192));

/// timm counts 5,578,632 parameters.
static_assert(pplcnet::models::timm::mobilevit_s::parameter_count == 5'578'632);

TEST(LightCnns, CountsAreThoseOfTheOriginals) { SUCCEED(); }

}  // namespace
}  // namespace pplcnet_test::light_cnns_test
