// Whole networks in bytes on every instruction set, with and without instructions that sum four
// products, for threads and batches: all layers equal the oracle in every byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "quantise/oracle.hpp"
#include "quantise/random_bytes.hpp"
#include "threads.hpp"

namespace pplcnet_test::forward_test {
namespace {

using pplcnet::Isa;
using pplcnet::Options;
using pplcnet::Picture;
using pplcnet::QuantisedLayer;
using pplcnet::QuantisedPlan;
using pplcnet::Scale;
using pplcnet::Shape;
using pplcnet::Stride;

using Outputs = std::vector<std::vector<float>>;  // of each layer, planar

/// How a network is run.
struct Way {
  Isa isa = Isa::baseline;
  bool dot = true;
  int threads = 1;
};

/// A network with random weights, and what it gives for a few pictures.
class RandomNetwork {
 public:
  static constexpr int kPictures = pplcnet::kChunk;

  explicit RandomNetwork(const pplcnet::Graph& graph, int expected = kPictures)
      : plan_(made(graph)), weights_(*plan_), tables_(tables_of(weights_.data())) {
    std::mt19937 random(2);
    const std::span layers(plan_->layers, static_cast<std::size_t>(plan_->layer_count));
    const ByteOracle oracle(layers, {weights_.data(), weights_.size()});
    for (int i = 0; i < kPictures; ++i) {
      pictures_.emplace_back(static_cast<std::size_t>(shape().size()));
      for (std::uint8_t& byte : pictures_.back()) byte = static_cast<std::uint8_t>(random());
      if (i < expected) expected_.push_back(real(oracle.outputs(pictures_.back())));
    }
  }

  const QuantisedPlan& plan() const { return *plan_; }
  Shape shape() const { return {plan_->traits.input.height, plan_->traits.input.width, 3}; }
  const std::vector<std::uint8_t>& bytes(int image) const {
    return pictures_[static_cast<std::size_t>(image)];
  }
  const pplcnet::ByteTable* tables() const { return tables_.data(); }
  const Outputs& expected(int image) const { return expected_[static_cast<std::size_t>(image)]; }
  pplcnet::PictureConstants picture_constants() {
    pplcnet::PictureConstants result;
    std::memcpy(&result, weights_.data(), sizeof result);
    return result;
  }

  std::vector<Picture> pictures(int count) const {
    std::vector<Picture> result;
    for (int i = 0; i < count; ++i)
      result.push_back(Picture::interleaved(bytes(i).data(), tables_.data(), shape()));
    return result;
  }

  /// Runs it, and returns what is asked for of every picture: all layers, or the last one.
  std::vector<Outputs> outputs(std::span<const Picture> pictures, const Way& way, bool all) {
    const auto layers = static_cast<std::size_t>(plan_->layer_count);
    std::vector<Outputs> result(pictures.size(), Outputs(layers));
    std::vector<float*> destinations;
    for (Outputs& outputs : result)
      for (std::size_t i = 0; i < layers; ++i) {
        const QuantisedLayer& layer = plan_->layers[i];
        if (layer.op != pplcnet::Operator::picture && (all || i + 1 == layers))
          outputs[i].resize(static_cast<std::size_t>(layer.output.size()));
        destinations.push_back(outputs[i].empty() ? nullptr : outputs[i].data());
      }
    // What nobody has written is none of these numbers.
    AlignedBytes maps(plan_->map_bytes, 0xA5), vectors(plan_->vector_bytes, 0x5A);
    AlignedBytes scratch(plan_->scratch_bytes * static_cast<std::size_t>(way.threads), 0x77);
    Threads threads(way.threads);
    pplcnet::forward_quantised({.layers = plan_->layers,
                                .layer_count = plan_->layer_count,
                                .weights = weights_.data(),
                                .pictures = pictures.data(),
                                .images = static_cast<int>(pictures.size()),
                                .destinations = destinations.data(),
                                .maps = maps.data(),
                                .vectors = vectors.data(),
                                .scratch = scratch.data(),
                                .scratch_bytes = plan_->scratch_bytes,
                                .threads = way.threads,
                                .shared_work = 1000,  // small networks are shared, too
                                .executor = threads.executor(),
                                .dot_instructions = way.dot},
                               way.isa);
    return result;
  }

 private:
  static std::unique_ptr<QuantisedPlan> made(const pplcnet::Graph& graph) {
    const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(graph));
    return std::make_unique<QuantisedPlan>(pplcnet::make_quantised_plan(*plan));
  }

  /// Returns what the oracle's integers stand for.
  Outputs real(const std::vector<OracleOutput>& outputs) {
    Outputs result;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const QuantisedLayer& layer = plan_->layers[i];
      const auto constants = pplcnet::EndingConstants::of(layer, weights_.data());
      result.push_back(outputs[i].logits);
      if (!result.back().empty() || outputs[i].values.empty()) continue;
      for (int c = 0; c < layer.output.channels; ++c)
        for (std::int64_t pixel = 0; pixel < layer.output.pixels(); ++pixel) {
          const std::int64_t value =
              outputs[i].values[static_cast<std::size_t>(pixel * layer.output.channels + c)];
          const std::int64_t zero =
              layer.ending == pplcnet::Ending::factors ? 0 : constants.zero[c];
          result.back().push_back(static_cast<float>(value - zero) * constants.scale[c]);
        }
    }
    return result;
  }

  std::unique_ptr<QuantisedPlan> plan_;
  RandomWeights weights_;
  std::vector<pplcnet::ByteTable> tables_;
  std::vector<std::vector<std::uint8_t>> pictures_;
  std::vector<Outputs> expected_;
};

std::vector<Way> ways(std::initializer_list<int> threads) {
  std::vector<Way> result;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    for (const bool dot : {false, true})
      for (const int count : threads)
        if (pplcnet::has_isa(isa)) result.push_back({isa, dot, count});
  return result;
}

std::string text(const Way& way) {
  return std::string(pplcnet::isa_name(way.isa)) + (way.dot ? ", dot instructions, " : ", ") +
         std::to_string(way.threads) + " threads";
}

/// Compares the bits of layers, and names the first one that differs.
void expect_same(const Outputs& expected, const Outputs& found, const QuantisedPlan& plan) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].empty()) continue;
    ASSERT_EQ(found[i].size(), expected[i].size());
    const auto [a, b] = std::ranges::mismatch(expected[i], found[i]);
    ASSERT_TRUE(a == expected[i].end())
        << "layer " << i << ", operator " << static_cast<int>(plan.layers[i].op) << ": value "
        << a - expected[i].begin() << " is " << *b << ", not " << *a;
  }
}

void expect_oracle(RandomNetwork& network, std::initializer_list<int> threads,
                   std::initializer_list<int> batches) {
  for (const Way& way : ways(threads))
    for (const int batch : batches)
      for (const bool all : {false, true}) {
        SCOPED_TRACE(text(way) + ", " + std::to_string(batch) + " pictures");
        const auto found = network.outputs(network.pictures(batch), way, all);
        for (int i = 0; i < batch; ++i)
          ASSERT_NO_FATAL_FAILURE(
              expect_same(network.expected(i), found[static_cast<std::size_t>(i)], network.plan()));
      }
}

constexpr std::array<Stride, 5> kLineStrides = {2, Stride{2, 1}, Stride{2, 1}, Stride{2, 1},
                                                Stride{2, 1}};

TEST(QuantisedForward, V1OfOddSize) {
  RandomNetwork network(
      pplcnet::pplcnet_v1(Scale::x0_25, Options{.classes = 10, .input = {33, 47}}));
  expect_oracle(network, {1, 2, 3}, {1, 3, 8});
}

TEST(QuantisedForward, V1WithoutHeadOrClassifier) {
  for (const Options& options : {Options{.classes = 7, .input = {20, 18}, .head = 0},
                                 Options{.classes = 0, .input = {39, 20}}}) {
    RandomNetwork network(pplcnet::pplcnet_v1(Scale::x0_35, options), 2);
    expect_oracle(network, {1, 2}, {1, 2});
  }
}

TEST(QuantisedForward, V2) {
  RandomNetwork network(pplcnet::pplcnet_v2(pplcnet::V2::small, {.classes = 11, .input = {48, 65}}),
                        2);
  expect_oracle(network, {1, 3}, {1, 2});
}

TEST(QuantisedForward, LinesOfText) {
  RandomNetwork network(
      pplcnet::pplcnet_v1(Scale::x0_25,
                          Options{.classes = 2, .input = {80, 160}, .strides = kLineStrides}),
      1);
  expect_oracle(network, {1, 2, 3}, {1});
}

/// Pictures of all forms whose bytes are the same.
TEST(QuantisedForward, ReadsPicturesOfEveryForm) {
  RandomNetwork network(pplcnet::pplcnet_v1(Scale::x0_25, Options{.classes = 3, .input = {9, 211}}),
                        1);
  const Shape shape = network.shape();
  const auto pixels = static_cast<std::size_t>(shape.pixels());
  const std::vector<std::uint8_t>& rgb = network.bytes(0);
  const pplcnet::PictureConstants constants = network.picture_constants();
  std::vector<std::uint8_t> bgr(rgb.size()), planar(rgb.size()), inverse(rgb.size()),
      rgba(4 * pixels);
  std::vector<float> values(rgb.size()), planar_values(rgb.size());
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint8_t byte = rgb[3 * i + c];
      bgr[3 * i + 2 - c] = rgba[4 * i + c] = planar[c * pixels + i] = byte;
      inverse[3 * i + c] = static_cast<std::uint8_t>(255 - byte);
      values[3 * i + c] = planar_values[c * pixels + i] =
          (static_cast<float>(byte) - constants.zero[c]) * constants.scale[c];
    }
  std::vector<pplcnet::ByteTable> inverse_tables(network.tables(), network.tables() + 3);
  for (pplcnet::ByteTable& table : inverse_tables) std::ranges::reverse(table);
  Picture four = Picture::interleaved(rgba.data(), network.tables(), shape, 4 * shape.width);
  four.pixel = 4;
  const Picture pictures[] = {
      Picture::interleaved(rgb.data(), network.tables(), shape),
      Picture::interleaved(bgr.data(), network.tables(), shape).reversed(shape),
      Picture::planar(planar.data(), network.tables(), shape),
      Picture::interleaved(inverse.data(), inverse_tables.data(), shape),
      four,
      Picture::interleaved(values.data(), shape),
      Picture::planar(planar_values.data(), shape)};
  for (const Way& way : ways({1, 2}))
    for (const Picture& picture : pictures) {
      SCOPED_TRACE(text(way) + ", picture " + std::to_string(&picture - pictures));
      expect_same(network.expected(0), network.outputs({&picture, 1}, way, true).front(),
                  network.plan());
    }
}

TEST(QuantisedForward, RoundsPlanesOfValuesAsItRoundsEachOfThem) {
  RandomNetwork network(pplcnet::pplcnet_v1(Scale::x0_25, Options{.classes = 3, .input = {9, 211}}),
                        1);
  const Shape shape = network.shape();
  const auto pixels = static_cast<std::size_t>(shape.pixels());
  const pplcnet::PictureConstants constants = network.picture_constants();
  const float infinity = std::numeric_limits<float>::infinity();
  const float odd[] = {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity, 1e30F, -0.0F};
  std::vector<float> values(3 * pixels), planes(3 * pixels);
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const float step = static_cast<float>(i % 600) / 2 - 20;  // every second one is a tie
      values[3 * i + c] = i % 7 == 0 ? odd[i / 7 % std::size(odd)]
                                     : (step - constants.zero[c]) * constants.scale[c];
      planes[c * pixels + i] = values[3 * i + c];
    }
  const Picture one_by_one = Picture::interleaved(values.data(), shape);
  const Picture together = Picture::planar(planes.data(), shape);
  for (const Way& way : ways({1})) {
    SCOPED_TRACE(text(way));
    EXPECT_EQ(network.outputs({&together, 1}, way, true),
              network.outputs({&one_by_one, 1}, way, true));
  }
}

TEST(QuantisedForward, RoundsValuesToTheNearestByte) {
  EXPECT_EQ(pplcnet::picture_byte(0.0F, 0.5F, 123.5F), 124);  // ties to the even one
  EXPECT_EQ(pplcnet::picture_byte(0.0F, 0.5F, 122.5F), 122);
  EXPECT_EQ(pplcnet::picture_byte(-100.0F, 0.5F, 10.0F), 0);
  EXPECT_EQ(pplcnet::picture_byte(1e30F, 1e-30F, 10.0F), 255);
  EXPECT_EQ(pplcnet::picture_byte(std::numeric_limits<float>::quiet_NaN(), 0.5F, 10.0F), 0);
}

}  // namespace
}  // namespace pplcnet_test::forward_test
