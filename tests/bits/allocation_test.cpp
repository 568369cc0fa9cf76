// Nothing is allocated once weights are loaded: malloc itself counts, for all threads.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bits/allocations.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/detector.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/deeplab_v3p.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/networks/picodet.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/segmenter.hpp"
#include "pplcnet/text_reader.hpp"
#include "published_graphs.hpp"
#include "synthetic_weights.hpp"
#include "threads.hpp"

namespace {

using pplcnet::PPLCNet;
using pplcnet::PPLCNetV2;
using pplcnet::PPLCNetV3;
using pplcnet::PPLCNetV4;
using pplcnet::Scale;
using pplcnet::Size;
using pplcnet::V2;
using pplcnet::V3;
using pplcnet::V4;
using pplcnet_test::allocations_in;
using pplcnet_test::kCounted;

class Allocation : public testing::Test {
  void SetUp() override {
    if (!kCounted) GTEST_SKIP() << "malloc cannot be counted here";
  }
};

TEST_F(Allocation, IsSeen) {
  constexpr std::align_val_t kAlignment{64};
  EXPECT_EQ(allocations_in([] { operator delete(operator new(1)); }), 1);
  EXPECT_EQ(allocations_in([] { operator delete(operator new(64, kAlignment), kAlignment); }), 1);
  pplcnet_test::Threads threads(2);
  const auto allocate = [](int) { operator delete(operator new(1)); };
  EXPECT_EQ(allocations_in([&] { threads(2, pplcnet::Task(allocate)); }), 2);
}

template <class Net>
class NoAllocation : public Allocation {};

using Nets =
    testing::Types<PPLCNet<Scale::x0_25>, PPLCNet<Scale::x0_35>, PPLCNet<Scale::x0_5>,
                   PPLCNet<Scale::x0_75>, PPLCNet<Scale::x1_0>, PPLCNet<Scale::x1_5>,
                   PPLCNet<Scale::x2_0>, PPLCNet<Scale::x2_5>, PPLCNetV2<V2::base>,
                   PPLCNetV3<Scale::x0_75, V3::detection>, PPLCNetV4<Size::small, V4::recognition>>;
struct NetName {
  template <class Net>
  static std::string GetName(int) {
    return std::string(Net::traits.name);
  }
};
TYPED_TEST_SUITE(NoAllocation, Nets, NetName);

TYPED_TEST(NoAllocation, InForwardBatchAndFeatures) {
  using Net = TypeParam;
  constexpr std::size_t kBatch = 3;
  const auto weights = std::make_unique<typename Net::Weights>();
  const auto workspace = std::make_unique<typename Net::template ParallelWorkspace<2>>();
  const std::vector<float> images(kBatch * Net::input_size);
  const typename Net::Image image(images.data(), Net::input_size);
  std::vector<float> logits(kBatch * Net::classes), stage(Net::stage_shape(0).size());
  typename Net::Logits first;
  typename Net::Features requested;
  requested.stages[0] = stage.data();
  requested.logits = first.data();
  std::vector<float> last(Net::output_shape(Net::output_count - 1).size());
  requested.outputs[Net::output_count - 1] = last.data();

  for (const int count : {1, 2}) {
    pplcnet_test::Threads threads(count);
    const pplcnet::RunOptions options = {.executor = threads.executor()};
    EXPECT_EQ(allocations_in([&] {
                Net::features(*weights, image, *workspace, requested, options);
                if constexpr (Net::classes > 0) {
                  Net::forward(*weights, image, *workspace, first, options);
                  Net::template forward_batch<kBatch>(
                      *weights, std::span<const float, kBatch * Net::input_size>(images),
                      *workspace, std::span<float, kBatch * Net::classes>(logits), options);
                }
              }),
              0)
        << count << " threads";
  }
}

constexpr pplcnet::Graph small_deeplab() {
  return pplcnet::deeplab_v3p(Scale::x0_25, {.classes = 3, .input = {64, 96}});
}

/// From pictures of any size, one larger than those before it, to masks.
TEST_F(Allocation, NoneInASegmenter) {
  using Net = pplcnet::Network<small_deeplab>;
  const auto weights = std::make_unique<Net::Weights>();
  pplcnet::Segmenter<Net, 2> segmenter;
  segmenter.view(*weights);
  const std::vector<std::uint8_t> pixels(3 * 300 * 200);
  std::vector<std::uint8_t> mask(300 * 200);
  for (const int count : {1, 2}) {
    pplcnet_test::Threads threads(count);
    for (const pplcnet::Extent size : {pplcnet::Extent{64, 96}, {7, 31}, {200, 300}})
      EXPECT_EQ(
          allocations_in([&] {
            const pplcnet::ImageView image(pixels.data(), size.width, size.height,
                                           pplcnet::PixelFormat::rgb);
            EXPECT_FALSE(segmenter.segment(
                image, std::span(mask).first(static_cast<std::size_t>(size.width * size.height)),
                {.executor = threads.executor()}));
          }),
          0)
          << size.width << " x " << size.height << ", " << count << " threads";
  }
}

constexpr pplcnet::Graph small_detector() { return pplcnet::picodet_lcnet({35, {64, 96}, 3}); }

TEST_F(Allocation, NoneInDetectors) {
  using Net = pplcnet::Network<small_detector>;
  const auto weights = std::make_unique<Net::Weights>();
  pplcnet::Detector<Net, 2> detector({.score_threshold = 0.1F});
  detector.view(*weights);
  const std::vector<std::uint8_t> pixels(std::size_t{300} * 200 * 3, 99);
  for (const int count : {1, 2}) {
    pplcnet_test::Threads threads(count);
    std::size_t found = 0;
    EXPECT_EQ(allocations_in([&] {
                for (const auto& [width, height] : {std::pair(300, 200), {20, 30}, {96, 64}})
                  found += detector
                               .detect({pixels.data(), width, height, pplcnet::PixelFormat::rgb},
                                       {.executor = threads.executor()})
                               ->size();
              }),
              0)
        << count << " threads";
    EXPECT_GT(found, 0U);
  }
}

/// A text network with weights that are not zero.
pplcnet::TextNetwork text_network(pplcnet::Graph (*graph)(const pplcnet::WidthOptions&),
                                  const pplcnet::WidthOptions& options) {
  pplcnet::AnyNetwork network(*std::make_unique<pplcnet::Graph>(graph(options)));
  for (const pplcnet::Layer& layer : network.layers())
    if (layer.owns_weights())
      pplcnet::pack(layer, pplcnet_test::synthetic_parameters(layer), network.weights());
  return {std::move(network), graph, options};
}

/// From pictures of any size up to the largest one to texts, of a reader and of its copy.
TEST_F(Allocation, NoneInTextReaders) {
  pplcnet::Dictionary dictionary;
  ASSERT_FALSE(pplcnet::Dictionary::parse("a\nbcd\n", "d.txt", dictionary));
  pplcnet::TextNetworks networks = {
      text_network(pplcnet::ocr_detection, {.width = 75, .input = {64, 64}}),
      text_network(pplcnet::ocr_recognition, {.width = 95, .input = {48, 320}, .classes = 4}),
      dictionary};
  networks.orientation.emplace(*std::make_unique<pplcnet::Graph>(
      pplcnet::pplcnet_v1(Scale::x0_25, {.classes = 2, .input = {80, 160}})));
  pplcnet::TextReaderOptions options = {.longest_side = 160,
                                        .least_score = 0,
                                        .widest_line = 640,
                                        .threads = 2,
                                        .largest_picture = {500, 400}};
  options.boxes.threshold = 0.5F;
  options.boxes.box_threshold = 0;
  options.boxes.most = 12;
  std::optional<pplcnet::TextReader> reader;
  ASSERT_STREQ(pplcnet::TextReader::make(networks, options, reader).message(), "");
  options.largest_picture = {};
  options.threads = 1;
  std::optional<pplcnet::TextReader> growing;
  ASSERT_STREQ(pplcnet::TextReader::make(networks, options, growing).message(), "");
  pplcnet::TextReader copy = *reader;
  std::vector<std::uint8_t> pixels(std::size_t{500} * 400 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i / 40 % 7 * 36);
  std::size_t found = 0;
  for (const auto& [width, height] : {std::pair(31, 7),
                                      {300, 200},
                                      {500, 400},
                                      {1, 400},
                                      {500, 1},
                                      {97, 333},
                                      {20, 30},
                                      {64, 64}}) {
    const pplcnet::ImageView picture(pixels.data(), width, height, pplcnet::PixelFormat::rgb);
    std::span<const pplcnet::TextLine> lines, expected;
    ASSERT_FALSE(growing->read(picture, expected));
    for (pplcnet::TextReader* const one : {&*reader, &copy}) {
      pplcnet_test::Threads threads(one == &copy ? 2 : 1);
      EXPECT_EQ(allocations_in([&] {
                  EXPECT_FALSE(one->read(picture, lines, {.executor = threads.executor()}));
                }),
                0)
          << width << " x " << height;
      ASSERT_EQ(lines.size(), expected.size());
      for (std::size_t i = 0; i < lines.size(); ++i) {
        EXPECT_EQ(lines[i].text, expected[i].text);
        EXPECT_EQ(lines[i].score, expected[i].score);
      }
    }
    found += lines.size();
  }
  EXPECT_GT(found, 12U);
  std::span<const pplcnet::TextLine> lines;
  EXPECT_STREQ(reader->read({pixels.data(), 400, 401, pplcnet::PixelFormat::rgb}, lines).message(),
               "the picture has 400 x 401 pixels, expected at most 500 x 400");
}

/// Networks that are functions.
TEST_F(Allocation, NoneInAnyNetwork) {
  for (const pplcnet_test::PublishedGraph& published : pplcnet_test::kPublishedGraphs) {
    std::optional<pplcnet::AnyNetwork> network;
    ASSERT_FALSE(pplcnet::AnyNetwork::make(published.graph(), /*threads=*/2, network));
    const pplcnet::Shape shape = network->input_shape();
    const std::vector<float> image(static_cast<std::size_t>(shape.size()));
    const int result = network->plan().outputs[0];
    const pplcnet::Layer& layer = network->layers()[static_cast<std::size_t>(result)];
    std::vector<float> values(static_cast<std::size_t>(layer.output.size()));
    for (const int count : {1, 2}) {
      pplcnet_test::Threads threads(count);
      EXPECT_EQ(allocations_in([&] {
                  network->run(pplcnet::Picture::planar(image.data(), shape), result, values,
                               {.executor = threads.executor()});
                }),
                0)
          << network->traits().name << ", " << count << " threads";
    }
  }
}

}  // namespace
