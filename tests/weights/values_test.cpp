// NaN, infinities and variances below zero never get into a network, whatever file they come in.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"
#include "weights/onnx_model.hpp"
#include "weights/pickles.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::values_test {
namespace {

using pplcnet::DataType;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::Storage;
using pplcnet::Tensor;
using pplcnet::TensorFile;

using Net = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}}>;
using Half =
    PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .storage = Storage::half}>;
using Timm = PPLCNet<Scale::x0_25,
                     Options{.classes = 4, .input = {32, 32}, .dialect = pplcnet::Dialect::timm}>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A number that is in a file once, to be replaced there.
constexpr float kMarker = 12345.5f;

std::string with_marker_replaced(std::string contents, float value) {
  const std::string marker = little_endian(std::bit_cast<std::uint32_t>(kMarker));
  const std::size_t place = contents.find(marker);
  EXPECT_NE(place, contents.npos);
  EXPECT_EQ(contents.find(marker, place + 1), contents.npos);
  return contents.replace(place, 4, little_endian(std::bit_cast<std::uint32_t>(value)));
}

/// A state dict with the marker at one place.
template <class Network>
SyntheticStateDict marked(std::string_view name, std::size_t index) {
  auto state = synthetic_state_dict(Network::layers, Network::traits);
  for (std::size_t i = 0; i < state.values.size(); ++i)
    if (state.file.tensors[i].name == name) (*state.values[i])[index] = kMarker;
  return state;
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string data_of(const Tensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

std::string safetensors_of(const TensorFile& file) {
  std::vector<std::byte> header;
  EXPECT_STREQ(pplcnet::safetensors::make_header(file, "x", header).message(), "");
  std::string contents = text_of(header);
  for (const Tensor& tensor : file.tensors) contents += data_of(tensor);
  return contents;
}

std::string pdiparams_of(const TensorFile& file) {
  std::string contents;
  for (const auto& [internal, name] :
       pplcnet::graph_names(Net::layers, Net::traits.namings.front())) {
    const Tensor& tensor = *file.find(name);
    contents += pdiparams_record(description(5, tensor.shape), data_of(tensor));
  }
  return contents;
}

std::string pdparams_of(const TensorFile& file) {
  std::string entries;
  for (const Tensor& tensor : file.tensors) {
    std::string shape = "(";
    for (const auto extent : tensor.shape) shape += pickled::integer(extent);
    entries += pickled::text(tensor.name) + pickled::array_of(pickled::dtype("f4"), shape + "t",
                                                              pickled::bytes(data_of(tensor)));
  }
  return pickled::pickle("}(" + entries + "u");
}

std::string torch_of(const TensorFile& file) {
  std::string entries;
  pickled::Entries storages;
  for (const Tensor& tensor : file.tensors) {
    std::string shape, strides;
    std::int64_t stride = tensor.element_count();
    for (const auto extent : tensor.shape) {
      stride /= extent;
      shape += pickled::integer(extent);
      strides += pickled::integer(stride);
    }
    const std::string key = std::to_string(storages.size());
    entries += pickled::text(tensor.name) +
               pickled::call(pickled::global("torch._utils", "_rebuild_tensor_v2"),
                             "(" + pickled::storage("FloatStorage", key, tensor.element_count()) +
                                 pickled::integer(0) + "(" + shape + "t(" + strides + "t" +
                                 pickled::no + pickled::none + "t");
    storages.emplace_back(key, data_of(tensor));
  }
  return pickled::torch_zip("}(" + entries + "u", storages);
}

template <class Network>
std::string problem_of(const std::string& contents) {
  const auto weights = std::make_unique<typename Network::Weights>();
  return pplcnet::load_any_bytes(bytes_of(contents), "x", *weights).message();
}

std::string onnx_problem(const std::string& contents) {
  const auto weights = std::make_unique<Net::Weights>();
  return pplcnet::loading::load_onnx(bytes_of(contents), "x", Net::layers, Net::traits,
                                     weights->values)
      .message();
}

struct BadValue {
  std::string_view tensor;
  std::size_t index;
  float value;
  std::string_view expected;  ///< what the message says about it
};

const BadValue kBadValues[] = {
    {"conv1.conv.weight", 5, NAN, "expected finite float32 numbers, found nan (number 5)"},
    {"blocks2.0.pw_conv.conv.weight", 0, kInfinity,
     "expected finite float32 numbers, found inf (number 0)"},
    {"blocks3.1.dw_conv.bn.weight", 1, -kInfinity,
     "expected finite float32 numbers, found -inf (number 1)"},
    {"blocks3.1.dw_conv.bn.bias", 2, NAN, "expected finite float32 numbers, found nan (number 2)"},
    {"blocks4.0.pw_conv.bn._mean", 3, NAN, "expected finite float32 numbers, found nan (number 3)"},
    {"blocks5.2.dw_conv.bn._variance", 4, NAN,
     "expected finite float32 numbers, found nan (number 4)"},
    {"blocks5.2.dw_conv.bn._variance", 4, -0.5f,
     "expected variances, which are not negative, found -0.5 (number 4)"},
    {"blocks5.2.dw_conv.bn._variance", 4, -1e-6f,
     "expected variances, which are not negative, found -1e-06 (number 4)"},
    {"fc.bias", 1, NAN, "expected finite float32 numbers, found nan (number 1)"},
};

TEST(ValuesTest, FilesWithNamesAreRefusedByTheTensorsName) {
  for (const auto& [name, index, value, expected] : kBadValues) {
    SCOPED_TRACE(name);
    const auto state = marked<Net>(name, index);
    const std::string message = "x: tensor '" + std::string(name) + "': " + std::string(expected);
    for (const std::string& contents : {safetensors_of(state.file), pdiparams_of(state.file),
                                        pdparams_of(state.file), torch_of(state.file)}) {
      EXPECT_EQ(problem_of<Net>(contents), "");
      EXPECT_EQ(problem_of<Net>(with_marker_replaced(contents, value)), message);
    }
  }
}

TEST(ValuesTest, GraphsAreRefusedByTheTensorsName) {
  for (const auto& [name, index, value, expected] : kBadValues) {
    SCOPED_TRACE(name);
    const auto state = marked<Net>(name, index);
    const OnnxNetwork onnx(state.file, Net::layers, Net::traits, {});
    EXPECT_EQ(onnx_problem(onnx.file()), "");
    const std::string message = onnx_problem(with_marker_replaced(onnx.file(), value));
    EXPECT_TRUE(message.starts_with("x: tensor 'v")) << message;
    EXPECT_TRUE(message.ends_with(expected)) << message;

    const NcnnNetwork ncnn(state.file, Net::layers, Net::traits);
    pplcnet::FileGraph graph;
    const std::string weights = with_marker_replaced(ncnn.weights(), value);
    ASSERT_STREQ(pplcnet::parse_ncnn(ncnn.text(), "x", bytes_of(weights), "x.bin", graph).message(),
                 "");
    const auto result = std::make_unique<Net::Weights>();
    const std::string other =
        pplcnet::pack_graph(graph, Net::layers, Net::traits, result->values).message();
    EXPECT_TRUE(other.starts_with("x: tensor 'l")) << other;
    EXPECT_TRUE(other.ends_with(expected)) << other;
  }
}

/// A wrong value is reported for the network that the file has, not of others that it is tried on.
TEST(ValuesTest, AnotherNetworkIsToldBeforeAWrongValue) {
  using Other = PPLCNet<Scale::x0_25, Options{.classes = 5, .input = {32, 32}}>;
  const auto state = marked<Net>("conv1.conv.weight", 0);
  const std::string contents = with_marker_replaced(safetensors_of(state.file), NAN);
  EXPECT_EQ(problem_of<Other>(contents), "x: has 4 classes ('fc.weight'), the type has 5");
  const OnnxNetwork onnx(state.file, Net::layers, Net::traits, {});
  const auto weights = std::make_unique<Other::Weights>();
  EXPECT_STREQ(pplcnet::loading::load_onnx(bytes_of(with_marker_replaced(onnx.file(), NAN)), "x",
                                           Other::layers, Other::traits, weights->values)
                   .message(),
               "x: has 4 classes, the type has 5");
}

TEST(ValuesTest, NumbersOfEveryTypeAreChecked) {
  const auto file_of = [](DataType type, const std::string& number, std::string& data,
                          SyntheticStateDict& state) {
    state = synthetic_state_dict(Net::layers, Net::traits);
    Tensor& bias = tensor(state.file, "fc.bias");
    data = std::string(number.size(), '\0') + number + std::string(2 * number.size(), '\0');
    bias.type = type;
    bias.data = bytes_of(data);
    return safetensors_of(state.file);
  };
  std::string data;
  SyntheticStateDict state;
  const auto half = [](std::uint16_t bits) { return little_endian(bits); };
  const auto number = [](double value) {
    return little_endian(std::bit_cast<std::uint64_t>(value));
  };
  const std::string begin = "x: tensor 'fc.bias': expected finite float32 numbers, found ";
  EXPECT_EQ(problem_of<Net>(file_of(DataType::f16, half(0x7bff), data, state)), "");
  EXPECT_EQ(problem_of<Net>(file_of(DataType::f16, half(0x7c00), data, state)),
            begin + "inf (number 1)");
  EXPECT_EQ(problem_of<Net>(file_of(DataType::f16, half(0x7c01), data, state)),
            begin + "nan (number 1)");
  EXPECT_EQ(problem_of<Net>(file_of(DataType::bf16, half(0x7f80), data, state)),
            begin + "inf (number 1)");
  EXPECT_EQ(problem_of<Net>(file_of(DataType::f64, number(1e38), data, state)), "");
  EXPECT_EQ(problem_of<Net>(file_of(DataType::f64, number(-1e39), data, state)),
            begin + "-inf (number 1)");
}

/// Each number is finite, but not what folding makes of them.
TEST(ValuesTest, WhatOverflowsWhenItIsFoldedIsRefused) {
  SyntheticStateDict small = marked<Net>("blocks2.0.dw_conv.bn._variance", 2);
  for (std::size_t i = 0; i < small.values.size(); ++i)
    if (small.file.tensors[i].name == "blocks2.0.dw_conv.bn.weight") (*small.values[i])[2] = 3e38f;
  const std::string overflowing = with_marker_replaced(safetensors_of(small.file), 0);
  EXPECT_TRUE(problem_of<Net>(overflowing)
                  .starts_with("x: tensor 'blocks2.0.dw_conv.weight': expected finite float32 "
                               "numbers when batch norm and scales are part of it, found "))
      << problem_of<Net>(overflowing);
}

TEST(ValuesTest, WhatOverflowsFloat16IsRefused) {
  const auto state = marked<Net>("fc.weight", 7);
  const std::string expected = "expected finite float16 numbers, at most 65504 ";
  const std::string large = with_marker_replaced(safetensors_of(state.file), 1e6f);
  EXPECT_EQ(problem_of<Net>(large), "");
  EXPECT_TRUE(
      problem_of<Half>(large).starts_with("x: tensor 'fc.weight': " + expected +
                                          "when batch norm and scales are part of it, found inf"))
      << problem_of<Half>(large);

  const TemporaryFolder folder;
  const std::string path = folder.file("large.safetensors");
  const auto weights = std::make_unique<Net::Weights>();
  ASSERT_STREQ(pplcnet::load_any_bytes(bytes_of(large), "x", *weights).message(), "");
  ASSERT_STREQ(pplcnet::save(path, *weights).message(), "");
  const auto half = std::make_unique<Half::Weights>();
  const std::string when = "in the storage that is asked for, found inf";
  EXPECT_TRUE(std::string(pplcnet::load(path, *half).message())
                  .starts_with(path + ": tensor 'fc.weight': " + expected + when));
  const std::string other = folder.file("half.safetensors");
  EXPECT_TRUE(std::string(pplcnet::save(other, *weights, {}, Storage::half).message())
                  .starts_with(other + ": tensor 'fc.weight': " + expected + when));
  EXPECT_EQ(folder.file_count(), 1);
}

TEST(ValuesTest, NativeFilesAndViewsAreCheckedWhereverTheNumberIs) {
  const TemporaryFolder folder;
  const std::string path = folder.file("n.safetensors");
  const auto check = [&]<class Network>(const Network&, std::size_t byte, const std::string& bits,
                                        const std::string& expected) {
    ASSERT_STREQ(pplcnet::save(path, *synthetic_weights<Network>()).message(), "");
    pplcnet::FileBytes file;
    ASSERT_STREQ(pplcnet::read_file(path, file).message(), "");
    std::uint64_t header = 0;
    std::memcpy(&header, file.bytes().data(), sizeof header);
    std::memcpy(file.bytes().data() + sizeof header + header + byte, bits.data(), bits.size());
    const auto weights = std::make_unique<typename Network::Weights>();
    const std::span<const std::byte> bytes = std::as_const(file).bytes();
    EXPECT_EQ(pplcnet::load_bytes(bytes, "x", *weights).message(), expected);
    std::optional<typename Network::WeightsView> view;
    EXPECT_EQ(pplcnet::view<Network>(bytes, "x", view).message(), expected);
    EXPECT_FALSE(view);
    const auto other = std::make_unique<Net::Weights>();
    EXPECT_EQ(pplcnet::load_bytes(bytes, "x", *other).message(), expected);
  };
  const std::string nan = little_endian(std::bit_cast<std::uint32_t>(NAN));
  const std::string infinite = little_endian(std::uint16_t{0xfc00});
  const pplcnet::Layer& classifier = Net::layers[Net::layer_count - 1];
  const pplcnet::Layer& half_classifier = Half::layers[Half::layer_count - 1];
  check(Net(), 0, nan,
        "x: tensor 'conv1.weight': expected finite float32 numbers, found nan (number 0)");
  check(Net(), 4 * (classifier.biases - 1), nan,
        "x: tensor 'fc.weight': expected finite float32 numbers, found nan (number " +
            std::to_string(classifier.weight_floats() - 1) + ")");
  check(Net(), 4 * (classifier.biases + 2), nan,
        "x: tensor 'fc.bias': expected finite float32 numbers, found nan (number 2)");
  check(Half(), 4 * half_classifier.weights + 6, infinite,
        "x: tensor 'fc.weight': expected finite float16 numbers, at most 65504, found -inf (number "
        "3)");
}

TEST(ValuesTest, AWeightThatIsNoNumberIsNotSaved) {
  const TemporaryFolder folder;
  const auto weights = synthetic_weights<Net>();
  weights->values[Net::layers[Net::layer_count - 1].biases] = NAN;
  const std::string native = folder.file("n.safetensors"), onnx = folder.file("n.onnx");
  EXPECT_TRUE(std::string(pplcnet::save(native, *weights).message())
                  .starts_with(native + ": tensor 'fc.bias': expected finite float32 numbers"));
  EXPECT_TRUE(std::string(pplcnet::save_onnx(onnx, *weights).message())
                  .starts_with(onnx + ": tensor 'fc.bias': expected finite float32 numbers"));
  EXPECT_EQ(folder.file_count(), 0);

  ASSERT_STREQ(pplcnet::save_onnx(onnx, *synthetic_weights<Net>()).message(), "");
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(onnx, file).message(), "");
  std::string contents(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  const auto state = synthetic_state_dict(Net::layers, Net::traits);
  const std::string bias = data_of(*state.file.find("fc.bias"));
  const std::size_t place = contents.find(bias);
  ASSERT_NE(place, contents.npos);
  contents.replace(place, 4, little_endian(std::bit_cast<std::uint32_t>(NAN)));
  EXPECT_EQ(onnx_problem(contents),
            "x: tensor 'fc.bias': expected finite float32 numbers, found nan (number 0)");
}

TEST(ValuesTest, AnEpsilonThatIsNoNumberIsAnotherEpsilon) {
  const auto state = synthetic_state_dict(Net::layers, Net::traits);
  const OnnxNetwork network(state.file, Net::layers, Net::traits, {});
  const std::string epsilon = little_endian(std::bit_cast<std::uint32_t>(1e-5f));
  for (const float value : {NAN, -1e-5f, kInfinity, 0.0f, 1e-3f}) {
    std::string contents = network.file();
    contents.replace(contents.find(epsilon), 4, little_endian(std::bit_cast<std::uint32_t>(value)));
    EXPECT_EQ(onnx_problem(contents),
              "x: conv1: the batch norm after it has another epsilon than the network's")
        << value;
  }
}

/// All numbers of a file may be rounded to float16: those that weights are multiplied with, too.
TEST(ValuesTest, WhatIsRoundedToFloat16IsWhatWasMeant) {
  const auto state = synthetic_state_dict(Net::layers, Net::traits);
  const auto replaced = [](std::string contents, float value, float other) {
    const std::string from = little_endian(std::bit_cast<std::uint32_t>(value));
    const std::string to = little_endian(std::bit_cast<std::uint32_t>(other));
    for (std::size_t place = 0; (place = contents.find(from, place)) != contents.npos;)
      contents.replace(place, 4, to);
    return contents;
  };
  const OnnxNetwork network(state.file, Net::layers, Net::traits, {});
  EXPECT_EQ(onnx_problem(replaced(network.file(), 0.8f, 0.7998046875f)), "");
  EXPECT_EQ(onnx_problem(replaced(network.file(), 0.1666667f, 0.1666259765625f)), "");
  EXPECT_NE(onnx_problem(replaced(network.file(), 0.8f, 0.7996f)), "");
  EXPECT_NE(onnx_problem(replaced(network.file(), 0.8f, NAN)), "");
}

}  // namespace
}  // namespace pplcnet_test::values_test
