// Average precision: the twelve numbers of pycocotools for made-up pictures, and plain cases whose
// numbers are known.
#include "pplcnet/detect/average_precision.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace pplcnet_test::average_precision_test {
namespace {

using pplcnet::AnnotatedObject;
using pplcnet::AveragePrecision;
using pplcnet::CocoMeasure;
using pplcnet::CocoResult;
using pplcnet::Detection;
using pplcnet::kCocoMeasures;

/// Whole numbers, the same everywhere.
class Numbers {
 public:
  int below(int limit) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<int>((state_ >> 33U) % static_cast<std::uint64_t>(limit));
  }

 private:
  std::uint64_t state_ = 2021;
};

struct Scene {
  std::vector<AnnotatedObject> objects;
  std::vector<Detection> detections;
};

constexpr int kPictures = 200, kClasses = 7;

AnnotatedObject make_object(Numbers& numbers) {
  AnnotatedObject object;
  object.class_id = numbers.below(5);
  const int kind = numbers.below(5);
  const std::array<int, 5> least = {1, 10, 32, 60, 96}, range = {9, 25, 1, 37, 400};
  const auto index = static_cast<std::size_t>(kind);
  object.width = least[index] + numbers.below(range[index]);
  object.height = least[index] + numbers.below(range[index]);
  object.x = 0.25 * numbers.below(1600);
  object.y = 0.25 * numbers.below(1200);
  object.is_crowd = numbers.below(8) == 0;
  object.area = object.width * object.height * (numbers.below(4) == 0 ? 0.5 : 1);
  return object;
}

/// Returns a detection near an object: moved, of half or three quarters of its width, or of a
/// quarter of its sides.
Detection detect(const AnnotatedObject& object, Numbers& numbers) {
  const int kind = numbers.below(6);
  double x = object.x, y = object.y, width = object.width, height = object.height;
  if (kind == 1) width *= 0.5;
  if (kind == 2) width *= 0.75;
  if (kind == 3) {
    width *= 0.25;
    height *= 0.25;
  }
  if (kind > 3) {
    x += object.width * (numbers.below(17) - 8) / 64;
    y += object.height * (numbers.below(17) - 8) / 64;
  }
  const int class_id = numbers.below(8) == 0 ? numbers.below(6) : object.class_id;
  const auto score = static_cast<float>(1 + numbers.below(63)) / 64;
  return {class_id,
          score,
          {static_cast<float>(x), static_cast<float>(y), static_cast<float>(x + width),
           static_cast<float>(y + height)}};
}

/// Returns a made-up picture: every twelfth has no detections, another no objects, a third neither;
/// some have very many detections, one more than count. Scores are few, so that many are equal.
Scene make_scene(int picture, Numbers& numbers) {
  Scene scene;
  const int objects = numbers.below(9);
  for (int i = 0; i < objects; ++i) {
    const AnnotatedObject object = make_object(numbers);
    const int found = numbers.below(picture % 12 == 5 ? 40 : 4);
    for (int k = 0; k < found; ++k) scene.detections.push_back(detect(object, numbers));
    scene.objects.push_back(object);
  }
  const int wrong = picture == 7 ? 150 : numbers.below(5);
  for (int k = 0; k < wrong; ++k) {
    AnnotatedObject nothing = make_object(numbers);
    if (picture == 7) nothing.class_id = 0;
    scene.detections.push_back(detect(nothing, numbers));
  }
  if (picture % 12 == 0 || picture % 12 == 2) scene.detections.clear();
  if (picture % 12 == 1 || picture % 12 == 2) scene.objects.clear();
  return scene;
}

double number(const CocoResult& result, const std::string& name) {
  for (const CocoMeasure& measure : kCocoMeasures)
    if (measure.name == name) return result[measure];
  ADD_FAILURE() << name;
  return 0;
}

CocoResult result_of(const Scene& scene, int classes = 2) {
  AveragePrecision precision(classes);
  precision.add(scene.objects, scene.detections);
  return precision.result();
}

/// A square with sides of 40 pixels, which is a medium object.
AnnotatedObject square(double x, int class_id = 0) {
  return {.class_id = class_id, .x = x, .y = 0, .width = 40, .height = 40, .area = 1600};
}
Detection found(float x, float score, int class_id = 0) {
  return {class_id, score, {x, 0, x + 40, 40}};
}

TEST(AveragePrecision, HasTheNumbersOfPycocotools) {
  // By the steps of COCOeval, written with numpy and run on the same boxes.
  constexpr std::array<double, 12> kExpected = {0.107588241096, 0.201595009032, 0.123460311230,
                                                0.121595907660, 0.148690974620, 0.097670516590,
                                                0.192314448361, 0.421806845351, 0.434506899821,
                                                0.453021785694, 0.437884476808, 0.344178376327};
  AveragePrecision precision(kClasses);
  Numbers numbers;
  for (int picture = 0; picture < kPictures; ++picture) {
    const Scene scene = make_scene(picture, numbers);
    precision.add(scene.objects, scene.detections);
  }
  const CocoResult result = precision.result();
  for (std::size_t i = 0; i < kExpected.size(); ++i)
    EXPECT_NEAR(result[kCocoMeasures[i]], kExpected[i], 1e-9) << kCocoMeasures[i].name;
}

TEST(AveragePrecision, IsOneWhereAllIsFoundAndMinusOneWhereNothingIs) {
  const CocoResult result = result_of({{square(0), square(100)}, {found(0, 1), found(100, 0.5F)}});
  EXPECT_DOUBLE_EQ(number(result, "AP"), 1);
  EXPECT_DOUBLE_EQ(number(result, "AR_1"), 0.5);
  EXPECT_DOUBLE_EQ(number(result, "AR_10"), 1);
  EXPECT_DOUBLE_EQ(number(result, "AP_medium"), 1);
  EXPECT_EQ(number(result, "AP_small"), -1);
  EXPECT_EQ(number(result, "AR_large"), -1);
  EXPECT_EQ(result.classes[1][kCocoMeasures[0]], -1);
  for (const CocoMeasure& measure : kCocoMeasures) {
    EXPECT_EQ(result_of({})[measure], -1);
    EXPECT_EQ(result_of({{}, {found(0, 1)}})[measure], -1);
    EXPECT_EQ(result_of({}, 0)[measure], -1);
  }
  EXPECT_EQ(number(result_of({{square(0)}, {}}), "AP"), 0);
  EXPECT_EQ(number(result_of({{square(0)}, {}}), "AR_100"), 0);
}

TEST(AveragePrecision, FallsWithAWrongDetectionBeforeARightOne) {
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {found(0, 1), found(500, 0.5F)}}), "AP"), 1);
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {found(0, 0.5F), found(500, 1)}}), "AP"), 0.5);
  // Equal scores stay in their order, in a picture and among pictures.
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {found(500, 1), found(0, 1)}}), "AP"), 0.5);
  AveragePrecision precision(1);
  precision.add({}, std::vector{found(0, 1)});
  precision.add(std::vector{square(0)}, std::vector{found(0, 1)});
  EXPECT_DOUBLE_EQ(number(precision.result(), "AP"), 0.5);
}

TEST(AveragePrecision, TakesAnObjectOnce) {
  const CocoResult result =
      result_of({{square(0), square(500)}, {found(0, 1), found(0, 0.9F), found(500, 0.8F)}});
  EXPECT_NEAR(number(result, "AP"), (51 + 50 * 2.0 / 3) / 101, 1e-12);
}

TEST(AveragePrecision, MatchesFromAThresholdOn) {
  // A half and three quarters of an object.
  const Detection half = {0, 1, {0, 0, 20, 40}}, most = {0, 1, {0, 0, 30, 40}};
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {half}}), "AP"), 0.1);
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {half}}), "AP50"), 1);
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {most}}), "AP75"), 1);
  EXPECT_DOUBLE_EQ(number(result_of({{square(0)}, {most}}), "AR_100"), 0.6);
}

TEST(AveragePrecision, NeitherRewardsNorPunishesWhatIsFoundInACrowd) {
  AnnotatedObject crowd = square(1000);
  crowd.width = 400;
  crowd.is_crowd = true;
  Scene scene = {{crowd, square(0)}, {found(0, 0.5F)}};
  for (int i = 0; i < 9; ++i)
    scene.detections.push_back(found(1000 + 40 * static_cast<float>(i), 1));
  EXPECT_DOUBLE_EQ(number(result_of(scene), "AP"), 1);
  EXPECT_EQ(result_of(scene).classes[0].sizes[0].objects, 1U);
  scene.objects.pop_back();
  EXPECT_EQ(number(result_of(scene), "AP"), -1);
}

TEST(AveragePrecision, CountsTheBestHundredOfAPictureAndClass) {
  Scene scene = {{square(0)}, {}};
  for (int i = 0; i < 100; ++i) scene.detections.push_back(found(500, 1));
  scene.detections.push_back(found(0, 0.5F));
  EXPECT_EQ(number(result_of(scene), "AR_100"), 0);
  scene.detections.erase(scene.detections.begin());
  EXPECT_EQ(number(result_of(scene), "AR_100"), 1);
  EXPECT_EQ(number(result_of(scene), "AR_10"), 0);
  EXPECT_DOUBLE_EQ(number(result_of(scene), "AP"), 0.01);
}

TEST(AveragePrecision, PassesOverClassesThatThereAreNotAndNumbersThatAreNone) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const Scene scene = {
      {square(0), square(0, 9)},
      {found(0, kNan), found(kNan, 0.9F), found(0, 0.5F), found(0, 1, -1), found(0, 1, 9)}};
  EXPECT_DOUBLE_EQ(number(result_of(scene), "AP"), 0.5);
  EXPECT_EQ(number(result_of({{square(0)}, {{0, 1, {40, 40, 0, 0}}}}), "AP"), 0);
}

}  // namespace
}  // namespace pplcnet_test::average_precision_test
