// Where labels are drawn.
#include "label_places.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace pplcnet_test {
namespace {

using pplcnet::Pixel;

constexpr pplcnet::ImageSize kCanvas = {400, 300}, kLabel = {60, 20};

/// Above a frame, inside of it at its top, below.
std::vector<Pixel> wishes_of(const Frame& frame) {
  return {
      {frame.left, frame.top - kLabel.height}, {frame.left, frame.top}, {frame.left, frame.bottom}};
}

bool is_at(const Frame& label, int left, int top) {
  return label.left == left && label.top == top && label.right == left + kLabel.width &&
         label.bottom == top + kLabel.height;
}

TEST(LabelPlaces, TheBestWishIsTakenIfItHidesNothing) {
  const std::vector<Frame> frames = {{50, 60, 200, 160}, {220, 60, 300, 160}};
  LabelPlaces places(kCanvas, frames);
  EXPECT_TRUE(is_at(places.place(kLabel, wishes_of(frames[0])), 50, 40));
  EXPECT_TRUE(is_at(places.place(kLabel, wishes_of(frames[1])), 220, 40));
}

TEST(LabelPlaces, LabelsOfOneFrameDoNotHideEachOther) {
  const std::vector<Frame> frames(3, {50, 60, 200, 160});
  LabelPlaces places(kCanvas, frames);
  std::vector<Frame> labels;
  for (const Frame& frame : frames) labels.push_back(places.place(kLabel, wishes_of(frame)));
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (std::size_t k = 0; k < i; ++k) EXPECT_EQ((labels[i] & labels[k]).area(), 0) << i << k;
}

TEST(LabelPlaces, SmallFramesStayVisible) {
  const std::vector<Frame> frames = {{100, 100, 150, 115}, {100, 80, 150, 99}};
  LabelPlaces places(kCanvas, frames);
  // Above is the other one, inside this one.
  EXPECT_TRUE(is_at(places.place(kLabel, wishes_of(frames[0])), 100, 115));
}

TEST(LabelPlaces, LabelsStayOnTheCanvas) {
  const std::vector<Frame> frames = {{380, 0, 400, 300}};
  LabelPlaces places(kCanvas, frames);
  EXPECT_TRUE(is_at(places.place(kLabel, wishes_of(frames[0])), 340, 0));
  const Frame wide = places.place({500, 20}, wishes_of(frames[0]));
  EXPECT_EQ(wide.left, 0);  // it does not fit
}

TEST(LabelPlaces, ManyLabelsTakeLittleTime) {
  const std::vector<Frame> frames(10000, {0, 0, 400, 300});
  LabelPlaces places(kCanvas, frames);
  for (const Frame& frame : frames) {
    const Frame label = places.place(kLabel, wishes_of(frame));
    ASSERT_GE(label.top, 0);
    ASSERT_LE(label.bottom, kCanvas.height);
  }
}

}  // namespace
}  // namespace pplcnet_test
