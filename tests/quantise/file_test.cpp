// The file of a quantised network: what is saved comes back, bit for bit, and nothing else is read.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/models.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "quantise/synthetic_model.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::file_test {
namespace {

using pplcnet::DataType;
using pplcnet::ModelInfo;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetV2;
using pplcnet::QuantisedModel;
using pplcnet::QuantisedTensors;
using pplcnet::Scale;
using pplcnet::TensorFile;
using pplcnet::V2;
using pplcnet::V2Options;

using Net = PPLCNet<Scale::x0_25, Options{.classes = 5, .input = {32, 48}}>;
using NetV2 = PPLCNetV2<V2::small, V2Options{.classes = 5, .input = {32, 48}}>;
const ModelInfo kInfo = {.labels = {"plain", "", "quote \" and \\", "größer 雪", "tab\tin it"},
                         .preprocessing = "paddlex_direct"};

bool same_bits(const QuantisedModel& a, const QuantisedModel& b) {
  const auto same = [](const auto& one, const auto& other) {
    return std::ranges::equal(std::as_bytes(std::span(one)), std::as_bytes(std::span(other)));
  };
  return same(a.picture_scales, b.picture_scales) && same(a.picture_zeros, b.picture_zeros) &&
         std::ranges::equal(a.layers, b.layers,
                            [&](const QuantisedTensors& one, const QuantisedTensors& other) {
                              return same(one.weights, other.weights) &&
                                     same(one.weight_scales, other.weight_scales) &&
                                     same(one.biases, other.biases) &&
                                     same(one.scales, other.scales) && same(one.zeros, other.zeros);
                            });
}

template <class Network>
std::string load(const std::string& path, QuantisedModel& model, ModelInfo* info = nullptr) {
  return pplcnet::load_quantised(path, Network::layers, Network::traits, model, info).message();
}

template <class Network>
std::string save(const std::string& path, const QuantisedModel& model, const ModelInfo& info = {}) {
  return pplcnet::save_quantised(path, model, Network::layers, Network::traits, info).message();
}

std::string contents_of(const std::string& path) {
  pplcnet::FileBytes file;
  EXPECT_STREQ(pplcnet::read_file(path, file).message(), "");
  const auto bytes = std::as_const(file).bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::size_t layer_named(std::string_view name) {
  for (std::size_t i = 0; i < Net::layers.size(); ++i)
    if (pplcnet::quantised_file::name_of(Net::layers, i) == name) return i;
  ADD_FAILURE() << name;
  return 0;
}

/// A saved network of made-up numbers, for one test.
class QuantisedFileTest : public testing::Test {
 protected:
  QuantisedTensors& layer(std::string_view name) { return model.layers[layer_named(name)]; }

  /// Returns what is wrong with a file, whose path is cut away; its tensors were changed.
  std::string problem_with(const auto& change) {
    EXPECT_EQ(save<Net>(path, model, kInfo), "");
    const std::string contents = contents_of(path);
    TensorFile file;
    EXPECT_STREQ(pplcnet::parse_safetensors(bytes_of(contents), "x", file).message(), "");
    change(file);
    const std::string changed = folder.file("changed.safetensors");
    write_tensors(changed, file);
    return problem(changed);
  }

  /// Returns what is wrong with a file, whose path is cut away: one sentence. Nothing of it is
  /// taken.
  static std::string problem(const std::string& changed) {
    QuantisedModel loaded;
    ModelInfo info;
    const std::string message = load<Net>(changed, loaded, &info);
    EXPECT_TRUE(message.empty() != loaded.layers.empty());
    EXPECT_TRUE(message.empty() || info.labels.empty());
    EXPECT_EQ(message.find('\n'), message.npos) << message;
    EXPECT_FALSE(message.ends_with('.')) << message;
    if (message.empty()) return "";
    EXPECT_TRUE(message.starts_with(changed + ": ")) << message;
    return message.substr(changed.size() + 2);
  }

  /// Returns why a file with other numbers is refused; to write them is refused for the same
  /// reason.
  std::string problem_of(const auto& change) {
    QuantisedModel whole = model;
    change();
    std::swap(whole, model);
    const std::string wrong = problem_with([&](TensorFile& file) {
      std::size_t next = 0;
      const auto replace = [&](const std::string&, const auto&, const auto& values) {
        file.tensors[next++].data = std::as_bytes(std::span(values));
        return pplcnet::Error();
      };
      EXPECT_FALSE(
          pplcnet::quantised_file::for_each_tensor(Net::layers, std::as_const(whole), replace));
    });
    const std::string target = folder.file("unwritten.safetensors");
    std::filesystem::remove(target);
    const std::string message = save<Net>(target, whole);
    EXPECT_EQ(message, wrong.empty() ? "" : target + ": " + wrong);
    EXPECT_EQ(std::filesystem::exists(target), wrong.empty());
    return wrong;
  }

  TemporaryFolder folder;
  std::string path = folder.file("network.safetensors");
  QuantisedModel model = synthetic_model(Net::layers);
};

template <class Network>
void expect_round_trip() {
  const TemporaryFolder folder;
  const std::string path = folder.file("network.safetensors"), again = folder.file("again");
  const QuantisedModel model = synthetic_model(Network::layers);
  ASSERT_EQ(save<Network>(path, model, kInfo), "");
  QuantisedModel loaded = synthetic_model(std::span(Network::layers).first(3));
  ModelInfo info;
  ASSERT_EQ(load<Network>(path, loaded, &info), "");
  EXPECT_TRUE(same_bits(model, loaded));
  EXPECT_EQ(info.labels, kInfo.labels);
  EXPECT_EQ(info.preprocessing, kInfo.preprocessing);
  ASSERT_EQ(save<Network>(again, loaded, info), "");
  EXPECT_EQ(contents_of(path), contents_of(again));
  EXPECT_EQ(folder.file_count(), 2);
}

TEST(QuantisedFilesTest, EverythingComesBackBitForBit) {
  expect_round_trip<Net>();
  expect_round_trip<NetV2>();
}

TEST(QuantisedFilesTest, TensorsHaveTheNamesOfLayersAndTheShapesOfFrameworks) {
  const TemporaryFolder folder;
  const std::string path = folder.file("network.safetensors");
  ASSERT_EQ(save<Net>(path, synthetic_model(Net::layers)), "");
  const std::string contents = contents_of(path);
  TensorFile file;
  ASSERT_STREQ(pplcnet::parse_safetensors(bytes_of(contents), "x", file).message(), "");
  const auto expect = [&](std::string_view name, DataType type,
                          const std::vector<std::int64_t>& shape) {
    const pplcnet::Tensor* tensor = file.find(name);
    ASSERT_NE(tensor, nullptr) << name;
    EXPECT_EQ(pplcnet::describe(tensor->type, tensor->shape), pplcnet::describe(type, shape))
        << name;
  };
  expect("picture.scale", DataType::f32, {3});
  expect("picture.zero_point", DataType::f32, {3});
  expect("conv1.weight", DataType::i8, {8, 3, 3, 3});
  expect("conv1.weight_scale", DataType::f32, {8});
  expect("conv1.bias", DataType::f32, {8});
  expect("conv1.scale", DataType::f32, {8});
  expect("conv1.zero_point", DataType::u8, {8});
  expect("blocks6.0.dw_conv.weight", DataType::i8, {64, 1, 5, 5});
  expect("blocks6.0.pw_conv.weight", DataType::i8, {128, 64, 1, 1});
  expect("blocks6.0.se.conv1.weight", DataType::i8, {16, 64});
  expect("blocks6.0.se.conv1.scale", DataType::f32, {16});
  expect("blocks6.0.se.conv2.weight_scale", DataType::f32, {64});
  expect("fc.weight", DataType::i8, {5, 1280});
  for (const char* name : {"blocks6.0.se.conv2.scale", "fc.scale", "fc.zero_point"})
    EXPECT_EQ(file.find(name), nullptr) << name;
  std::vector<std::string> names;
  for (const pplcnet::Tensor& tensor : file.tensors) names.push_back(tensor.name);
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(QuantisedFilesTest, TheyAreAboutAQuarterOfThoseInFloats) {
  using Large = PPLCNet<Scale::x1_0>;
  const TemporaryFolder folder;
  const std::string path = folder.file("network.safetensors");
  ASSERT_EQ(save<Large>(path, synthetic_model(Large::layers)), "");
  EXPECT_LT(static_cast<double>(std::filesystem::file_size(path)), 0.28 * Large::weight_bytes);
}

TEST_F(QuantisedFileTest, WrongNumbersAreRefusedByTheTensorsName) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto text_of = [](float value) { return pplcnet::checking::text_of(value); };
  for (const float scale : {0.0F, -0.0F, -0.5F, kNan, kInfinity, -kInfinity}) {
    const std::string found = "expected finite numbers above 0, found " + text_of(scale);
    EXPECT_EQ(problem_of([&] { layer("conv1").scales[7] = scale; }),
              "tensor 'conv1.scale': " + found + " (number 7)");
    EXPECT_EQ(problem_of([&] { layer("fc").weight_scales[4] = scale; }),
              "tensor 'fc.weight_scale': " + found + " (number 4)");
    EXPECT_EQ(problem_of([&] { model.picture_scales[2] = scale; }),
              "tensor 'picture.scale': " + found + " (number 2)");
  }
  for (const float zero : {-0.5F, 255.5F, kNan, kInfinity})
    EXPECT_EQ(problem_of([&] { model.picture_zeros[1] = zero; }),
              "tensor 'picture.zero_point': expected numbers from 0 to 255, found " +
                  text_of(zero) + " (number 1)");
  for (const float bias : {kNan, kInfinity, -kInfinity})
    EXPECT_EQ(problem_of([&] { layer("blocks6.0.se.conv2").biases[3] = bias; }),
              "tensor 'blocks6.0.se.conv2.bias': expected finite float32 numbers, found " +
                  text_of(bias) + " (number 3)");
  EXPECT_EQ(problem_of([&] { layer("blocks6.0.dw_conv").weights[9] = -128; }),
            "tensor 'blocks6.0.dw_conv.weight': expected numbers from -127 to 127, found -128 "
            "(number 9)");
  EXPECT_EQ(problem_of([&] { layer("blocks6.0.se.conv1").zeros[15] = 1; }),
            "tensor 'blocks6.0.se.conv1.zero_point': expected only 0, as of what ends at zero, "
            "found 1 (number 15)");
}

TEST_F(QuantisedFileTest, NeighboursAreThoseThatAreSummedTogether) {
  const auto pair = [&](std::string_view name, std::size_t one, std::size_t other, int a, int b) {
    return problem_of([&] {
      std::vector<std::int8_t>& weights = layer(name).weights;
      std::ranges::fill(weights, std::int8_t{0});
      weights[one] = static_cast<std::int8_t>(a);
      weights[other] = static_cast<std::int8_t>(b);
    });
  };
  const std::string expected = "expected neighbours of at most 128 together, found ";
  EXPECT_EQ(pair("blocks6.0.pw_conv", 2, 3, 127, -2),
            "tensor 'blocks6.0.pw_conv.weight': " + expected + "127 and -2 (numbers 2 and 3)");
  EXPECT_EQ(pair("blocks6.0.pw_conv", 2, 3, 127, -1), "");
  EXPECT_EQ(pair("blocks6.0.pw_conv", 1, 2, 127, -127), "");
  EXPECT_EQ(pair("fc", 1280 + 6, 1280 + 7, -64, -65),
            "tensor 'fc.weight': " + expected + "-64 and -65 (numbers 1286 and 1287)");
  EXPECT_EQ(pair("blocks6.0.dw_conv", 2, 3, 127, -127), "");
  // Of the stem [8][3][3][3]: along a kernel's row, channel by channel of each pixel.
  EXPECT_EQ(pair("conv1", 0, 9, 127, 127),
            "tensor 'conv1.weight': " + expected + "127 and 127 (numbers 0 and 9)");
  EXPECT_EQ(pair("conv1", 18, 1, 127, 127),
            "tensor 'conv1.weight': " + expected + "127 and 127 (numbers 18 and 1)");
  EXPECT_EQ(pair("conv1", 0, 1, 127, 127), "");
  EXPECT_EQ(pair("conv1", 20, 3, 127, 127), "");  // the end of a row and the next one's beginning
}

TEST_F(QuantisedFileTest, TensorsMustBeThoseOfTheNetwork) {
  EXPECT_EQ(problem_with([](TensorFile&) {}), "");
  EXPECT_EQ(problem_with([](TensorFile& file) { std::ranges::reverse(file.tensors); }), "");
  EXPECT_EQ(problem_with([](TensorFile& file) { remove(file, "conv1.zero_point"); }),
            "tensor 'conv1.zero_point' U8 [8] is missing");
  EXPECT_EQ(problem_with([](TensorFile& file) { remove(file, "fc.weight"); }),
            "tensor 'fc.weight' I8 [5, 1280] is missing");
  EXPECT_EQ(problem_with([](TensorFile& file) { remove(file, "picture.scale"); }),
            "tensor 'picture.scale' F32 [3] is missing");
  EXPECT_EQ(
      problem_with([](TensorFile& file) { tensor(file, "conv1.zero_point").type = DataType::i8; }),
      "tensor 'conv1.zero_point': expected U8 [8], found I8 [8]");
  EXPECT_EQ(problem_with([](TensorFile& file) {
              tensor(file, "conv1.zero_point").shape = {7};
              auto& data = tensor(file, "conv1.zero_point").data;
              data = data.first(7);
            }),
            "tensor 'conv1.zero_point': expected U8 [8], found U8 [7]");
  EXPECT_EQ(problem_with([](TensorFile& file) {
              tensor(file, "fc.weight").shape = {1280, 5};
            }),
            "tensor 'fc.weight': expected I8 [5, 1280], found I8 [1280, 5]");
  EXPECT_EQ(
      problem_with([](TensorFile& file) { tensor(file, "conv1.scale").type = DataType::i32; }),
      "tensor 'conv1.scale': expected F32 [8], found I32 [8]");
  EXPECT_EQ(problem_with([](TensorFile& file) {
              file.tensors.push_back(
                  {.name = "fc.scale", .type = DataType::f32, .shape = {0}, .data = {}});
            }),
            "tensor 'fc.scale' belongs to no layer of the network");
}

TEST_F(QuantisedFileTest, AnotherNetworksFileIsRefused) {
  using Wider = PPLCNet<Scale::x0_35, Options{.classes = 5, .input = {32, 48}}>;
  using Larger = PPLCNet<Scale::x0_25, Options{.classes = 6, .input = {32, 48}}>;
  ASSERT_EQ(save<Wider>(path, synthetic_model(Wider::layers)), "");
  EXPECT_EQ(problem(path),
            "its network has layers 'blocks2.0.pw_conv:8-16:hardswish', the type's (x0_25) has "
            "'blocks2.0.pw_conv:8-8:hardswish'");
  ASSERT_EQ(save<Larger>(path, synthetic_model(Larger::layers)), "");
  EXPECT_TRUE(problem(path).starts_with("its network has classes '6', the type's "));
  EXPECT_EQ(
      save<Wider>(path, QuantisedModel()),
      path + ": expected " + std::to_string(Wider::layers.size()) + " quantised layers, found 0");
  EXPECT_EQ(save<Wider>(path, synthetic_model(Net::layers)),
            path +
                ": tensor 'blocks2.0.pw_conv.weight': expected the numbers of I8 [16, 8, 1, 1], "
                "found 64");
}

TEST_F(QuantisedFileTest, FilesInFloatsAndOthersSayWhatTheyAre) {
  const auto weights = synthetic_weights<Net>();
  ASSERT_STREQ(pplcnet::save(path, *weights).message(), "");
  const std::string hint = " in floats; `pplcnet quantise` makes one of it";
  EXPECT_EQ(problem(path), "expected a quantised network, found a native file" + hint);
  write_tensors(path, synthetic_state_dict(Net::layers, Net::traits).file);
  EXPECT_EQ(problem(path), "expected a quantised network, found a state dict" + hint);
  write(path, std::string("\x80\x02}.", 4));
  EXPECT_TRUE(
      problem(path).starts_with("expected a quantised network in safetensors, found a pickle"))
      << problem(path);

  ASSERT_EQ(save<Net>(path, model), "");
  const std::string quantised = path + ": its weights are int8; this needs a network in floats";
  const auto loaded = std::make_unique<Net::Weights>();
  EXPECT_EQ(pplcnet::load(path, *loaded).message(), quantised);
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
  std::optional<Net::WeightsView> view;
  EXPECT_EQ(pplcnet::view<Net>(file.bytes(), path, view).message(), quantised);
}

TEST_F(QuantisedFileTest, AFileThatIsCutOffIsRefusedWhereverItIsCut) {
  ASSERT_EQ(save<Net>(path, model, kInfo), "");
  const std::string contents = contents_of(path), cut = folder.file("cut.safetensors");
  QuantisedModel loaded;
  for (std::size_t size = 0; size < contents.size();
       size += size < 100 || size + 100 > contents.size() ? 1 : 997) {
    EXPECT_TRUE(pplcnet::load_quantised_bytes(bytes_of(contents).first(size), "x", Net::layers,
                                              Net::traits, loaded))
        << size;
    EXPECT_TRUE(loaded.layers.empty());
  }
}

TEST_F(QuantisedFileTest, LabelsMustBeAsManyAsClasses) {
  EXPECT_EQ(save<Net>(path, model, {.labels = {"a", "b"}, .preprocessing = ""}),
            path + ": 2 labels for 5 classes");
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(problem_with([](TensorFile& file) {
              for (auto& [key, value] : file.metadata)
                if (key == "labels") value = "a\nb\n";
            }),
            "2 labels for 5 classes");
  EXPECT_EQ(problem_with([](TensorFile& file) {
              for (auto& [key, value] : file.metadata)
                if (key == "format_version") value = "2";
            }),
            "format version '2', this library reads version 1");
}

}  // namespace
}  // namespace pplcnet_test::file_test
