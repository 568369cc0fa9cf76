#ifndef PPLCNET_TESTS_IMAGE_REFERENCE_DATA_HPP
#define PPLCNET_TESTS_IMAGE_REFERENCE_DATA_HPP

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "image/sha256.hpp"

namespace pplcnet_test {

/// Reads a file of the reference data; empty if it is missing.
inline std::string read_reference(const std::string& path) {
  std::ifstream file(std::string(PPLCNET_TEST_DATA) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What OpenCV and Pillow did to pictures (see goldens/compact.py).
inline nlohmann::json read_pixels(const std::string& name) {
  std::ifstream file(std::string(PPLCNET_TESTS) + "/image/pixels/" + name);
  return nlohmann::json::parse(file);
}

/// Compares a tensor or picture with a reference entry: its hash, and its samples to point at what
/// is wrong. The hashes are of little-endian bytes.
template <typename T>
void expect_identical(std::span<const T> values, const nlohmann::json& reference) {
  static_assert(std::endian::native == std::endian::little);
  std::size_t size = 1;
  for (const std::size_t extent : reference.at("shape")) size *= extent;
  ASSERT_EQ(values.size(), size);
  const std::vector<std::size_t> positions = reference.at("idx");
  const std::vector<double> samples = reference.at("values");
  for (std::size_t i = 0; i < positions.size(); ++i) {
    // Samples are printed with nine digits, which tell one float from another.
    const double tolerance = sizeof(T) == 1 ? 0.0 : 1e-8 * (1.0 + std::abs(samples[i]));
    ASSERT_NEAR(static_cast<double>(values[positions[i]]), samples[i], tolerance)
        << "at " << positions[i];
  }
  const char* key = sizeof(T) == 1 ? "sha256" : "sha256_f32le";
  EXPECT_EQ(sha256(std::as_bytes(values)), reference.at(key).get<std::string>());
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_IMAGE_REFERENCE_DATA_HPP
