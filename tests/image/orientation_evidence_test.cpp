// The orientation of a picture, from predictions on its parts.
#include "pplcnet/image/orientation_evidence.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "pplcnet/image/line_pieces.hpp"
#include "pplcnet/models/orientation.hpp"

namespace pplcnet_test::orientation_evidence_test {
namespace {

using pplcnet::ImageView;
using pplcnet::OrientationEvidence;

template <std::size_t kRotations>
void expect_near(const std::array<double, kRotations>& found,
                 const std::array<double, kRotations>& expected) {
  for (std::size_t i = 0; i < kRotations; ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

/// The numbers are those of a program in Python.
TEST(OrientationEvidence, IsSummed) {
  constexpr std::array<std::array<float, 4>, 3> kTiles = {
      {{0.7f, 0.1f, 0.1f, 0.1f}, {0.25f, 0.25f, 0.25f, 0.25f}, {0.1f, 0.6f, 0.2f, 0.1f}}};
  const auto sum = [&](const pplcnet::EvidenceCalibration& calibration) {
    OrientationEvidence<4> evidence(calibration);
    for (const auto& tile : kTiles) evidence.add(tile);
    return evidence.probabilities();
  };
  expect_near(sum({.uniform_weight = 0.04, .exponent = 0.5}),
              {0.34898874, 0.32349534, 0.18993059, 0.13758534});
  expect_near(sum({}), {0.4375, 0.375, 0.125, 0.0625});
  expect_near(OrientationEvidence<4>().probabilities(), {0.25, 0.25, 0.25, 0.25});
}

/// The prediction on a picture rotated further counts for the rotation before.
TEST(OrientationEvidence, OtherRotationsAgree) {
  OrientationEvidence<4> quarters;
  quarters.add(std::array{0.1f, 0.7f, 0.1f, 0.1f}, 0);
  quarters.add(std::array{0.1f, 0.1f, 0.7f, 0.1f}, 1);
  quarters.add(std::array{0.7f, 0.1f, 0.1f, 0.1f}, 3);
  expect_near(quarters.probabilities(), {1.0 / 346, 343.0 / 346, 1.0 / 346, 1.0 / 346});
  OrientationEvidence<2> halves;
  halves.add(std::array{0.25f, 0.75f}, 0);
  halves.add(std::array{0.75f, 0.25f}, 1);
  expect_near(halves.probabilities(), {0.1, 0.9});
}

/// A picture whose first pixel says in which corner it has been: white at the top left.
class Corner {
 public:
  Corner() { pixels_[0] = pixels_[1] = pixels_[2] = 255; }
  ImageView view() const { return {pixels_.data(), 3, 2, pplcnet::PixelFormat::rgb}; }

  /// Probabilities that are right for `kRotations` rotations, clockwise.
  template <std::size_t kRotations>
  static std::span<const float> predict(ImageView view) {
    const auto white = [&](int x, int y) { return view.row(y)[3 * x] == 255; };
    const bool corners[] = {white(0, 0), white(view.width - 1, 0),
                            white(view.width - 1, view.height - 1), white(0, view.height - 1)};
    static std::array<float, kRotations> prediction;
    for (std::size_t i = 0; i < kRotations; ++i)
      prediction[i] = corners[i * 4 / kRotations] ? 0.9f : 0.05f;
    return prediction;
  }

 private:
  std::vector<std::uint8_t> pixels_ = std::vector<std::uint8_t>(18);
};

TEST(OrientationEvidence, AddsEveryRotation) {
  const Corner corner;
  for (const int rotation : {0, 1, 2, 3}) {
    std::vector<std::uint8_t> storage;
    constexpr std::array kExif = {1, 6, 3, 8};
    const ImageView rotated =
        oriented(corner.view(), kExif[static_cast<std::size_t>(rotation)], storage);
    OrientationEvidence<4> quarters;
    quarters.add_rotations(rotated, Corner::predict<4>);
    EXPECT_GT(quarters.probabilities()[static_cast<std::size_t>(rotation)], 0.9999);
    if (rotation % 2 != 0) continue;
    OrientationEvidence<2> halves;
    halves.add_rotations(rotated, Corner::predict<2>);
    EXPECT_GT(halves.probabilities()[static_cast<std::size_t>(rotation) / 2], 0.99);
  }
}

TEST(LinePieces, CoverALine) {
  const std::vector<std::uint8_t> pixels(std::size_t{3} * 1000 * 10);
  const auto widths = [&](int width, int height) {
    std::vector<int> result;
    const std::uint8_t* next = pixels.data();
    for (const ImageView& piece :
         pplcnet::line_pieces({pixels.data(), width, height, pplcnet::PixelFormat::rgb})) {
      EXPECT_EQ(piece.pixels, next);
      EXPECT_EQ(piece.height, height);
      EXPECT_EQ(piece.row_bytes, std::ptrdiff_t{3} * width);
      next += std::ptrdiff_t{3} * piece.width;
      result.push_back(piece.width);
    }
    return result;
  };
  using Widths = std::vector<int>;
  EXPECT_EQ(widths(80, 10), Widths{80});
  EXPECT_EQ(widths(81, 10), (Widths{40, 41}));
  EXPECT_EQ(widths(1000, 50), (Widths{333, 333, 334}));
  EXPECT_EQ(widths(3, 100), Widths{3});
  EXPECT_TRUE(pplcnet::line_pieces({}).empty());
}

TEST(LinePieces, AreAtMost64OfALine) {
  constexpr int kWidth = 80'000;
  const std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth);
  const auto pieces = pplcnet::line_pieces({pixels.data(), kWidth, 1, pplcnet::PixelFormat::rgb});
  ASSERT_EQ(pieces.size(), 64u);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].width, 8);
    const auto left = (pieces[i].pixels - pixels.data()) / 3;
    const auto middle = (2 * static_cast<std::ptrdiff_t>(i) + 1) * kWidth / 128;  // evenly spaced
    EXPECT_LE(std::abs(left - middle), 8);
  }
}

TEST(OrientationProbabilities, WhatStandsOnEndIsTurnedCounterClockwise) {
  constexpr int kWidth = 2;
  std::vector<std::uint8_t> pixels;  // each has its row and column
  const auto seen = [&](int height) {
    pixels.clear();
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < kWidth; ++x)
        for (const int value : {y, x, 0}) pixels.push_back(static_cast<std::uint8_t>(value));
    std::vector<std::uint8_t> first;  // the size of what is predicted first, and its first pixel
    pplcnet::line_rotation(
        {pixels.data(), kWidth, height, pplcnet::PixelFormat::rgb}, [&](ImageView piece) {
          if (first.empty())
            for (const int value :
                 {piece.width, piece.height, int{piece.pixels[0]}, int{piece.pixels[1]}})
              first.push_back(static_cast<std::uint8_t>(value));
          static constexpr std::array kEqual = {0.5f, 0.5f};
          return std::span<const float>(kEqual);
        });
    return first;
  };
  using Bytes = std::vector<std::uint8_t>;
  EXPECT_EQ(seen(2), (Bytes{2, 2, 0, 0}));
  EXPECT_EQ(seen(3), (Bytes{3, 2, 0, 1}));  // what was at the right is at the top
}

TEST(OrientationProbabilities, OfAPageAndOfALine) {
  const std::vector<std::uint8_t> pixels(std::size_t{3} * 400 * 300, 200);
  int predictions = 0;
  const auto sideways = [&](ImageView) {
    static constexpr std::array kPredictions = {
        std::array{0.1f, 0.7f, 0.1f, 0.1f}, std::array{0.1f, 0.1f, 0.7f, 0.1f},
        std::array{0.1f, 0.1f, 0.1f, 0.7f}, std::array{0.7f, 0.1f, 0.1f, 0.1f}};
    return std::span<const float>(kPredictions[static_cast<std::size_t>(predictions++ % 4)]);
  };
  EXPECT_GT(
      pplcnet::page_rotation({pixels.data(), 400, 300, pplcnet::PixelFormat::rgb}, sideways)[1],
      0.99);
  EXPECT_EQ(predictions % 4, 0);
  EXPECT_EQ(pplcnet::page_rotation({}, sideways)[1], 0.25);

  const auto upside_down = [&](ImageView) {
    static constexpr std::array kPredictions = {std::array{0.2f, 0.8f}, std::array{0.8f, 0.2f}};
    return std::span<const float>(kPredictions[static_cast<std::size_t>(predictions++ % 2)]);
  };
  predictions = 0;
  EXPECT_GT(
      pplcnet::line_rotation({pixels.data(), 400, 20, pplcnet::PixelFormat::rgb}, upside_down)[1],
      0.8);
  EXPECT_EQ(predictions, 6);
}

}  // namespace
}  // namespace pplcnet_test::orientation_evidence_test
