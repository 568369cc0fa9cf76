#ifndef PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP
#define PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"

/// Files of whole networks, from `load_any` to logits.
namespace pplcnet_test {

inline const std::string kFolder = std::string(PPLCNET_SYNTHETIC) + "/";

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

/// Two files of one network: their weights have the same bits.
template <class Net>
void expect_same_weights(const std::string& name, const std::string& other_name) {
  SCOPED_TRACE(name);
  const std::string path = kFolder + name, other_path = kFolder + other_name;
  SKIP_WITHOUT(path);
  SKIP_WITHOUT(other_path);
  const auto weights = std::make_unique<typename Net::Weights>();
  const auto other = std::make_unique<typename Net::Weights>();
  ASSERT_STREQ(pplcnet::load_any(path, *weights).message(), "");
  ASSERT_STREQ(pplcnet::load_any(other_path, *other).message(), "");
  EXPECT_EQ(std::memcmp(weights->values.data(), other->values.data(),
                        weights->values.size() * sizeof(float)),
            0);
}

/// Logits for the golden's picture are within 1e-4 of the largest of the golden's.
template <class Net, class Load>
void expect_golden(const std::string& name, const std::string& golden_name, Load load) {
  SCOPED_TRACE(name);
  const std::string path = kFolder + name;
  SKIP_WITHOUT(path);
  const Golden golden = Golden::read(own_goldens() / (golden_name + ".json"));
  const std::vector<double> expected = golden.numbers.at("outputs").at("logits").at("f64").at(0);
  const std::vector<float> input = golden.input();
  const auto weights = std::make_unique<typename Net::Weights>();
  ASSERT_STREQ(load(path, *weights).message(), "");
  ASSERT_EQ(input.size(), Net::input_size);
  const auto workspace = std::make_unique<typename Net::Workspace>();
  typename Net::Logits logits;
  Net::forward(*weights, typename Net::Image(input), *workspace, logits);
  ASSERT_EQ(expected.size(), logits.size());
  double difference = 0, largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference = std::max(difference, std::abs(double{logits[i]} - expected[i]));
    largest = std::max(largest, std::abs(expected[i]));
  }
  EXPECT_LT(difference, 1e-4 * largest);
  std::printf("of the largest logit: within %.1e\n", difference / largest);
}

template <class Net>
void expect_golden(const std::string& name, const std::string& golden_name) {
  expect_golden<Net>(name, golden_name,
                     [](const std::string& path, typename Net::Weights& weights) {
                       return pplcnet::load_any(path, weights);
                     });
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP
