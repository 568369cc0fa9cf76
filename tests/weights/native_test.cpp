// The native file: what is saved comes back, bit for bit, and says so itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::native_test {
namespace {

using pplcnet::ModelInfo;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::TensorFile;

/// 5 classes: the last panel of the classifier is mostly padding.
using Net = PPLCNet<Scale::x0_25, Options{.classes = 5, .input = {32, 48}}>;
const ModelInfo kInfo = {.labels = {"plain", "", "quote \" and \\", "größer 雪", "tab\tin it"},
                         .preprocessing = "paddlex_direct"};

/// What a fresh reader gets from a file.
struct Loaded {
  std::unique_ptr<Net::Weights> weights = std::make_unique<Net::Weights>();
  ModelInfo info;
  std::string message;
  explicit Loaded(const std::string& path) {
    // What was there before must not shine through.
    std::ranges::fill(weights->values, 7.0f);
    message = pplcnet::load(path, *weights, &info).message();
  }
};

bool same_bits(const Net::Weights& a, const Net::Weights& b) {
  return std::memcmp(a.values.data(), b.values.data(), sizeof a.values) == 0;
}

Net::Logits logits_of(Net::WeightsView weights) {
  const std::vector<float> input =
      synthetic_input(1, 1, 3, Net::input_shape.height, Net::input_shape.width);
  const auto workspace = std::make_unique<Net::Workspace>();
  Net::Logits logits;
  Net::forward(weights, Net::Image(input), *workspace, logits);
  return logits;
}

/// A saved network of synthetic weights, for one test.
class NativeTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_STREQ(pplcnet::save(path, *weights, kInfo).message(), ""); }

  std::vector<std::byte> bytes() const {
    pplcnet::FileBytes file;
    EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
    return {file.bytes().begin(), file.bytes().end()};
  }
  void write(const std::vector<std::byte>& bytes) const {
    const std::span<const std::byte> piece = bytes;
    EXPECT_STREQ(pplcnet::write_file(path, {&piece, 1}).message(), "");
  }

  TemporaryFolder folder;
  std::string path = folder.file("network.safetensors");
  std::unique_ptr<Net::Weights> weights = synthetic_weights<Net>();
};

/// A file of either storage loads into a type of either: what float16 cannot hold is rounded when
/// it is written, or when it is loaded.
TEST(NativeStorageTest, AnyStorageLoadsIntoAny) {
  using pplcnet::Storage;
  using Half =
      PPLCNet<Scale::x0_25, Options{.classes = 5, .input = {32, 48}, .storage = Storage::half}>;
  const std::string path = testing::TempDir() + "storage.safetensors";
  const auto half = synthetic_weights<Half>();
  const auto loaded = std::make_unique<Half::Weights>();
  const auto expect_half = [&] {
    std::ranges::fill(loaded->values, 7.0f);
    ASSERT_STREQ(pplcnet::load(path, *loaded).message(), "");
    EXPECT_EQ(std::memcmp(half->values.data(), loaded->values.data(), sizeof half->values), 0);
    EXPECT_STREQ(pplcnet::self_test(path, *loaded).message(), "");
  };
  ASSERT_STREQ(pplcnet::save(path, *half).message(), "");
  expect_half();
  const Loaded rounded(path);  // a type with float32
  ASSERT_EQ(rounded.message, "");
  EXPECT_STREQ(pplcnet::self_test(path, *rounded.weights).message(), "");

  ASSERT_STREQ(pplcnet::save(path, *rounded.weights).message(), "");
  expect_half();
  ASSERT_STREQ(pplcnet::save(path, *synthetic_weights<Net>(), {}, Storage::half).message(), "");
  expect_half();
  EXPECT_TRUE(same_bits(*Loaded(path).weights, *rounded.weights));
  ASSERT_STREQ(pplcnet::save(path, *half, {}, Storage::single).message(), "");
  EXPECT_TRUE(same_bits(*Loaded(path).weights, *rounded.weights));
}

TEST_F(NativeTest, EverythingComesBackBitForBit) {
  const Loaded loaded(path);
  ASSERT_EQ(loaded.message, "");
  EXPECT_TRUE(same_bits(*loaded.weights, *weights));
  EXPECT_EQ(loaded.info.labels, kInfo.labels);
  EXPECT_EQ(loaded.info.preprocessing, kInfo.preprocessing);
  EXPECT_EQ(folder.file_count(), 1);

  const std::string again = folder.file("again.safetensors");
  ASSERT_STREQ(pplcnet::save(again, *loaded.weights, loaded.info).message(), "");
  const std::vector<std::byte> first = bytes();
  path = again;
  EXPECT_EQ(bytes(), first);
}

TEST_F(NativeTest, AClassifierTakesLabelsAndPreprocessingFromIt) {
  pplcnet::Classifier<Net> classifier;
  ASSERT_STREQ(classifier.load(path).message(), "");
  EXPECT_EQ(classifier.labels(), kInfo.labels);
  EXPECT_EQ(classifier.preprocessing().name, "paddlex_direct");
  EXPECT_EQ(classifier.preprocessing().width, 48);

  ASSERT_STREQ(
      pplcnet::save(path, *weights, {.labels = {}, .preprocessing = "none such"}).message(), "");
  EXPECT_EQ(classifier.load(path).message(), path + ": unknown preprocessing 'none such'");
  EXPECT_EQ(classifier.preprocessing().name, "paddlex_direct");  // as before the error
}

TEST_F(NativeTest, SelfTestPassesAndNoticesAChangedWeight) {
  EXPECT_STREQ(pplcnet::self_test(path, *weights).message(), "");

  std::vector<std::byte> changed = bytes();
  const float wrong = 1000;  // a weight of the stem, from which all follow
  std::uint64_t header = 0;
  std::memcpy(&header, changed.data(), sizeof header);
  std::memcpy(changed.data() + sizeof header + header, &wrong, sizeof wrong);
  write(changed);
  const Loaded loaded(path);
  ASSERT_EQ(loaded.message, "");
  const std::string message = pplcnet::self_test(path, *loaded.weights).message();
  EXPECT_TRUE(message.starts_with(path + ": self-test: number 0 of the output is ")) << message;

  const auto not_a_number = std::make_unique<Net::Weights>(*weights);
  not_a_number->values[Net::layers[Net::layer_count - 1].biases] = NAN;
  EXPECT_STRNE(pplcnet::self_test(path, *not_a_number).message(), "");
}

TEST_F(NativeTest, AViewOfItsBytesNeedsNoCopy) {
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
  const std::span<const std::byte> bytes = file.bytes();
  std::optional<Net::WeightsView> view;
  ModelInfo info;
  ASSERT_STREQ(pplcnet::view<Net>(bytes, "embedded", view, &info).message(), "");
  EXPECT_EQ(info.labels, kInfo.labels);
  const auto* begin = reinterpret_cast<const std::byte*>(view->values());
  EXPECT_GE(begin, bytes.data());
  EXPECT_LE(begin + sizeof(Net::Weights), bytes.data() + bytes.size());
  EXPECT_EQ(logits_of(*view), logits_of(*weights));
}

TEST_F(NativeTest, AViewOfMisalignedBytesIsRefused) {
  const std::vector<std::byte> content = bytes();
  for (const std::size_t shift : {4u, 16u, 32u}) {
    pplcnet::FileBytes room(content.size() + shift);
    const std::span<std::byte> shifted = room.bytes().subspan(shift);
    std::ranges::copy(content, shifted.begin());
    std::optional<Net::WeightsView> view;
    EXPECT_STREQ(pplcnet::view<Net>(shifted, "embedded", view).message(),
                 "embedded: the weights are not aligned to 64 bytes in memory");
    EXPECT_FALSE(view);
    const auto copy = std::make_unique<Net::Weights>();  // loading takes any bytes
    EXPECT_STREQ(pplcnet::load_bytes(shifted, "embedded", *copy).message(), "");
    EXPECT_TRUE(same_bits(*copy, *weights));
  }
}

TEST_F(NativeTest, OnlyNativeFilesCanBeViewed) {
  ASSERT_STREQ(pplcnet::write_safetensors(path, synthetic_state_dict(Net::layers, Net::traits).file)
                   .message(),
               "");
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
  std::optional<Net::WeightsView> view;
  EXPECT_STREQ(pplcnet::view<Net>(file.bytes(), "x", view).message(),
               "x: not a native file; load it, and save it as one");
}

TEST_F(NativeTest, DataBeginAtAMultipleOf64WhateverTheHeader) {
  for (std::size_t length = 0; length < 70; ++length) {
    ModelInfo info = kInfo;
    info.labels[0] = std::string(length, 'x');
    ASSERT_STREQ(pplcnet::save(path, *weights, info).message(), "");
    std::uint64_t header = 0;
    std::memcpy(&header, bytes().data(), sizeof header);
    EXPECT_EQ((sizeof header + header) % 64, 0u) << length;
  }
}

TEST_F(NativeTest, WhatCannotBeSavedIsSaidAndLeavesTheOldFile) {
  const std::vector<std::byte> before = bytes();
  const auto refused = [&](const std::string& file, std::vector<std::string> labels) {
    return std::string(
        pplcnet::save(file, *weights, {.labels = std::move(labels), .preprocessing = ""})
            .message());
  };
  EXPECT_EQ(refused(path, {"one", "two"}), path + ": 2 labels for 5 classes");
  EXPECT_EQ(refused(path, {"a\nb", "c", "d", "e", "f"}),
            path + ": label 'a\\x0ab': expected one line of UTF-8");
  EXPECT_EQ(refused(path, {"\xff", "c", "d", "e", "f"}),
            path + ": label '\\xff': expected one line of UTF-8");
  const std::string nowhere = folder.file("no/such/folder/network.safetensors");
  EXPECT_TRUE(refused(nowhere, {}).starts_with(nowhere + ": cannot create "))
      << refused(nowhere, {});
  EXPECT_EQ(bytes(), before);
  EXPECT_EQ(folder.file_count(), 1);
}

TEST_F(NativeTest, LabelsOfOtherClassesAreRefused) {
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
  TensorFile tensors;
  ASSERT_STREQ(pplcnet::parse_safetensors(std::as_const(file).bytes(), path, tensors).message(),
               "");
  for (auto& [key, value] : tensors.metadata)
    if (key == "labels") value = "one\ntwo\nthree\n";
  const std::string other = folder.file("other.safetensors");
  ASSERT_STREQ(pplcnet::write_safetensors(other, tensors).message(), "");
  EXPECT_EQ(Loaded(other).message, other + ": 3 labels for 5 classes");
  EXPECT_EQ(pplcnet::load(other, *weights).message(), other + ": 3 labels for 5 classes");
  pplcnet::FileBytes bytes;
  ASSERT_STREQ(pplcnet::read_file(other, bytes).message(), "");
  std::optional<Net::WeightsView> view;
  EXPECT_STREQ(pplcnet::view<Net>(std::as_const(bytes).bytes(), "x", view).message(),
               "x: 3 labels for 5 classes");
  EXPECT_FALSE(view);
}

TEST_F(NativeTest, AFileOfAnotherVersionIsRefused) {
  std::vector<std::byte> changed = bytes();
  const std::string_view key = "\"format_version\":\"";
  const auto key_bytes = bytes_of(key);
  const auto found =
      std::search(changed.begin(), changed.end(), key_bytes.begin(), key_bytes.end());
  ASSERT_NE(found, changed.end());
  found[static_cast<std::ptrdiff_t>(key.size())] = std::byte{'2'};
  write(changed);
  EXPECT_EQ(Loaded(path).message, path + ": format version '2', this library reads version 1");
}

}  // namespace
}  // namespace pplcnet_test::native_test
