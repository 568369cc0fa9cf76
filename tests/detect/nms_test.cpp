// Non-maximum suppression against a plain implementation of Paddle's multiclass_nms3, on made-up
// pictures: equal scores, nothing, everything in one place, ten thousand candidates, not-a-numbers.
#include "pplcnet/detect/nms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace pplcnet_test::nms_test {
namespace {

using pplcnet::Box;
using pplcnet::Detection;
using pplcnet::MulticlassNms;
using pplcnet::NmsOptions;

/// What a detector sees in a picture.
struct Scene {
  int classes = 1;
  std::vector<Box> boxes;
  std::vector<float> scores;  // [classes][boxes]

  float score(int class_id, std::size_t anchor) const {
    return scores[static_cast<std::size_t>(class_id) * boxes.size() + anchor];
  }
};

float overlap(const Box& a, const Box& b) {
  if (b.x1 > a.x2 || b.x2 < a.x1 || b.y1 > a.y2 || b.y2 < a.y1) return 0;
  const auto area = [](const Box& box) {
    return box.x2 < box.x1 || box.y2 < box.y1 ? 0 : (box.x2 - box.x1) * (box.y2 - box.y1);
  };
  const float common =
      (std::min(a.x2, b.x2) - std::max(a.x1, b.x1)) * (std::min(a.y2, b.y2) - std::max(a.y1, b.y1));
  return common / (area(a) + area(b) - common);
}

/// The steps of Paddle's kernel, one after the other.
std::vector<Detection> plain_nms(const Scene& scene, const NmsOptions& options) {
  std::vector<Detection> all;  // class-major
  for (int class_id = 0; class_id < scene.classes; ++class_id) {
    std::vector<std::pair<float, std::size_t>> candidates;
    for (std::size_t anchor = 0; anchor < scene.boxes.size(); ++anchor)
      if (const float score = scene.score(class_id, anchor); score > options.score_threshold)
        candidates.emplace_back(score, anchor);
    std::ranges::stable_sort(candidates, std::greater<>(), &std::pair<float, std::size_t>::first);
    if (candidates.size() > static_cast<std::size_t>(options.top_k))
      candidates.resize(static_cast<std::size_t>(options.top_k));
    std::vector<std::size_t> kept;
    for (const auto& [score, anchor] : candidates) {
      bool keep = true;
      for (const std::size_t other : kept)
        keep = keep && overlap(scene.boxes[anchor], scene.boxes[other]) <= options.iou_threshold;
      if (!keep) continue;
      kept.push_back(anchor);
      all.push_back({class_id, score, scene.boxes[anchor]});
    }
  }
  if (all.size() > static_cast<std::size_t>(options.keep)) {
    std::ranges::stable_sort(all, std::greater<>(), &Detection::score);
    all.resize(static_cast<std::size_t>(options.keep));
    std::ranges::stable_sort(all, std::less<>(), &Detection::class_id);
  }
  return all;
}

std::vector<Detection> own_nms(MulticlassNms& nms, const Scene& scene) {
  nms.clear();
  for (int class_id = 0; class_id < scene.classes; ++class_id) {
    nms.begin(class_id);
    // In two parts, as from two levels.
    const std::size_t count = scene.boxes.size(), half = count / 2;
    const std::span row =
        std::span(scene.scores).subspan(static_cast<std::size_t>(class_id) * count, count);
    nms.offer(0, row.first(half));
    nms.offer(static_cast<int>(half), row.subspan(half));
    nms.end([&](int anchor) { return scene.boxes[static_cast<std::size_t>(anchor)]; });
  }
  const auto found = nms.detections();
  return {found.begin(), found.end()};
}

enum class Kind { usual, ties, nothing, one_place, many, no_numbers, kinds };

Scene scene_of(Kind kind, unsigned seed) {
  std::mt19937 random(seed);
  const auto number = [&](double least, double most) {
    return static_cast<float>(least +
                              (most - least) * (static_cast<double>(random()) / 4294967296.0));
  };
  Scene scene;
  scene.classes = kind == Kind::many ? 3 : 1 + static_cast<int>(random() % 12);
  const std::size_t count = kind == Kind::many ? 10'000 : 1 + random() % 600;
  for (std::size_t i = 0; i < count; ++i) {
    const float x = kind == Kind::one_place ? 50 + number(0, 1) : number(-10, 400);
    const float y = kind == Kind::one_place ? 60 + number(0, 1) : number(-10, 400);
    // Some are turned inside out, or have no area.
    scene.boxes.push_back({x, y, x + number(-2, 120), y + (i % 50 == 0 ? 0 : number(-2, 120))});
  }
  for (std::size_t i = 0; i < count * static_cast<std::size_t>(scene.classes); ++i) {
    float score = number(0, 1);
    score = score * score * score;
    if (kind == Kind::ties) score = static_cast<float>(static_cast<int>(score * 16)) / 16;
    if (kind == Kind::nothing) score *= 0.025F;
    if (kind == Kind::no_numbers && random() % 3 == 0)
      score = std::numeric_limits<float>::quiet_NaN();
    scene.scores.push_back(score);
  }
  return scene;
}

TEST(MulticlassNms, FindsWhatPaddleFinds) {
  std::size_t detections = 0, full = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    const auto kind = static_cast<Kind>(seed % static_cast<unsigned>(Kind::kinds));
    const Scene scene = scene_of(kind, seed);
    for (const NmsOptions& options :
         {NmsOptions{}, NmsOptions{.score_threshold = 0.3F, .iou_threshold = 0.3F, .top_k = 20},
          NmsOptions{.keep = 7}, NmsOptions{.keep = 100'000}}) {
      const std::vector<Detection> expected = plain_nms(scene, options);
      MulticlassNms nms(static_cast<int>(scene.boxes.size()), options);
      ASSERT_EQ(own_nms(nms, scene), expected) << "picture " << seed;
      ASSERT_EQ(own_nms(nms, scene), expected) << "the same again, picture " << seed;
      detections += expected.size();
      full += expected.size() == static_cast<std::size_t>(options.keep) ? 1 : 0;
      EXPECT_TRUE(kind != Kind::nothing || expected.empty());
    }
  }
  EXPECT_GT(detections, 20'000U);
  EXPECT_GT(full, 100U);
}

TEST(MulticlassNms, EqualScoresKeepTheOrderOfAnchorsAndClasses) {
  Scene scene;
  scene.classes = 2;
  scene.boxes = {{0, 0, 10, 10}, {0, 0, 10, 10}, {20, 0, 30, 10}};
  scene.scores = {0.5F, 0.5F, 0.5F, 0.25F, 0.5F, 0.5F};
  MulticlassNms nms(3, {.keep = 3});
  const std::vector<Detection> expected = {
      {0, 0.5F, scene.boxes[0]}, {0, 0.5F, scene.boxes[2]}, {1, 0.5F, scene.boxes[1]}};
  EXPECT_EQ(own_nms(nms, scene), expected);
}

// A score must be above the threshold, an overlap too.
TEST(MulticlassNms, ThresholdsAreStrict) {
  Scene scene;
  scene.boxes = {{0, 0, 4, 4}, {0, 0, 4, 2}, {8, 8, 9, 9}};
  scene.scores = {0.75F, 0.5F, 0.25F};
  MulticlassNms half(3, {.score_threshold = 0.25F, .iou_threshold = 0.5F});
  EXPECT_EQ(own_nms(half, scene).size(), 2U);
  MulticlassNms less(3, {.score_threshold = 0.25F, .iou_threshold = 0.49F});
  EXPECT_EQ(own_nms(less, scene).size(), 1U);
}

// As weights that are too large give them.
TEST(MulticlassNms, BoxesWithoutNumbersAreNoAnswers) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
  Scene scene;
  scene.boxes = {{0, kUnknown, 4, 4}, {0, 0, 4, kInfinity}, {8, 8, 9, 9}, {-kInfinity, 0, 9, 9}};
  scene.scores = {0.9F, 0.8F, 0.7F, 0.6F};
  MulticlassNms nms(4, {});
  const std::vector<Detection> found = own_nms(nms, scene);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].box, scene.boxes[2]);
}

TEST(MulticlassNms, NothingGivesNothing) {
  MulticlassNms none(0, {}), no_room(3, {.keep = 0});
  EXPECT_TRUE(own_nms(none, {}).empty());
  Scene scene;
  scene.boxes = {{0, 0, 4, 4}, {0, 0, 4, 2}, {8, 8, 9, 9}};
  scene.scores = {0.75F, 0.5F, 0.25F};
  EXPECT_TRUE(own_nms(no_room, scene).empty());
}

}  // namespace
}  // namespace pplcnet_test::nms_test
