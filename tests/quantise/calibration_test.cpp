// Ranges of a network's channels from what they gave for pictures.
#include "pplcnet/quantise/calibration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/quantise/bias_correction.hpp"
#include "pplcnet/quantise/layer_losses.hpp"
#include "pplcnet/quantise/quantise.hpp"
#include "pplcnet/quantise/quantise_network.hpp"
#include "pplcnet/weights/fold.hpp"
#include "synthetic.hpp"

namespace pplcnet_test::calibration_test {
namespace {

using pplcnet::Histogram;
using pplcnet::Range;
using pplcnet::RangeMethod;

std::vector<float> uniform(const char* name, std::size_t count, double low, double high) {
  const Stream stream(name);
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(low + (high - low) * (stream.u(i) + 1) / 2);
  return values;
}

Histogram histogram_of(const std::vector<float>& values) {
  Histogram histogram;
  histogram.add(values);
  return histogram;
}

TEST(Histogram, KnowsExtremesMeanAndHowManyValuesThereAre) {
  const Histogram histogram = histogram_of({-1, 0.5F, 0.5F, 4});
  EXPECT_EQ(histogram.low(), -1);
  EXPECT_EQ(histogram.high(), 4);
  EXPECT_EQ(histogram.mean(), 1);
  EXPECT_EQ(histogram.count(), 4U);
  ASSERT_EQ(histogram.bins().size(), 3U);
  EXPECT_EQ(histogram.bins()[1].count, 2);
}

TEST(Histogram, HasZeroBetweenItsExtremes) {
  EXPECT_EQ(histogram_of({2, 3}).low(), 0);
  EXPECT_EQ(histogram_of({-2, -3}).high(), 0);
}

TEST(Histogram, HasEachValueInOneBinWithItsSize) {
  for (const float value :
       {-300.0F, -1.03F, -1e-3F, -1e-9F, 0.0F, 1e-9F, 0.75F, 1.0F, 2.5F, 9e4F}) {
    const auto bins = histogram_of({value}).bins();
    ASSERT_EQ(bins.size(), 1U);
    EXPECT_LE(bins[0].low, value) << value;
    EXPECT_GE(bins[0].high, value) << value;
    const double width = bins[0].high - bins[0].low, size = std::abs(value);
    EXPECT_LE(width, size > 1e-4 && size < 6e4 ? size / 32 : 1e5) << value;
  }
}

TEST(Histogram, IsTheSameInWhateverOrderPicturesCome) {
  std::array<std::vector<float>, 5> pictures;
  for (std::size_t i = 0; i < pictures.size(); ++i)
    pictures[i] = uniform("pictures", 100 + i, -1.0 / 3, static_cast<double>(i));
  Histogram forward, backward, left, right;
  for (const auto& picture : pictures) forward.add(picture);
  for (auto i = pictures.rbegin(); i != pictures.rend(); ++i) backward.add(*i);
  for (std::size_t i = 0; i < pictures.size(); ++i) (i % 2 == 0 ? left : right).add(pictures[i]);
  right.merge(left);
  for (const Histogram& other : {backward, right}) {
    EXPECT_EQ(forward.mean(), other.mean());
    EXPECT_EQ(forward.low(), other.low());
    EXPECT_EQ(forward.high(), other.high());
    EXPECT_EQ(forward.count(), other.count());
    const auto bins = forward.bins(), others = other.bins();
    ASSERT_EQ(bins.size(), others.size());
    for (std::size_t i = 0; i < bins.size(); ++i) EXPECT_EQ(bins[i].count, others[i].count);
  }
}

TEST(Histogram, SaysWhichNumbersAreNone) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(histogram_of({1, -2}).is_finite());
  for (const float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e30F}) {
    Histogram histogram = histogram_of({1, bad, 2});
    EXPECT_FALSE(histogram.is_finite()) << bad;
    Histogram good = histogram_of({1});
    good.merge(histogram);
    EXPECT_FALSE(good.is_finite()) << bad;
  }
}

/// The squared error of values that become bytes of a range, one by one.
double loss(const std::vector<float>& values, const Range& range) {
  const double scale = (range.high - range.low) / 255, zero = std::round(-range.low / scale);
  double sum = 0;
  for (const double value : values) {
    const double byte = std::clamp(std::round(value / scale) + zero, 0.0, 255.0);
    sum += std::pow(value - scale * (byte - zero), 2);
  }
  return sum;
}

TEST(ChooseRange, TakesAllValues) {
  const Range range = choose_range(histogram_of({-3, 1, 70}), {.method = RangeMethod::min_max});
  EXPECT_EQ(range.low, -3);
  EXPECT_EQ(range.high, 70);
}

TEST(ChooseRange, LeavesAShareOfTheValuesOutAtEachEnd) {
  std::vector<float> values = uniform("values", 10000, -1, 2);
  for (std::size_t i = 0; i < 5; ++i) values[i] = 100, values[5000 + i] = -50;
  const Histogram histogram = histogram_of(values);
  const Range most =
      choose_range(histogram, {.method = RangeMethod::percentile, .percentile = 99.9});
  EXPECT_NEAR(most.high, 2, 2.0 / 32);
  EXPECT_NEAR(most.low, -1, 1.0 / 32);
  const Range all =
      choose_range(histogram, {.method = RangeMethod::percentile, .percentile = 99.99});
  EXPECT_EQ(all.high, 100);
  EXPECT_EQ(all.low, -50);
}

TEST(ChooseRange, ClipsWhatCostsMoreThanItIsWorth) {
  std::vector<float> values = uniform("values", 200000, -0.4, 1);
  values[7] = 1.5F;  // an outlier
  const Histogram histogram = histogram_of(values);
  const Range chosen = choose_range(histogram, {.method = RangeMethod::squared_error});
  EXPECT_LT(chosen.high, 1.3);
  EXPECT_GT(chosen.high, 0.99);
  EXPECT_LT(loss(values, chosen), loss(values, {histogram.low(), histogram.high()}));
  // No other end of the range is much better.
  for (int i = 1; i <= 30; ++i)
    EXPECT_LE(loss(values, chosen), 1.1 * loss(values, {chosen.low, i / 10.0})) << i;
}

TEST(ChooseRange, KeepsARangeWithoutOutliersWhole) {
  const Histogram histogram = histogram_of(uniform("values", 20000, -0.4, 1));
  const Range chosen = choose_range(histogram, {.method = RangeMethod::squared_error});
  EXPECT_NEAR(chosen.low, -0.4, 0.02);
  EXPECT_NEAR(chosen.high, 1, 0.02);
}

TEST(ChooseRange, IsEmptyForAChannelThatIsAlwaysZero) {
  for (const auto method :
       {RangeMethod::min_max, RangeMethod::percentile, RangeMethod::squared_error}) {
    const Range range = choose_range(histogram_of({0, 0, 0}), {.method = method});
    EXPECT_EQ(range.low, 0);
    EXPECT_EQ(range.high, 0);
  }
}

TEST(ChooseRange, IsNotEmptyForAChannelThatIsAlmostAlwaysZero) {
  std::vector<float> values(100000);
  values[17] = 5;
  const Range range =
      choose_range(histogram_of(values), {.method = RangeMethod::percentile, .percentile = 99});
  EXPECT_GT(range.high, 0);
}

constexpr pplcnet::Graph tiny() {
  pplcnet::Graph g({9, 7});
  const pplcnet::Value x =
      g.conv(g.image(), 8, {.kernel = 3, .stride = 2, .activation = pplcnet::Activation::hardswish},
             "stem");
  g.output(g.dense(g.global_mean(x, "pool"), 3, {}, "fc"), pplcnet::Role::result);
  return g;
}
using Tiny = pplcnet::Network<tiny>;

/// The ranges by pictures of these names.
template <class Run>
pplcnet::ChannelRanges calibrated(const Run& run, std::vector<const char*> pictures) {
  pplcnet::Calibration calibration(Tiny::layers);
  pplcnet::LayerOutputs outputs(Tiny::layers);
  for (const char* name : pictures) {
    run(pplcnet::Picture::planar(uniform(name, Tiny::input_size, -2, 2).data(), Tiny::input_shape),
        outputs.destinations());
    calibration.add(outputs);
  }
  pplcnet::ChannelRanges result;
  const auto error = calibration.choose({.method = RangeMethod::min_max}, result);
  EXPECT_FALSE(error) << error.message();
  return result;
}

TEST(Calibration, IsTheSameForNetworksOfEveryKind) {
  const auto weights = std::make_unique<Tiny::Weights>();
  std::ranges::copy(uniform("weights", Tiny::weight_count, -1, 1), weights->values.begin());
  const auto workspace = std::make_unique<Tiny::Workspace>();
  pplcnet::AnyNetwork any = pplcnet::AnyNetwork::of(*weights);
  const auto first =
      calibrated([&](const pplcnet::Picture& picture,
                     std::span<float* const> destinations) { any.run(picture, destinations); },
                 {"a", "b"});
  const auto second = calibrated(
      [&](const pplcnet::Picture& picture, std::span<float* const> destinations) {
        Tiny::Features features;
        std::ranges::copy(destinations, features.layers.begin());
        Tiny::features(*weights, picture, *workspace, features);
      },
      {"b", "a"});
  EXPECT_EQ(first.means, second.means);
  ASSERT_EQ(first.ranges.size(), static_cast<std::size_t>(Tiny::layer_count));
  for (std::size_t i = 0; i < first.ranges.size(); ++i) {
    const auto channels = static_cast<std::size_t>(Tiny::layers.at(i).output.channels);
    ASSERT_EQ(first.ranges[i].size(), channels);
    for (std::size_t c = 0; c < channels; ++c) {
      const Range &one = first.ranges[i][c], &other = second.ranges[i][c];
      EXPECT_EQ(one.low, other.low);
      EXPECT_EQ(one.high, other.high);
      EXPECT_LT(one.low, one.high);
    }
  }
}

TEST(Calibration, NamesTheChannelWhoseValuesAreNoNumbers) {
  pplcnet::Calibration calibration(Tiny::layers);
  pplcnet::ChannelRanges result;
  EXPECT_STREQ(calibration.choose({}, result).message(),
               "calibration: channel 0 of stem has no values");
  pplcnet::LayerOutputs outputs(Tiny::layers);
  const std::size_t pixels = static_cast<std::size_t>(Tiny::layers[0].output.pixels());
  outputs.destinations()[0][5 * pixels + 3] = std::numeric_limits<float>::infinity();
  calibration.add(outputs);
  EXPECT_STREQ(calibration.choose({}, result).message(),
               "calibration: channel 5 of stem has values beyond all measure");
}

TEST(BiasCorrection, KeepsTheMeanOfASum) {
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(tiny()));
  const auto bytes = std::make_unique<pplcnet::QuantisedPlan>(pplcnet::make_quantised_plan(*plan));
  const auto layers = static_cast<std::size_t>(plan->layer_count);
  const std::vector<float> weights = uniform("weights", plan->weight_floats, -1, 1);
  const pplcnet::QuantisedPair pair = {std::span(plan->layers).first(layers),
                                       std::span(bytes->layers).first(layers), weights};
  std::vector<std::vector<Range>> ranges;
  std::vector<std::vector<double>> means;
  for (const pplcnet::Layer& layer : pair.floats) {
    ranges.emplace_back(static_cast<std::size_t>(layer.output.channels), Range{-0.375, 3});
    for (means.emplace_back(); means.back().size() < ranges.back().size();)
      means.back().push_back(0.1 + static_cast<double>(means.back().size()));
  }
  pplcnet::QuantisedModel model;
  model.picture_scales = {1, 1, 1};
  const auto error = pplcnet::quantise(pair, ranges, model);
  ASSERT_FALSE(error) << error.message();
  pplcnet::QuantisedModel corrected = model;
  pplcnet::correct_biases(pair, means, corrected);

  const std::size_t dense = layers - 1, pool = dense - 1;
  const pplcnet::Parameters real = unpack(pair.floats[dense], weights);
  const auto mean_of = [&](std::size_t o, const pplcnet::QuantisedTensors& tensors) {
    double sum = tensors.biases[o];
    for (std::size_t k = 0; k < means[pool].size(); ++k)
      sum += double{tensors.weight_scales[o]} * tensors.weights[o * means[pool].size() + k] *
             means[pool][k] / double{model.layers[pool].scales[k]};
    return sum;
  };
  for (std::size_t o = 0; o < 3; ++o) {
    double mean = real.bias[o];
    for (std::size_t k = 0; k < means[pool].size(); ++k)
      mean += double{real.weight[o * means[pool].size() + k]} * means[pool][k];
    EXPECT_NEAR(mean_of(o, corrected.layers[dense]), mean, 1e-5);
    EXPECT_GT(std::abs(mean_of(o, model.layers[dense]) - mean), 1e-4);
  }
  EXPECT_EQ(corrected.layers[0].biases, model.layers[0].biases);  // nothing is known of pictures
}

constexpr pplcnet::Graph with_gelu() {
  pplcnet::Graph g({9, 7});
  g.output(g.conv(g.image(), 8, {.kernel = 3, .activation = pplcnet::Activation::gelu}, "stem"),
           pplcnet::Role::result);
  return g;
}

/// Tables of pictures whose byte 51 is 0, and 255 is 4.
std::array<std::array<float, 256>, 3> tables() {
  std::array<std::array<float, 256>, 3> result = {};
  for (auto& table : result)
    for (std::size_t i = 0; i < table.size(); ++i)
      table.at(i) = static_cast<float>((static_cast<double>(i) - 51) / 51);
  return result;
}

TEST(QuantiseNetwork, SaysWhatCannotBeComputedInBytes) {
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(with_gelu()));
  pplcnet::QuantisedModel model;
  const auto error =
      pplcnet::quantise(*plan, std::vector<float>(plan->weight_floats), tables(), {}, model);
  EXPECT_TRUE(std::string(error.message())
                  .starts_with("custom: layer 0 (stem): Quantised: activations are none, relu"))
      << error.message();
}

/// All channels take values of the same range.
pplcnet::ChannelRanges alike(const pplcnet::Plan& plan) {
  pplcnet::ChannelRanges result;
  for (int i = 0; i < plan.layer_count; ++i) {
    const auto channels = static_cast<std::size_t>(plan.layers[i].output.channels);
    result.ranges.emplace_back(channels, Range{-0.375, 3});
    result.means.emplace_back(channels, 0.5);
  }
  return result;
}

TEST(QuantiseNetwork, TakesThePictureFromItsTables) {
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(tiny()));
  const std::vector<float> weights = uniform("weights", plan->weight_floats, -1, 1);
  pplcnet::ChannelRanges calibrated = alike(*plan);
  pplcnet::QuantisedModel model;
  const auto error = pplcnet::quantise(*plan, weights, tables(), calibrated, model);
  ASSERT_FALSE(error) << error.message();
  for (const float scale : model.picture_scales) EXPECT_FLOAT_EQ(scale, 1.0F / 51);
  for (const float zero : model.picture_zeros) EXPECT_FLOAT_EQ(zero, 51);
  auto flat = tables();
  flat[1].fill(0);
  EXPECT_STREQ(pplcnet::quantise(*plan, weights, flat, calibrated, model).message(),
               "custom: expected tables that grow from byte 0 to byte 255");
}

TEST(QuantiseNetwork, NamesTheChannelThatReachesTooFarForAHardswish) {
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(tiny()));
  const std::vector<float> weights = uniform("weights", plan->weight_floats, -1, 1);
  pplcnet::ChannelRanges calibrated = alike(*plan);
  calibrated.ranges[0][2].high = 2554;
  pplcnet::QuantisedModel model;
  EXPECT_STREQ(pplcnet::quantise(*plan, weights, tables(), calibrated, model).message(), "");
  calibrated.ranges[0][2].high = 25540;
  EXPECT_STREQ(pplcnet::quantise(*plan, weights, tables(), calibrated, model).message(),
               "custom: layer 0, channel 2: its values differ by 25540, of which 16 bits have not "
               "even eight steps");
}

TEST(QuantiseNetwork, AChannelWhoseWeightsAreTooCoarseForItsValuesIsOneValue) {
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(tiny()));
  std::vector<float> weights = uniform("weights", plan->weight_floats, -1, 1);
  for (float& weight : weights) weight *= 2000;
  pplcnet::QuantisedModel model;
  const auto error = pplcnet::quantise(*plan, weights, tables(), alike(*plan), model);
  ASSERT_FALSE(error) << error.message();
  const pplcnet::QuantisedTensors& stem = model.layers[0];
  for (const std::int8_t weight : stem.weights) EXPECT_EQ(weight, 0);
  for (std::size_t c = 0; c < stem.scales.size(); ++c) {
    EXPECT_NEAR(stem.scales[c], 3.375 / 255, 1e-4);
    const double sum = double{stem.biases[c]};
    EXPECT_NEAR(sum * (sum + 3) / 6, (3 - 0.375) / 2, 1e-6);
  }
}

TEST(LayerLosses, AreRatiosOfEnergies) {
  pplcnet::LayerOutputs floats(Tiny::layers), bytes(Tiny::layers);
  for (std::size_t i = 0; i < floats.size(); ++i)
    for (std::size_t k = 0; k < floats.of(i).size(); ++k) {
      floats.destinations()[i][k] = 10;
      bytes.destinations()[i][k] = i == 0 ? 9 : 10;
    }
  pplcnet::LayerLosses one, losses;
  one.add(floats, bytes);
  losses.merge(one);
  losses.add(floats, bytes);
  ASSERT_EQ(losses.losses().size(), floats.size());
  EXPECT_NEAR(losses.losses()[0].decibels(), 20, 1e-9);
  EXPECT_EQ(losses.losses()[0].signal, 200.0 * static_cast<double>(floats.of(0).size()));
  EXPECT_EQ(losses.losses()[1].noise, 0);
}

}  // namespace
}  // namespace pplcnet_test::calibration_test
