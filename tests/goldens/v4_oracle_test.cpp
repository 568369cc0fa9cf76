#include "goldens/v4_oracle.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace pplcnet_test {
namespace {

struct Known {
  const char* name;
  V4Variant variant;
  std::int64_t training_parameters, deployed_parameters;
  std::vector<std::int64_t> output_channels;
};

/// From PaddleOCR's own definition. The simple stem keeps its two batch norms, of 24 and of 48
/// channels, when it is deployed: fused, they would have one parameter a channel instead of two.
const Known kKnown[] = {
    {"det_tiny", V4Variant::det_tiny, 384'700, 378'756, {32, 48, 64, 160}},
    {"det_small", V4Variant::det_small, 2'327'028, 2'312'448, {48, 96, 192, 384}},
    {"det_medium", V4Variant::det_medium, 14'122'560, 14'085'600, {128, 256, 512, 896}},
    {"rec_tiny", V4Variant::rec_tiny, 510'468, 504'332 + 24 + 48, {160}},
    {"rec_small", V4Variant::rec_small, 2'693'160, 2'676'000, {384}},
    {"rec_medium", V4Variant::rec_medium, 14'356'768, 14'315'456, {768}},
};

class V4Oracle : public testing::TestWithParam<Known> {
 protected:
  std::int64_t height() const { return GetParam().output_channels.size() == 4 ? 64 : 48; }
  std::int64_t width() const { return height() == 64 ? 64 : 32; }

  std::vector<NamedMap> outputs(Form form, std::uint64_t seed = 1) const {
    const auto rows = static_cast<std::size_t>(height());
    const auto columns = static_cast<std::size_t>(width());
    return v4_outputs(GetParam().variant, v4_state_dict(GetParam().variant, form), form,
                      synthetic_input(seed, 1, 3, rows, columns), height(), width());
  }
};

INSTANTIATE_TEST_SUITE_P(Variants, V4Oracle, testing::ValuesIn(kKnown),
                         [](const auto& known) { return std::string(known.param.name); });

std::int64_t parameters(const std::vector<NamedTensor>& state) {
  std::int64_t count = 0;
  for (const NamedTensor& tensor : state) {
    if (!tensor.name.ends_with("._mean") && !tensor.name.ends_with("._variance"))
      count += std::ssize(tensor.values);
  }
  return count;
}

TEST_P(V4Oracle, HasTheKnownNumberOfParameters) {
  const Known& known = GetParam();
  EXPECT_EQ(parameters(v4_state_dict(known.variant, Form::training)), known.training_parameters);
  EXPECT_EQ(parameters(v4_state_dict(known.variant, Form::deployed)), known.deployed_parameters);
}

double largest(const std::vector<double>& values) {
  return std::abs(*std::ranges::max_element(values, {}, [](double x) { return std::abs(x); }));
}

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  std::ranges::transform(a, b, std::back_inserter(result), std::minus());
  return result;
}

TEST_P(V4Oracle, DeployedComputesTheSame) {
  const std::vector<NamedMap> training = outputs(Form::training);
  const std::vector<NamedMap> deployed = outputs(Form::deployed);
  ASSERT_EQ(training.size(), deployed.size());
  for (std::size_t i = 0; i < training.size(); ++i) {
    SCOPED_TRACE(training[i].name);
    ASSERT_EQ(training[i].name, deployed[i].name);
    ASSERT_EQ(training[i].values.size(), deployed[i].values.size());
    EXPECT_LE(largest(difference(training[i].values, deployed[i].values)),
              1e-5 * largest(training[i].values));
  }
}

TEST_P(V4Oracle, HasOutputsOfTheKnownShapes) {
  const std::vector<NamedMap> maps = outputs(Form::deployed);
  const std::vector<std::int64_t>& channels = GetParam().output_channels;
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const NamedMap& output = maps[maps.size() - channels.size() + i];
    const bool detector = channels.size() == 4;
    EXPECT_EQ(output.name, "out" + std::to_string(i));
    EXPECT_EQ(output.channels, channels[i]);
    EXPECT_EQ(output.height, detector ? 16 >> i : 1);
    EXPECT_EQ(output.width, detector ? 16 >> i : 4);
    EXPECT_EQ(std::ssize(output.values), output.channels * output.height * output.width);
  }
}

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

double standard_deviation(std::vector<double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  for (double& value : values) value -= sum / static_cast<double>(std::ssize(values));
  return root_mean_square(values);
}

/// Otherwise a comparison with this oracle would hardly see a mistake.
TEST_P(V4Oracle, ActivationsStayAliveAndRememberTheInput) {
  const std::vector<NamedMap> one = outputs(Form::training, 1), two = outputs(Form::training, 2);
  for (std::size_t i = 0; i < one.size(); ++i) {
    SCOPED_TRACE(one[i].name);
    const double deviation = standard_deviation(one[i].values);
    EXPECT_GT(deviation, 0.25);
    EXPECT_LT(deviation, 4);
    EXPECT_GT(root_mean_square(difference(one[i].values, two[i].values)), 0.25 * deviation);
  }
}

TEST(V4OracleNames, ArePaddles) {
  const auto has = [](V4Variant variant, Form form, const std::string& name) {
    return std::ranges::count(v4_state_dict(variant, form), name, &NamedTensor::name) == 1;
  };
  for (const char* name :
       {"stem.stem2a.conv.weight", "stem.stem2a.bn._mean",
        "blocks_s1.0.token_mixer.rep_dw.conv.conv.weight",
        "blocks_s1.0.token_mixer.rep_dw.conv.bn.weight", "blocks_s1.0.token_mixer.rep_dw.bn.bias",
        "blocks_s1.0.token_mixer.rep_dw.conv1.weight", "blocks_s1.0.token_mixer.se.conv2.bias",
        "blocks_s2.0.token_mixer.dw_conv.conv.weight", "blocks_s2.0.token_mixer.dw_conv.bn.weight",
        "blocks_s4.2.channel_mixer.compress.bn._variance"})
    EXPECT_TRUE(has(V4Variant::det_tiny, Form::training, name)) << name;
  for (const char* name :
       {"stem.stem2a.conv.bias", "blocks_s1.0.token_mixer.rep_dw.reparam_conv.bias",
        "blocks_s1.0.token_mixer.se.conv1.weight", "blocks_s2.0.token_mixer.dw_conv.weight",
        "blocks_s4.2.channel_mixer.expand.bias"})
    EXPECT_TRUE(has(V4Variant::det_tiny, Form::deployed, name)) << name;
  EXPECT_TRUE(has(V4Variant::rec_tiny, Form::deployed, "conv1.2.bn._variance"));
  EXPECT_TRUE(has(V4Variant::rec_small, Form::deployed, "conv1.stem4.conv.bias"));
}

TEST(V4OracleNames, MissingOnesAreErrors) {
  const std::vector<float> input(3 * 32 * 32);
  EXPECT_THROW(v4_outputs(V4Variant::det_tiny, {}, Form::training, input, 32, 32),
               std::out_of_range);
}

/// One channel, from its rows.
v4::Map map(const v4::Matrix& rows) {
  return {rows.rows(), rows.cols(), rows.reshaped<Eigen::RowMajor>().transpose()};
}

TEST(V4OracleOperators, EvenKernelsArePaddedBelowAndToTheRight) {
  const v4::Map x = map(v4::Matrix{{1, 2}, {3, 4}});
  const v4::Map y = v4::convolution(x, v4::Matrix{{1, 10, 100, 1000}}, 2, {});
  EXPECT_EQ(y.values, (v4::Matrix{{1 + 20 + 300 + 4000, 2 + 400, 3 + 40, 4}}));
}

TEST(V4OracleOperators, MaxPoolDoesNotSeeThePadding) {
  const v4::Map x = map(v4::Matrix{{-1, -2}, {-4, -3}});
  EXPECT_EQ(v4::max_pool(x).values, (v4::Matrix{{-1, -2, -3, -3}}));
}

TEST(V4OracleOperators, OddKernelsArePaddedAllAround) {
  const v4::Map ones = map(v4::Matrix::Ones(4, 4));
  const v4::Map y = v4::convolution(ones, v4::Matrix::Ones(1, 9), 3, {2, 1});
  EXPECT_EQ(y.height, 2);
  EXPECT_EQ(y.values, (v4::Matrix{{4, 6, 6, 4, 6, 9, 9, 6}}));
}

TEST(V4OracleOperators, DepthwiseKernelsSeeOneChannel) {
  const v4::Map x{1, 1, v4::Matrix{{2}, {3}}};
  v4::Matrix weight = v4::Matrix::Ones(2, 9);
  weight(1, 4) = 5;
  EXPECT_EQ(v4::convolution(x, weight, 3, {}).values, (v4::Matrix{{2}, {15}}));
}

TEST(V4OracleOperators, AveragePoolLeavesTheRestOut) {
  const v4::Map x =
      map(v4::Matrix{{1, 2, 0, 0, 99}, {3, 4, 0, 0, 99}, {5, 6, 0, 6, 99}, {99, 99, 99, 99, 99}});
  const v4::Map y = v4::average_pool(x);
  EXPECT_EQ(y.height, 1);
  EXPECT_EQ(y.width, 2);
  EXPECT_NEAR(y.values(0, 0), 3.5, 1e-15);
  EXPECT_NEAR(y.values(0, 1), 1, 1e-15);
}

/// x times the normal distribution's share below x; the approximation by tanh is 1.5e-4 off at 1.
TEST(V4OracleOperators, GeluIsTheExactOne) {
  EXPECT_EQ(v4::gelu(0), 0);
  EXPECT_NEAR(v4::gelu(1), 0.841344746068542949, 1e-15);
  EXPECT_NEAR(v4::gelu(-1), -0.158655253931457051, 1e-15);
  EXPECT_NEAR(v4::gelu(-3), -3 * 0.00134989803163009453, 1e-15);
}

}  // namespace
}  // namespace pplcnet_test
