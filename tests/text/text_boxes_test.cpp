// Boxes of lines of text; what is expected is what PaddleOCR's post-processing gives with OpenCV
// 4.6 and Clipper 6.4.2.
#include "pplcnet/text/text_boxes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "pplcnet/text/line_batches.hpp"

namespace pplcnet_test::text_boxes_test {
namespace {

using pplcnet::Point;
using pplcnet::TextBox;
using pplcnet::TextBoxFinder;

constexpr int kRows = 96, kColumns = 160;

/// A map of probabilities.
struct Map {
  std::vector<float> values = std::vector<float>(kRows * kColumns, 0.05F);

  /// Draws a bar around a centre, so long and thick in both directions along a vector.
  void bar(Point centre, double half_length, double half_width, Point along, float value) {
    const double size = length(along);
    for (int y = 0; y < kRows; ++y)
      for (int x = 0; x < kColumns; ++x) {
        const Point from = Point{static_cast<double>(x), static_cast<double>(y)} - centre;
        if (std::abs(dot(along, from) / size) <= half_length &&
            std::abs(cross(along, from) / size) <= half_width)
          values[static_cast<std::size_t>(y * kColumns + x)] = value;
      }
  }
};

Map lines() {
  Map map;
  map.bar({40, 14}, 30, 5, {1, 0}, 0.9F);
  map.bar({110, 30}, 35, 6, {8, 3}, 0.8F);
  map.bar({45, 60}, 30, 7, {7, -5}, 0.9F);
  map.bar({125, 70}, 20, 14, {1, 0}, 0.95F);
  map.bar({125, 70}, 1, 1, {1, 0}, 0.1F);  // a hole, whose outline is one, too
  map.bar({20, 85}, 12, 4, {1, 0}, 0.5F);  // too faint
  map.bar({80, 88}, 1, 1, {1, 0}, 0.95F);  // too small
  map.bar({150, 10}, 4, 7, {1, 0}, 0.7F);  // at the edge
  return map;
}

TEST(TextBoxes, AreThoseOfPaddleOcr) {
  const struct {
    int corners[8];
    float score;
  } expected[] = {
      {{8, 6, 157, 6, 157, 52, 8, 52}, 0.900000F},
      {{154, 5, 317, 66, 298, 118, 134, 57}, 0.756081F},
      {{293, 0, 326, 0, 326, 44, 293, 44}, 0.700000F},
      {{192, 92, 324, 92, 324, 199, 192, 199}, 0.943566F},
      {{252, 140, 266, 140, 266, 154, 252, 154}, 0.644000F},
  };
  TextBoxFinder finder;
  const Map map = lines();
  for (int repeat = 0; repeat < 2; ++repeat) {
    const auto boxes = finder.find(map.values, kRows, kColumns, {330, 200});
    ASSERT_EQ(boxes.size(), std::size(expected));
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      EXPECT_NEAR(boxes[i].score, expected[i].score, 1e-5) << i;
      for (std::size_t k = 0; k < 4; ++k)
        EXPECT_EQ(boxes[i].corners[k], (Point{static_cast<double>(expected[i].corners[2 * k]),
                                              static_cast<double>(expected[i].corners[2 * k + 1])}))
            << i;
    }
  }
}

// OpenCV's rectangles around these have corners such as 11.999998, which Clipper cuts to 11.
TEST(TextBoxes, CornersAreCutWhereOpenCvRoundsThem) {
  const struct {
    int bar[4];  // left, top, right and bottom pixel
    int box[4];
  } cases[] = {
      {{42, 29, 97, 35}, {73, 25, 197, 39}}, {{25, 15, 72, 42}, {24, 2, 165, 53}},
      {{59, 16, 106, 33}, {98, 7, 226, 41}}, {{56, 25, 117, 37}, {94, 17, 246, 45}},
      {{58, 10, 105, 38}, {89, 0, 232, 49}}, {{11, 36, 66, 51}, {4, 26, 146, 58}},
      {{49, 19, 90, 33}, {81, 10, 193, 40}}, {{47, 9, 94, 20}, {77, 1, 197, 26}},
      {{57, 12, 118, 29}, {93, 1, 252, 38}}, {{50, 8, 105, 14}, {91, 4, 215, 18}},
      {{18, 19, 59, 38}, {14, 8, 134, 47}},  {{32, 27, 93, 34}, {53, 22, 191, 39}},
  };
  TextBoxFinder finder;
  for (const auto& [bar, box] : cases) {
    Map map;
    map.bar(Point{(bar[0] + bar[2]) / 2.0, (bar[1] + bar[3]) / 2.0}, (bar[2] - bar[0]) / 2.0,
            (bar[3] - bar[1]) / 2.0, {1, 0}, 0.9F);
    const auto boxes = finder.find(map.values, kRows, kColumns, {315, 95});
    ASSERT_EQ(boxes.size(), 1u);
    for (std::size_t i = 0; i < 4; ++i) {
      const Point corner = boxes[0].corners[i / 2 * 2];
      EXPECT_EQ(i % 2 == 0 ? corner.x : corner.y, box[i]) << bar[0] << ", " << i;
    }
  }
}

TEST(TextBoxes, ThresholdsAreTheCallers) {
  TextBoxFinder finder;
  const Map map = lines();
  EXPECT_EQ(finder.find(map.values, kRows, kColumns, {330, 200}, {.box_threshold = 0.99}).size(),
            0u);
  EXPECT_GT(finder.find(map.values, kRows, kColumns, {330, 200}, {.box_threshold = 0.4}).size(),
            finder.find(map.values, kRows, kColumns, {330, 200}).size());
  EXPECT_EQ(finder.find(map.values, kRows, kColumns, {330, 200}, {.most = 1}).size(), 1u);
}

TEST(TextBoxes, NothingAndEverything) {
  TextBoxFinder finder;
  const std::vector<float> none(kRows * kColumns), all(kRows * kColumns, 1.0F);
  const std::vector<float> unknown(kRows * kColumns, std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(finder.find(none, kRows, kColumns, {330, 200}).empty());
  EXPECT_TRUE(finder.find(unknown, kRows, kColumns, {330, 200}).empty());
  const auto boxes = finder.find(all, kRows, kColumns, {330, 200});
  ASSERT_EQ(boxes.size(), 1u);
  EXPECT_EQ(boxes[0].corners[0], (Point{0, 0}));
  EXPECT_EQ(boxes[0].corners[2], (Point{329, 199}));
  // Of one pixel.
  EXPECT_TRUE(finder.find(std::vector<float>{1.0F}, 1, 1, {5, 5}).empty());
}

/// A box of a size.
TextBox box_of(double width, double height) {
  return {{{{0, 0}, {width, 0}, {width, height}, {0, height}}}, 0};
}

TEST(LineBatches, AreNeighboursByShape) {
  const std::vector<TextBox> boxes = {box_of(400, 20), box_of(20, 200), box_of(100, 30),
                                      box_of(900, 25), box_of(300, 30), box_of(0, 0)};
  pplcnet::LineBatches batches;
  const auto widths_in = [&](std::size_t batch) {
    const auto widths = batches.widths(boxes, batch);
    return std::vector<int>(widths.begin(), widths.end());
  };
  EXPECT_EQ(widths_in(1), (std::vector<int>{960, 480, 320, 1728, 480, 320}));
  EXPECT_EQ(widths_in(2), (std::vector<int>{1728, 480, 320, 1728, 480, 320}));
  EXPECT_EQ(widths_in(5), (std::vector<int>{960, 960, 960, 1728, 960, 960}));
  EXPECT_EQ(widths_in(6), (std::vector<int>(6, 1728)));
  EXPECT_TRUE(batches.widths({}, 6).empty());
}

TEST(TextBoxes, SmallestRectangleOfFewPoints) {
  const std::vector<Point> one = {{3, 4}}, two = {{1, 1}, {4, 5}};
  EXPECT_EQ(pplcnet::smallest_rectangle(one).short_side, 0);
  EXPECT_EQ(pplcnet::smallest_rectangle(one).corners[2], (Point{3, 4}));
  EXPECT_NEAR(pplcnet::smallest_rectangle(two).short_side, 0, 1e-9);
  EXPECT_EQ(pplcnet::smallest_rectangle({}).short_side, 0);
}

}  // namespace
}  // namespace pplcnet_test::text_boxes_test
