// Counts of the networks that find and read text, checked by the compiler: building this file is
// the test.
#include "pplcnet/models/text_reading.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"

namespace pplcnet_test::text_reading_test {
namespace {

template <class Net>
constexpr bool has(std::int64_t parameters, std::int64_t multiply_adds) {
  return Net::parameter_count == parameters && Net::multiply_add_count == multiply_adds;
}

constexpr pplcnet::Graph small_detection() {
  return pplcnet::ocr_detection({.width = 75, .input = {160, 256}});
}
constexpr pplcnet::Graph recognition_of_97_classes() {
  return pplcnet::ocr_recognition({.width = 95, .input = {48, 320}, .classes = 97});
}

// Of the deployed form: Paddle's leaves out 8 scalars that nothing reads.
static_assert(has<pplcnet::Network<small_detection>>(1'171'593 + 8, 230'294'144));
static_assert(has<pplcnet::models::PPOCRv4_mobile_det>(1'171'593 + 8, 2'301'935'744));
static_assert(has<pplcnet::Network<recognition_of_97_classes>>(1'886'884 + 121 * 97, 670'367'040));
static_assert(has<pplcnet::models::PPOCRv4_mobile_rec>(1'886'884 + 121 * 6625,
                                                       670'367'040 + 4'800LL * (6625 - 97)));

TEST(TextReading, SizesOfResults) {
  EXPECT_EQ(pplcnet::models::PPOCRv4_mobile_det::output_shape(0), (pplcnet::Shape{640, 640, 1}));
  EXPECT_EQ(pplcnet::models::PPOCRv4_mobile_rec::output_shape(0), (pplcnet::Shape{1, 40, 6625}));
}

TEST(TextReading, SidesOfADetectorsPictureAreMultiplesOf32) {
  EXPECT_FALSE(pplcnet::ocr_detection({.width = 75, .input = {32, 96}}).flaw());
  EXPECT_TRUE(pplcnet::ocr_detection({.width = 75, .input = {32, 97}}).flaw());
  EXPECT_TRUE(pplcnet::ocr_detection({.width = 75, .input = {48, 96}}).flaw());
  EXPECT_TRUE(pplcnet::ocr_detection({.width = 75, .input = {33, 64}}).flaw());
}

TEST(TextReading, ALineIs48PixelsHigh) {
  EXPECT_FALSE(pplcnet::ocr_recognition({.width = 95, .input = {48, 9}, .classes = 3}).flaw());
  EXPECT_TRUE(pplcnet::ocr_recognition({.width = 95, .input = {24, 320}, .classes = 3}).flaw());
}

}  // namespace
}  // namespace pplcnet_test::text_reading_test
