#include "synthetic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace pplcnet_test {
namespace {

struct TensorVector {
  std::string name;
  std::vector<std::int64_t> shape;
  GainFamily family;
  std::uint64_t hash, base;
  std::array<std::uint32_t, 8> m;
  std::array<std::uint32_t, 8> bits;  // of the first eight float32 values
};

const TensorVector kTensorVectors[] = {
    {"conv1.conv.weight",
     {16, 3, 3, 3},
     GainFamily::v1,
     0x7630f278fa953344,
     0x5f48f3afc3dd2524,
     {10311690, 10371887, 8491133, 12902906, 1397399, 15574559, 16385220, 7509835},
     {0x3e8edd74, 0x3e93564a, 0x3c73babb, 0x3f27aeca, 0xbf81d7f5, 0x3f8575dd, 0x3f94842f,
      0xbe029144}},
    {"blocks2.0.dw_conv.conv.weight",
     {16, 1, 3, 3},
     GainFamily::v1,
     0x07b91f3c667ac0a5,
     0x6ae82bb72c22ec87,
     {357525, 3558448, 2337982, 1556976, 6772616, 1013737, 8425457, 10495704},
     {0xbe823ef3, 0x3dc6a4c0, 0x3d7e3bd6, 0xbed43996, 0x3eea5453, 0xbf16cab6, 0xbe287a26,
      0x3d5c8200}},
    {"blocks6.0.se.conv2.weight",
     {256, 64, 1, 1},
     GainFamily::v1,
     0x13d9e6b3daeae28b,
     0x962eed3bdf2d27b2,
     {7760324, 3667772, 1940199, 5317396, 5953904, 2989070, 8031055, 2762740},
     {0xbd2b7eae, 0xbea112ce, 0xbedc0489, 0xbe5193de, 0xbe262487, 0xbeb83b06, 0xbcc3318d,
      0xbebff3ef}},
    {"fc.weight",
     {1280, 1000},
     GainFamily::v1,
     0x79fb28a75603c7a0,
     0x7c11bf81bc004eca,
     {7762776, 2815268, 14859607, 753120, 2745231, 8250979, 9422761, 7814179},
     {0xbc18ca80, 0xbdaa15b8, 0x3dc57aae, 0xbde90440, 0xbdac38e2, 0xbb066740, 0x3c7c7a90,
      0xbc0c3dd0}},
    {"conv1.bn._variance",
     {16},
     GainFamily::v1,
     0xe275729cb08b49dc,
     0x8a934819c9376318,
     {9288422, 343620, 5107019, 15989051, 14808106, 4784060, 5861638, 6238542},
     {0x3f86dd73, 0x3f053e44, 0x3f4ded4b, 0x3fb9fc9e, 0x3fb0fa15, 0x3f48ffbc, 0x3f597106,
      0x3f5f314e}},
    {"classifier.weight",
     {1000, 1280},
     GainFamily::v1,
     0x14e5f940ab234d36,
     0xb7820b1d8318c8cb,
     {1962369, 11128152, 4531360, 3863514, 5425501, 5192098, 7835267, 12691226},
     {0xbdc41cfe, 0x3d273560, 0xbd6b6d80, 0xbd8a184c, 0xbd34da8c, 0xbd431978, 0xbc0717d0,
      0x3d834e34}},
    {"stages.2.0.dw_conv_list.0.conv.weight",
     {256, 1, 5, 5},
     GainFamily::v2,
     0xb9908c01a75fe00f,
     0xf0f821b91f1e8889,
     {12872752, 16231099, 14669359, 10263834, 623465, 10875856, 1867850, 5432028},
     {0xbe13cfaa, 0x3d897956, 0x3e41e696, 0x3ed426b2, 0xbee19ea1, 0x3ec63c2c, 0xbe1cded6,
      0xbed04e56}},
};

TEST(Synthetic, TensorsMatchTheTestVectors) {
  for (const TensorVector& expected : kTensorVectors) {
    SCOPED_TRACE(expected.name);
    EXPECT_EQ(fnv1a64(expected.name), expected.hash);
    const Stream stream{expected.name, 1};
    EXPECT_EQ(stream.base, expected.base);
    const std::vector<float> values =
        synthetic_tensor(expected.name, expected.shape, expected.family);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(stream.m(i), expected.m[i]) << i;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(values[i]), expected.bits[i]) << i;
    }
  }
}

TEST(Synthetic, InputMatchesTheTestVector) {
  EXPECT_EQ((Stream{"input", 1}.base), 0x190a9f76a9bd8bf6U);
  EXPECT_EQ((Stream{"input.low", 1}.base), 0x435c86616de05d67U);
  const std::array<std::uint32_t, 8> expected{0xbeb55284, 0xbfa03af9, 0xbfbb3ed3, 0xbf437888,
                                              0xbe012f80, 0xbf30c004, 0xbfb8fcf3, 0xbf9901ca};
  const std::vector<float> input = synthetic_input(1, 1, 3, 224, 224);
  ASSERT_EQ(input.size(), 3U * 224 * 224);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(std::bit_cast<std::uint32_t>(input[i]), expected[i]) << i;
  }
}

TEST(Synthetic, FirstImageOfABatchIsTheSingleImage) {
  const std::vector<float> one = synthetic_input(1, 1, 3, 33, 63);
  const std::vector<float> three = synthetic_input(1, 3, 3, 33, 63);
  EXPECT_TRUE(std::equal(one.begin(), one.end(), three.begin()));
}

TEST(Synthetic, DepthwiseKernelsSumToZero) {
  const std::vector<float> kernels =
      synthetic_tensor("blocks2.0.dw_conv.conv.weight", {16, 1, 3, 3}, GainFamily::v1);
  for (std::size_t channel = 0; channel < 16; ++channel) {
    double sum = 0;
    for (std::size_t tap = 0; tap < 9; ++tap) sum += kernels[channel * 9 + tap];
    EXPECT_NEAR(sum, 0, 1e-6) << channel;
  }
}

TEST(Synthetic, CountersAreZero) {
  const std::vector<float> counter =
      synthetic_tensor("bn1.num_batches_tracked", {}, GainFamily::v1);
  EXPECT_EQ(counter, std::vector<float>{0.0F});
}

TEST(Synthetic, SamplePositionsMatchTheReference) {
  // The first ones of stage conv1 in the golden file of PP-LCNet x0.25.
  EXPECT_EQ(sample_positions("conv1", 8 * 112 * 112, 3),
            (std::vector<std::size_t>{1419, 24333, 46180}));
}

TEST(Synthetic, NoiseImageMatchesTheReference) {
  // First pixels and sum of the first case of preprocess_synthetic_noise.json.
  const std::vector<std::uint8_t> image = synthetic_image(ImageKind::noise, 1, 640, 427);
  ASSERT_EQ(image.size(), 640U * 427 * 3);
  EXPECT_EQ(image[0], 245);
  EXPECT_EQ(image[1], 77);
  EXPECT_EQ(image[2], 230);
  EXPECT_EQ(image[3], 162);
  std::uint64_t sum = 0;
  for (const std::uint8_t value : image) sum += value;
  EXPECT_EQ(sum, 104530737U);
}

}  // namespace
}  // namespace pplcnet_test
