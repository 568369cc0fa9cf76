// Files that are not what the type asks for: each is refused in one sentence that says why.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "weights/contents.hpp"
#include "weights/problem.hpp"

namespace pplcnet_test::wrong_file_test {
namespace {

using pplcnet::DataType;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::Tensor;
using pplcnet::TensorFile;

using Net = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}}>;
using OtherScale = PPLCNet<Scale::x0_35, Options{.classes = 4, .input = {32, 32}}>;
using OtherClasses = PPLCNet<Scale::x0_25, Options{.classes = 1000, .input = {32, 32}}>;
using NoHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .head = 0}>;
using OtherHead = PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .head = 512}>;
using Timm =
    PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .dialect = Dialect::timm}>;
using PyTorch =
    PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .dialect = Dialect::pytorch}>;
// These three have the same tensors as Net; only a native file tells them apart.
using OtherStrides =
    PPLCNet<Scale::x0_25,
            Options{.classes = 4, .input = {32, 32}, .strides = {2, 2, 2, 2, {2, 1}}}>;
using NoDropout =
    PPLCNet<Scale::x0_25, Options{.classes = 4, .input = {32, 32}, .dropout_percent = 0}>;
using Relu =
    PPLCNet<Scale::x0_25,
            Options{.classes = 4, .input = {32, 32}, .activation = pplcnet::Activation::relu}>;

/// The same tensors as Paddle's data file; those that are not part of the network come last.
std::string pdiparams_of(const TensorFile& file, std::span<const pplcnet::Layer> layers) {
  const auto record = [](const Tensor& tensor) {
    const std::string data(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    return pdiparams_record(description(tensor.type == DataType::f32 ? 5 : 3, tensor.shape), data);
  };
  std::string contents, rest;
  std::map<std::string_view, const Tensor*> by_name;
  for (const Tensor& tensor : file.tensors) by_name[tensor.name] = &tensor;
  for (const auto& [internal, name] : pplcnet::graph_names(layers, Net::traits.namings.front())) {
    const auto found = by_name.find(name);
    if (found == by_name.end()) continue;
    contents += record(*found->second);
    by_name.erase(found);
  }
  for (const auto& [name, tensor] : by_name) rest += record(*tensor);
  return contents + rest;
}

TEST(WrongFileTest, DamagedTensorsAreNamed) {
  struct Case {
    std::string what;
    std::function<void(TensorFile&)> damage;
    std::string safetensors, pdiparams;
  };
  static const std::vector<std::byte> zeros(64);
  const std::string one_less =
      "holds 145 tensors, the type's network has 146; without a head (Options::head = 0) it has "
      "as many";
  const std::vector<Case> cases = {
      {"nothing", [](TensorFile&) {}, "", ""},
      {"a tensor is missing", [](TensorFile& f) { remove(f, "blocks4.1.pw_conv.bn._mean"); },
       "tensor 'blocks4.1.pw_conv.bn._mean' F32 [32] is missing", one_less},
      {"the head is missing", [](TensorFile& f) { remove(f, "last_conv.weight"); },
       "has no tensor 'last_conv.weight', the type has Options::head = 1280", one_less},
      {"the stem is missing", [](TensorFile& f) { remove(f, "conv1.conv.weight"); },
       "no tensor is named as in a PP-LCNet V1 with Dialect::paddle ('conv1.conv.weight', "
       "'encoder.convolution.convolution.weight', 'embedder.convolution.convolution.weight'); the "
       "first is 'conv1.bn.weight'",
       one_less},
      {"there is one too many",
       [](TensorFile& f) {
         f.tensors.push_back({.name = "neck.weight",
                              .type = DataType::f32,
                              .shape = {2, 3},
                              .data = std::span(zeros).first(24)});
       },
       "tensor 'neck.weight' F32 [2, 3] is not part of the type's network",
       "holds 147 tensors, the type's network has 146"},
      {"the classifier is transposed",
       [](TensorFile& f) {
         tensor(f, "fc.weight").shape = {4, 1280};
       },
       "tensor 'fc.weight': expected F32 [1280, 4], found F32 [4, 1280]",
       "tensor 'fc.weight': expected F32 [1280, 4], found F32 [4, 1280]"},
      {"a shape has another rank",
       [](TensorFile& f) {
         tensor(f, "conv1.bn.bias").shape = {8, 1};
       },
       "tensor 'conv1.bn.bias': expected F32 [8], found F32 [8, 1]",
       "tensor 'conv1.bn.bias': expected F32 [8], found F32 [8, 1]"},
      {"integers",
       [](TensorFile& f) {
         tensor(f, "conv1.bn.bias").type = DataType::i64;
         tensor(f, "conv1.bn.bias").data = zeros;
       },
       "tensor 'conv1.bn.bias': expected F32 [8], found I64 [8]",
       "tensor 'conv1.bn.bias': expected F32 [8], found I64 [8]"},
  };
  TemporaryFolder folder;
  const std::string path = folder.file("weights");
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::traits);
    one.damage(state.file);
    write_tensors(path, state.file);
    EXPECT_EQ(problem<Net>(path), one.safetensors);
    write(path, pdiparams_of(state.file, Net::layers));
    EXPECT_EQ(problem<Net>(path), one.pdiparams);
  }
}

TEST(WrongFileTest, AnotherNetworkIsSaid) {
  TemporaryFolder folder;
  const SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::traits);
  const std::string named = folder.file("named"), data = folder.file("data"),
                    native = folder.file("native");
  write_tensors(named, state.file);
  write(data, pdiparams_of(state.file, Net::layers));
  ASSERT_STREQ(pplcnet::save(native, *synthetic_weights<Net>()).message(), "");

  const std::string shape =
      "tensor 'blocks2.0.pw_conv.conv.weight': expected F32 [16, 8, 1, 1], found F32 [8, 8, 1, 1]";
  EXPECT_EQ(problem<OtherScale>(named), shape);
  EXPECT_EQ(problem<OtherScale>(data), shape);
  EXPECT_EQ(problem<OtherScale>(native),
            "its network has layers 'blocks2.0.pw_conv:8-8:hardswish', the type's (x0_35) has "
            "'blocks2.0.pw_conv:8-16:hardswish'");

  const std::string classes = "has 4 classes ('fc.weight'), the type has 1000";
  EXPECT_EQ(problem<OtherClasses>(named), classes);
  EXPECT_EQ(problem<OtherClasses>(data), classes);
  EXPECT_EQ(problem<OtherClasses>(native),
            "its network has classes '4', the type's (x0_25) has '1000'");

  EXPECT_EQ(problem<Timm>(named),
            "holds tensors of Paddle's V1 (dialect paddle), the type is a PP-LCNet V1 with "
            "Dialect::timm");
  EXPECT_EQ(problem<Timm>(data),
            "a .pdiparams file, which does not name its tensors, fits networks of Paddle only; the "
            "type is a PP-LCNet V1 with Dialect::timm");
  EXPECT_EQ(problem<Timm>(native),
            "its network has dropout_percent '20', the type's (x0_25) has '0'");

  EXPECT_EQ(problem<NoHead>(named),
            "has a tensor 'last_conv.weight', the type has Options::head = 0");
  EXPECT_EQ(problem<NoHead>(data),
            "holds 146 tensors, the type's network has 145; with a head (Options::head = 1280) it "
            "has as many");
  EXPECT_EQ(problem<NoHead>(native), "its network has head '1280', the type's (x0_25) has '0'");

  const std::string head =
      "tensor 'last_conv.weight': expected F32 [512, 128, 1, 1], found F32 [1280, 128, 1, 1]";
  EXPECT_EQ(problem<OtherHead>(named), head);
  EXPECT_EQ(problem<OtherHead>(data), head);
  EXPECT_EQ(problem<OtherHead>(native),
            "its network has head '1280', the type's (x0_25) has '512'");

  EXPECT_EQ(
      problem<OtherStrides>(native),
      "its network has layers 'blocks6.0.dw_conv:k5x5:s2x2:64:hardswish', the type's (x0_25) has "
      "'blocks6.0.dw_conv:k5x5:s2x1:64:hardswish'");
  EXPECT_EQ(problem<NoDropout>(native),
            "its network has dropout_percent '20', the type's (x0_25) has '0'");
  EXPECT_EQ(problem<Relu>(native),
            "its network has layers 'conv1:k3x3:s2x2:3-8:hardswish', the type's (x0_25) has "
            "'conv1:k3x3:s2x2:3-8:relu'");
}

/// A network: its synthetic weights, saved in both ways, and what its type says of a file.
struct Saved {
  void (*save)(const std::string& named, const std::string& native);
  std::string (*problem)(const std::string& path);
};

template <class From>
void save(const std::string& named, const std::string& native) {
  write_tensors(named, synthetic_state_dict(From::layers, From::traits).file);
  ASSERT_STREQ(pplcnet::save(native, *synthetic_weights<From>()).message(), "");
}

template <class... All>
constexpr std::array<Saved, sizeof...(All)> kSaved = {Saved{save<All>, problem<All>}...};

TEST(WrongFileTest, NoNetworkLoadsTheWeightsOfAnother) {
  constexpr auto& kNetworks = kSaved<Net, OtherScale, OtherClasses, NoHead, OtherHead, Timm,
                                     PyTorch, OtherStrides, NoDropout, Relu>;
  const auto has_nets_tensors = [](std::size_t i) { return i == 0 || i >= 7; };
  TemporaryFolder folder;
  const std::string named = folder.file("named"), native = folder.file("native");
  for (std::size_t from = 0; from < kNetworks.size(); ++from) {
    kNetworks[from].save(named, native);
    for (std::size_t to = 0; to < kNetworks.size(); ++to) {
      const bool same_tensors = from == to || (has_nets_tensors(from) && has_nets_tensors(to));
      EXPECT_EQ(kNetworks[to].problem(native).empty(), from == to) << from << " as " << to;
      EXPECT_EQ(kNetworks[to].problem(named).empty(), same_tensors) << from << " as " << to;
    }
  }
}

TEST(WrongFileTest, WhatIsNoWeightFileIsSaid) {
  TemporaryFolder folder;
  EXPECT_EQ(problem<Net>(folder.file("none")), "there is no such file");
  EXPECT_EQ(problem<Net>(folder.path.string()), "expected a file, found a folder");
  const std::string expected = "expected safetensors or Paddle's .pdiparams, found ";
  const std::pair<std::string, std::string> cases[] = {
      {"", "the file is empty"},
      {"Hello, these are no weights.\n", expected + "something else"},
      {"0", expected + "something else"},
      {"\x80\x04\x95 a pickle",
       expected + "a pickle, as .pdparams files are: weights/load_any.hpp reads them"},
      {"PK\3\4 a zip archive",
       expected + "a zip archive, as .pth files are: weights/load_any.hpp reads them"},
      {"PPLCNet_x1_0_infer/" + std::string(238, '\0') + "ustar",
       expected + "a tar archive: unpack it and take the weights inside"},
      {"\x08\x07\x12\x07pytorch", expected + "an ONNX model: weights/onnx/load.hpp reads it"},
      {"7767517\n2 2\n", expected + "an ncnn network (.param): weights/ncnn/load.hpp reads it"},
      {"{\"base_code\":{\"magic\":\"pir\"}}",
       expected + "JSON, as Paddle's graph is (inference.json): the weights are in the .pdiparams "
                  "beside it"},
  };
  const std::string path = folder.file("file");
  for (const auto& [contents, message] : cases) {
    if (contents.empty()) {
      std::fclose(std::fopen(path.c_str(), "wb"));
    } else {
      write(path, contents);
    }
    EXPECT_EQ(problem<Net>(path), message);
  }
  write(path, safetensors_file("{}"));
  EXPECT_TRUE(problem<Net>(path).starts_with("no tensor is named as in a PP-LCNet V1"));
  EXPECT_TRUE(problem<Net>(path).ends_with("; the first is none"));
}

TEST(WrongFileTest, ATruncatedFileIsRefusedWhereverItIsCut) {
  TemporaryFolder folder;
  const std::string path = folder.file("file"), whole = folder.file("whole");
  const SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::traits);
  const auto expect_all_refused = [&](const std::string& contents) {
    write(path, contents);
    EXPECT_EQ(problem<Net>(path), "");
    for (std::size_t size = contents.size() - 1; size > 0; size -= size / 16 + 1) {
      write(path, contents.substr(0, size));
      EXPECT_NE(problem<Net>(path), "") << size << " of " << contents.size();
    }
  };
  const auto read = [](const std::string& file) {
    pplcnet::FileBytes bytes;
    EXPECT_STREQ(pplcnet::read_file(file, bytes).message(), "");
    return std::string(reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size());
  };
  expect_all_refused(pdiparams_of(state.file, Net::layers));
  write_tensors(whole, state.file);
  expect_all_refused(read(whole));
  ASSERT_STREQ(pplcnet::save(whole, *synthetic_weights<Net>()).message(), "");
  expect_all_refused(read(whole));
}

TEST(RightFileTest, PrefixesCountersAndOtherFloatsAreAccepted) {
  TemporaryFolder folder;
  const std::string path = folder.file("weights");
  const auto expected = synthetic_weights<Timm>();
  const auto expect_same = [&](const TensorFile& file) {
    write_tensors(path, file);
    const auto weights = std::make_unique<Timm::Weights>();
    ASSERT_STREQ(pplcnet::load(path, *weights).message(), "");
    EXPECT_EQ(weights->values, expected->values);
  };
  for (const std::string prefix : {"", "module.", "backbone.", "base_model.model."}) {
    SCOPED_TRACE(prefix);
    SyntheticStateDict state = synthetic_state_dict(Timm::layers, Timm::traits);
    for (Tensor& one : state.file.tensors) one.name = prefix + one.name;
    expect_same(state.file);
    if (prefix.empty()) continue;
    tensor(state.file, prefix + "bn1.bias").name = "bn1.bias";  // a prefix is that of all names
    write_tensors(path, state.file);
    EXPECT_EQ(problem<Timm>(path), "tensor '" + prefix + "bn1.bias' F32 [8] is missing");
  }

  SyntheticStateDict state = synthetic_state_dict(Timm::layers, Timm::traits);
  const std::vector<std::byte> counter(8);
  state.file.tensors.push_back(
      {.name = "bn1.num_batches_tracked", .type = DataType::i64, .shape = {}, .data = counter});
  Tensor& wide = tensor(state.file, "conv_head.weight");
  const std::vector<float> values = floats_of(wide);
  const std::vector<double> doubles(values.begin(), values.end());
  wide.type = DataType::f64;
  wide.data = std::as_bytes(std::span(doubles));
  expect_same(state.file);
}

}  // namespace
}  // namespace pplcnet_test::wrong_file_test
