#ifndef PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP
#define PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"

/// Files of whole networks, from `load_any` to logits.
namespace pplcnet_test {

inline const std::string kFolder = std::string(PPLCNET_TEST_DATA) + "/models/synthetic/";

#define SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing"

inline std::vector<double> read_floats(const std::string& path) {
  pplcnet::FileBytes file;
  EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
  std::vector<float> values(file.bytes().size() / sizeof(float));
  std::memcpy(values.data(), file.bytes().data(), values.size() * sizeof(float));
  return {values.begin(), values.end()};
}

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

/// Logits for the synthetic input are within 1e-4 of the largest expected one.
template <class Net>
void expect_logits(const std::string& name, const std::vector<double>& expected) {
  const std::string path = kFolder + name, input_path = kFolder + "x_seed1_224.f32";
  SKIP_WITHOUT(path);
  SKIP_WITHOUT(input_path);
  const auto weights = std::make_unique<typename Net::Weights>();
  ASSERT_STREQ(pplcnet::load_any(path, *weights).message(), "");
  const std::vector<double> values = read_floats(input_path);
  const std::vector<float> input(values.begin(), values.end());
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
}

template <class Net>
void expect_answer(const std::string& name, const std::string& answer_name) {
  SKIP_WITHOUT(kFolder + answer_name);
  expect_logits<Net>(name, read_floats(kFolder + answer_name));
}

template <class Net>
void expect_golden(const std::string& name, const std::string& golden_name) {
  const std::string path = std::string(PPLCNET_TEST_DATA) + "/goldens/" + golden_name + ".json";
  SKIP_WITHOUT(path);
  std::ifstream text(path);
  const auto golden = nlohmann::json::parse(text);
  expect_logits<Net>(name, golden.at("outputs").at("logits").at("f64").at(0));
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_WEIGHTS_PICKLED_NETWORKS_HPP
