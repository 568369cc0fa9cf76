// Counts of PicoDet, checked by the compiler: building this file is the test.
#include <gtest/gtest.h>

#include <cstdint>

#include "pplcnet/models/detectors.hpp"

namespace pplcnet_test::picodet_test {
namespace {

namespace picodet = pplcnet::picodet;

/// PaddleDetection's parameters include four scales that are not used.
template <class Net>
constexpr bool has(std::int64_t parameters, std::int64_t multiply_adds) {
  return Net::parameter_count + 4 == parameters && Net::multiply_add_count == multiply_adds;
}
static_assert(has<picodet::picodet_xs_320_coco_lcnet>(704'258, 330'749'549));
static_assert(has<picodet::picodet_xs_416_coco_lcnet>(704'258, 559'392'566));
static_assert(has<picodet::picodet_s_320_coco_lcnet>(1'186'496, 481'103'149));
static_assert(has<picodet::picodet_s_416_coco_lcnet>(1'186'496, 813'439'918));
static_assert(has<picodet::picodet_m_320_coco_lcnet>(3'465'320, 1'272'970'701));
static_assert(has<picodet::picodet_l_320_coco_lcnet>(5'804'504, 2'085'754'285));

using Small = picodet::picodet_s_320_coco_lcnet;
static_assert(Small::output_count == 8);
static_assert(Small::output_shape(0) == pplcnet::Shape{40, 40, 80});
static_assert(Small::output_shape(3) == pplcnet::Shape{5, 5, 80});
static_assert(Small::output_shape(7) == pplcnet::Shape{5, 5, 32});
static_assert(Small::Definition::model.labels.size() == 80);

TEST(PicoDet, IsCheckedByTheCompiler) {}

}  // namespace
}  // namespace pplcnet_test::picodet_test
