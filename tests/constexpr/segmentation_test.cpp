// Counts of DeepLabV3+, checked by the compiler: building this file is the test.
#include "pplcnet/models/segmentation.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace pplcnet_test::segmentation_test {
namespace {

template <class Net>
constexpr bool has(std::int64_t parameters, std::int64_t multiply_adds) {
  return Net::parameter_count == parameters && Net::multiply_add_count == multiply_adds;
}
/// Parameters are those of PaddleSeg's own network.
static_assert(has<pplcnet::segmentation::deeplabv3p_lcnet_x0_5>(1'098'003, 5'828'288'512));
static_assert(has<pplcnet::segmentation::deeplabv3p_lcnet_x1_0>(2'181'699, 7'171'375'104));

/// Strides become dilation; the head is as it was.
constexpr pplcnet::Graph of_stride_8() {
  return pplcnet::deeplab_v3p(pplcnet::Scale::x1_0,
                              {.input = {97, 131}, .output_stride = 8, .dilations = {12, 24, 36}});
}
using Dilated = pplcnet::Network<of_stride_8>;
static_assert(Dilated::parameter_count == 2'181'699);
static_assert(Dilated::stage_shape(4) == pplcnet::Shape{13, 17, 512});
static_assert(Dilated::output_shape(0) == pplcnet::Shape{97, 131, 19});

TEST(Segmentation, CountsAreThoseOfTheOriginals) { SUCCEED(); }

}  // namespace
}  // namespace pplcnet_test::segmentation_test
