// From a picture to a mask of its size, against a plain loop; IoU of masks.
#include "pplcnet/segmenter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/image/confusion_matrix.hpp"
#include "pplcnet/models/segmentation.hpp"
#include "pplcnet/pplcnet.hpp"
#include "threads.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::segmenter_test {
namespace {

using pplcnet::argmax_rows;
using pplcnet::ConfusionMatrix;
using pplcnet::ImageView;
using pplcnet::PixelFormat;
using pplcnet::ScoreMaps;
using pplcnet::Segmenter;
using Mask = std::vector<std::uint8_t>;

constexpr pplcnet::Graph small_deeplab() {
  return pplcnet::deeplab_v3p(pplcnet::Scale::x0_25, {.classes = 5, .input = {64, 96}});
}
using Net = pplcnet::Network<small_deeplab>;

/// Numbers that are the same everywhere.
class Noise {
 public:
  std::uint32_t next() { return state_ = state_ * 1664525U + 1013904223U; }
  std::uint8_t byte() { return static_cast<std::uint8_t>(next() >> 24); }

 private:
  std::uint32_t state_ = 1;
};

Mask noise(std::size_t size, int values = 256) {
  Noise source;
  Mask bytes(size);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(source.byte() % values);
  return bytes;
}

/// What a class scores at a pixel of a picture of any size, in double precision.
double score_at(const ScoreMaps& scores, int class_id, double y, double x) {
  const int row = static_cast<int>(y), column = static_cast<int>(x);
  const auto at = [&](int i, int j) {
    return double{
        scores.row(class_id, std::min(i, scores.height - 1))[std::min(j, scores.width - 1)]};
  };
  const double v = y - row, u = x - column;
  return (1 - v) * ((1 - u) * at(row, column) + u * at(row, column + 1)) +
         v * ((1 - u) * at(row + 1, column) + u * at(row + 1, column + 1));
}

/// Of each pixel the class of the highest score, as long as no other one is as high but for
/// rounding.
void expect_mask_of(const ScoreMaps& scores, int width, int height, const Mask& mask) {
  for (int i = 0; i < height; ++i)
    for (int j = 0; j < width; ++j) {
      const double y = std::max((i + 0.5) * scores.height / height - 0.5, 0.0);
      const double x = std::max((j + 0.5) * scores.width / width - 0.5, 0.0);
      int best = 0;
      for (int c = 1; c < scores.classes; ++c)
        if (score_at(scores, c, y, x) > score_at(scores, best, y, x)) best = c;
      const int found = mask[static_cast<std::size_t>(i * width + j)];
      ASSERT_LT(found, scores.classes);
      if (found == best) continue;
      ASSERT_NEAR(score_at(scores, found, y, x), score_at(scores, best, y, x), 1e-5)
          << "pixel " << i << ", " << j;
    }
}

TEST(MaskTest, IsThatOfAPlainLoop) {
  constexpr int kClasses = 4, kHeight = 9, kWidth = 13;
  Noise source;
  std::vector<float> values(kClasses * kHeight * kWidth);
  for (float& value : values) value = static_cast<float>(source.byte()) / 64 - 2;
  const ScoreMaps scores = {values.data(), kClasses, kHeight, kWidth};
  std::vector<float> line(kWidth);
  for (const auto& [width, height] : {std::pair(13, 9), std::pair(600, 31), std::pair(1, 1),
                                      std::pair(5, 40), std::pair(257, 2), std::pair(12, 8)}) {
    Mask mask(static_cast<std::size_t>(width * height), 77), parts = mask;
    argmax_rows(scores, {width, height}, 0, height, line, mask.data());
    expect_mask_of(scores, width, height, mask);
    argmax_rows(scores, {width, height}, height / 2, height, line, parts.data());
    argmax_rows(scores, {width, height}, 0, height / 2, line, parts.data());
    EXPECT_EQ(mask, parts);
  }
}

TEST(MaskTest, TheFirstOfEqualsIsTaken) {
  const std::vector<float> values = {1, 1, 2, 1, 2, 2, 0, 2};  // [4 classes][1][2]
  std::vector<float> line(2);
  Mask mask(2);
  argmax_rows({values.data(), 4, 1, 2}, {2, 1}, 0, 1, line, mask.data());
  EXPECT_EQ(mask, (Mask{1, 2}));
  const std::vector<float> nothing(8, NAN);
  argmax_rows({nothing.data(), 4, 1, 2}, {2, 1}, 0, 1, line, mask.data());
  EXPECT_EQ(mask, (Mask{0, 0}));
}

class SegmenterTest : public testing::Test {
 protected:
  static constexpr int kWidth = 150, kHeight = 70, kPadding = 9;  // bytes after a row

  std::unique_ptr<Net::Weights> weights = synthetic_weights<Net>();
  Mask pixels = noise(static_cast<std::size_t>((3 * kWidth + kPadding) * kHeight));
  ImageView image = {pixels.data(), kWidth, kHeight, PixelFormat::bgr, 3 * kWidth + kPadding};
  Mask mask = Mask(static_cast<std::size_t>(kWidth * kHeight));
};

TEST_F(SegmenterTest, PreparesPicturesAsPaddleSegDoes) {
  Segmenter<Net> segmenter;
  segmenter.view(*weights);
  EXPECT_EQ(segmenter.preprocessing().name, "paddle_seg");
  ASSERT_STREQ(segmenter.segment(image, mask).message(), "");
  EXPECT_EQ(pplcnet::normalised(segmenter.preprocessing().normalisation, 0, 0), -1);
  EXPECT_EQ(pplcnet::normalised(segmenter.preprocessing().normalisation, 1, 255), 1);

  std::vector<float> tensor(Net::input_size);
  pplcnet::PreprocessScratch scratch;
  ASSERT_TRUE(preprocess(segmenter.preprocessing(), image, tensor, scratch));
  const auto workspace = std::make_unique<Net::Workspace>();
  std::vector<float> scores(static_cast<std::size_t>(Net::output_shape(0).size()));
  Net::Features requested;
  requested.outputs[0] = scores.data();
  Net::features(*weights, Net::Image(tensor.data(), Net::input_size), *workspace, requested);
  expect_mask_of({scores.data(), 5, 64, 96}, kWidth, kHeight, mask);
  EXPECT_NE(mask, Mask(mask.size(), mask[0])) << "one class alone";
}

TEST_F(SegmenterTest, GivesTheSameMaskOnAllInstructionSetsAndThreads) {
  Segmenter<Net, 3> segmenter;
  segmenter.view(*weights);
  ASSERT_STREQ(segmenter.segment(image, mask).message(), "");
  Mask other(mask.size());
  for (const int count : {2, 3, 4}) {
    Threads threads(count);
    ASSERT_STREQ(segmenter.segment(image, other, {.executor = threads.executor()}).message(), "");
    EXPECT_EQ(other, mask) << count << " threads";
  }
  const pplcnet::Isa isa = std::min(pplcnet::Isa::avx2, pplcnet::best_isa());
  ASSERT_STREQ(segmenter.segment(image, other, {.isa = isa}).message(), "");
  EXPECT_EQ(other, mask);
  Segmenter<Net, 3> copy = segmenter;
  ASSERT_STREQ(copy.segment(image, other).message(), "");
  EXPECT_EQ(other, mask);
}

TEST_F(SegmenterTest, LoadsAFileWithItsLabels) {
  const TemporaryFolder folder;
  const std::string path = folder.file("network.safetensors");
  ASSERT_STREQ(
      pplcnet::save(path, *weights,
                    {.labels = {"a", "b", "c", "d", "e"}, .preprocessing = "paddle_direct"})
          .message(),
      "");
  Segmenter<Net> segmenter;
  ASSERT_STREQ(segmenter.load(path).message(), "");
  EXPECT_EQ(segmenter.labels().size(), 5U);
  EXPECT_EQ(segmenter.preprocessing().name, "paddle_direct");
  EXPECT_STREQ(segmenter.segment(image, mask).message(), "");
  using Published = pplcnet::segmentation::deeplabv3p_lcnet_x0_5;
  EXPECT_EQ(Segmenter<Published>().labels().at(8), "vegetation");
  EXPECT_EQ(Segmenter<Published>::classes, 19);
}

TEST_F(SegmenterTest, SaysWhatIsWrong) {
  Segmenter<Net> segmenter;
  EXPECT_STREQ(segmenter.segment(image, mask).message(), "segmenter: no weights were loaded");
  segmenter.view(*weights);
  EXPECT_STREQ(segmenter.segment({}, mask).message(), "segmenter: the picture is empty");
  EXPECT_STREQ(segmenter.segment(image, std::span(mask).first(7)).message(),
               "segmenter: expected a mask of 10500 pixels, found 7");
  EXPECT_STREQ(segmenter.set_labels({"a"}).message(), "labels: 1 labels for 5 classes");
  segmenter.set_preprocessing(pplcnet::paddle_imagenet(64, 96));
  EXPECT_STREQ(segmenter.segment(image, mask).message(),
               "segmenter: expected preprocessing to 64x96 without a crop");
}

TEST(ConfusionMatrixTest, CountsAsAPlainLoopDoes) {
  constexpr int kClasses = 6;
  Mask truth = noise(5000, kClasses), predicted = noise(6000, kClasses - 1);
  predicted.erase(predicted.begin(), predicted.begin() + 1000);
  for (std::size_t i = 0; i < truth.size(); i += 7) truth[i] = ConfusionMatrix::kIgnored;
  ConfusionMatrix matrix(kClasses);
  for (const std::size_t begin : {0U, 2500U})
    ASSERT_STREQ(
        matrix.add(std::span(truth).subspan(begin, 2500), std::span(predicted).subspan(begin, 2500))
            .message(),
        "");
  double sum = 0, right = 0, all = 0;
  for (int c = 0; c < kClasses; ++c) {
    double both = 0, either = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      if (truth[i] == 255) continue;
      both += truth[i] == c && predicted[i] == c;
      either += truth[i] == c || predicted[i] == c;
      all += c == 0;
    }
    EXPECT_DOUBLE_EQ(matrix.iou(c).value_or(-1), both / either);
    sum += both / either;
    right += both;
  }
  EXPECT_DOUBLE_EQ(matrix.mean_iou().value_or(-1), sum / kClasses);
  EXPECT_DOUBLE_EQ(matrix.accuracy().value_or(-1), right / all);
}

TEST(ConfusionMatrixTest, AClassThatThereIsNotHasNoIou) {
  ConfusionMatrix matrix(3);
  EXPECT_FALSE(matrix.mean_iou());
  EXPECT_FALSE(matrix.accuracy());
  ASSERT_STREQ(matrix.add(Mask{0, 0, 1, 255}, Mask{0, 1, 1, 2}).message(), "");
  EXPECT_DOUBLE_EQ(matrix.iou(0).value_or(-1), 0.5);
  EXPECT_DOUBLE_EQ(matrix.iou(1).value_or(-1), 0.5);
  EXPECT_FALSE(matrix.iou(2));
  EXPECT_DOUBLE_EQ(matrix.mean_iou().value_or(-1), 0.5);
}

TEST(ConfusionMatrixTest, WrongMasksAddNothing) {
  ConfusionMatrix matrix(3);
  EXPECT_STREQ(matrix.add(Mask{0}, Mask{0, 1}).message(), "mask: expected 1 pixels, found 2");
  EXPECT_STREQ(matrix.add(Mask{0, 2}, Mask{0, 3}).message(),
               "mask: pixel 1: expected one of 3 classes, found 3");
  EXPECT_FALSE(matrix.accuracy());
}

}  // namespace
}  // namespace pplcnet_test::segmenter_test
