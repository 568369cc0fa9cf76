#include "pplcnet/weights/torch/checkpoint.hpp"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "weights/contents.hpp"
#include "weights/pickled_networks.hpp"
#include "weights/pickles.hpp"

namespace pplcnet_test::torch_checkpoint_test {
namespace {

using pickled::dict;
using pickled::storage;
using pickled::tensor;
using pplcnet::DataType;
using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::TensorFile;

using Timm = PPLCNet<Scale::x0_5, Options{.dialect = Dialect::timm}>;

std::string parse(const std::string& contents, TensorFile& file) {
  return pplcnet::parse_torch_checkpoint(bytes_of(contents), "x", file).message();
}

const std::string kSixFloats = f32(std::array{0.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F});
const std::string kSix = storage("FloatStorage", "0", 6);
const std::string kMatrix = tensor(kSix, 0, {2, 3}, {3, 1});

/// A tensor 'a' of a storage of six floats, in both forms. The older one knows storages only by the
/// tensors that they belong to.
std::string zip_of(const std::string& value) {
  return pickled::torch_zip(dict({{"a", value}}), {{"0", kSixFloats}});
}
std::string legacy_of(const std::string& value) {
  return pickled::torch_legacy(dict({{"a", value}, {"z", kMatrix}}), {{"0", u64(6) + kSixFloats}});
}

TEST(TorchCheckpointTest, EveryFormGivesTheSameWeights) {
  for (const std::string name : {".pth", ".legacy.pth", ".ckpt.pth"})
    expect_same_weights<Timm>("timm_lcnet_050" + name, "timm_lcnet_050.safetensors");
}

TEST(TorchCheckpointTest, FilesGiveTimmsLogits) {
  for (const std::string name : {".pth", ".legacy.pth", ".ckpt.pth"})
    expect_golden<Timm>("timm_lcnet_050" + name, "timm_lcnet_050");
}

TEST(TorchCheckpointTest, AClassifierLoadsThem) {
  const std::string path = kFolder + "timm_lcnet_050.pth";
  SKIP_WITHOUT(path);
  pplcnet::Classifier<Timm> classifier;
  EXPECT_EQ(classifier.load(path).message(),
            path +
                ": expected safetensors or Paddle's .pdiparams, found a zip archive, as .pth "
                "files are: weights/load_any.hpp reads them");
  EXPECT_STREQ(classifier.load(path, pplcnet::load_any).message(), "");
}

TEST(TorchCheckpointTest, TensorsAreViewsOfStorages) {
  const auto check = [](const std::string& contents) {
    TensorFile file;
    ASSERT_EQ(parse(contents, file), "");
    ASSERT_EQ(file.tensors.size(), 9u);
    EXPECT_EQ(floats_of(*file.find("all")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(file.find("all")->shape, (std::vector<std::int64_t>{2, 3}));
    EXPECT_EQ(floats_of(*file.find("end")), (std::vector<float>{4, 5}));
    EXPECT_EQ(floats_of(*file.find("transposed")), (std::vector<float>{0, 3, 1, 4, 2, 5}));
    EXPECT_EQ(floats_of(*file.find("repeated")), (std::vector<float>{5, 5, 5}));
    EXPECT_EQ(floats_of(*file.find("column")), (std::vector<float>{1, 4}));
    EXPECT_EQ(floats_of(*file.find("parameter")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(file.find("bn1.num_batches_tracked")->type, DataType::i64);
    EXPECT_EQ(file.find("bn1.num_batches_tracked")->shape, std::vector<std::int64_t>{});
    EXPECT_EQ(floats_of(*file.find("half")), (std::vector<float>{1, -2}));
    EXPECT_EQ(file.find("none")->shape, (std::vector<std::int64_t>{0, 7}));
    EXPECT_EQ(file.unpacked.size(), 3u);  // the others lie in the file as they are
  };
  const std::string state =
      dict({{"all", kMatrix},
            {"end", tensor(kSix, 4, {2}, {1})},
            {"transposed", tensor(kSix, 0, {3, 2}, {1, 3})},
            {"repeated", tensor(kSix, 5, {3}, {0})},
            {"column", tensor(kSix, 1, {1, 2, 1}, {INT64_MAX, 3, INT64_MAX})},
            {"parameter", pickled::call(pickled::global("torch._utils", "_rebuild_parameter"),
                                        pickled::tuple({kMatrix, pickled::yes, pickled::none}))},
            {"bn1.num_batches_tracked", tensor(storage("LongStorage", "1", 1), 0, {}, {})},
            {"half", tensor(storage("BFloat16Storage", "2", 2), 0, {2}, {1})},
            {"none", tensor(kSix, 6, {0, 7}, {7, 1})}});
  const std::string half("\x80\x3f\x00\xc0", 4);
  check(pickled::torch_zip(state, {{"0", kSixFloats}, {"1", u64(3)}, {"2", half}}));
  check(pickled::torch_legacy(
      state, {{"2", u64(2) + half}, {"0", u64(6) + kSixFloats}, {"1", u64(1) + u64(3)}}));
}

TEST(TorchCheckpointTest, TheStateDictIsFoundInsideACheckpoint) {
  const auto name_of = [](const pickled::Entries& entries) {
    TensorFile file;
    const std::string problem = parse(pickled::torch_zip(dict(entries), {{"0", kSixFloats}}), file);
    return problem.empty() ? file.tensors.at(0).name : problem;
  };
  const auto state = [](const std::string& name) { return dict({{name, kMatrix}}); };
  const std::string optimizer = dict({{"lr", "G" + u64(0)}});
  EXPECT_EQ(name_of({{"a", kMatrix}}), "a");
  EXPECT_EQ(name_of({{"epoch", pickled::integer(7)}, {"model", state("b")}}), "b");
  EXPECT_EQ(name_of({{"model", state("b")}, {"state_dict", state("c")}, {"optimizer", optimizer}}),
            "c");
  EXPECT_EQ(name_of({{"state_dict", state("c")}, {"state_dict_ema", state("d")}}), "d");
  EXPECT_EQ(name_of({{"state_dict", state("c")}, {"state_dict_ema", pickled::none}}), "c");
  EXPECT_EQ(name_of({{"epoch", pickled::integer(7)}, {"net", state("b")}}),
            "x: tensor 'epoch': expected a tensor, found an integer");
}

/// What training scripts put beside the tensors is left out: timm's arguments, Lightning's
/// parameters and callbacks.
TEST(TorchCheckpointTest, ObjectsBesideTheTensorsAreLeftOut) {
  const auto object = [](const std::string& module, const std::string& name) {
    return pickled::global(module, name) + ")\x81";
  };
  const std::string state = dict({{"model.a", kMatrix}});
  const std::string arguments = object("argparse", "Namespace") +
                                dict({{"lr", "G" + u64(0)}, {"device", object("torch", "x")}}) +
                                "b";
  const std::string parameters =
      object("lightning_fabric.utilities.data", "AttributeDict") + "(" + pickled::text("classes") +
      "K\x02" + pickled::text("path") +
      pickled::call(pickled::global("pathlib", "PosixPath"), pickled::tuple({pickled::text("/")})) +
      "u";
  const std::string loss =
      pickled::call(pickled::global("numpy.core.multiarray", "scalar"),
                    pickled::tuple({pickled::dtype("f8"), pickled::bytes("12345678")}));
  const std::string root =
      dict({{"args", arguments},
            {"epoch", pickled::integer(3)},
            {"state_dict", state},
            {"callbacks", dict({{"ModelCheckpoint{'monitor': 'loss'}", dict({{"best", loss}})}})},
            {"hyper_parameters", parameters},
            {"metric", kMatrix}});
  for (const std::string& contents : {pickled::torch_zip(root, {{"0", kSixFloats}}),
                                      pickled::torch_legacy(root, {{"0", u64(6) + kSixFloats}})}) {
    TensorFile file;
    ASSERT_EQ(parse(contents, file), "");
    ASSERT_EQ(file.tensors.size(), 1u);
    EXPECT_EQ(floats_of(*file.find("model.a")), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  }
  TensorFile file;
  EXPECT_EQ(parse(zip_of(object("nets", "Backbone")), file),
            "x: tensor 'a': expected a tensor, found an object of 'Backbone'");
  EXPECT_EQ(parse(pickled::torch_zip(object("nets", "Backbone"), {}), file),
            "x: expected a dict of tensors, found an object of 'Backbone'");
  EXPECT_EQ(parse(zip_of(pickled::global("nets", "Backbone")), file),
            "x: tensor 'a': expected a tensor, found a class");
  EXPECT_EQ(
      parse(pickled::torch_zip(dict({{"args", object("os", "system")}, {"a", kMatrix}}), {}), file),
      "x: wants to call 'os.system', which is refused");
}

/// A module of a training framework has the network as its part.
TEST(TorchCheckpointTest, LightningsPrefixIsFound) {
  using Small = PPLCNet<Scale::x0_25, Options{.classes = 3, .dialect = Dialect::timm}>;
  for (const std::string prefix : {"", "model.", "net.", "module.net."}) {
    SyntheticStateDict state = synthetic_state_dict(Small::layers, Small::traits);
    pickled::Entries storages;
    std::string entries;
    for (const pplcnet::Tensor& one : state.file.tensors) {
      const std::string key = std::to_string(storages.size());
      std::string shape, strides;
      std::int64_t stride = one.element_count();
      for (const std::int64_t extent : one.shape) {
        stride /= extent;
        shape += pickled::integer(extent);
        strides += pickled::integer(stride);
      }
      entries += pickled::text(prefix + one.name) +
                 pickled::call(pickled::global("torch._utils", "_rebuild_tensor_v2"),
                               "(" + storage("FloatStorage", key, one.element_count()) +
                                   pickled::integer(0) + "(" + shape + "t(" + strides + "t" +
                                   pickled::no + pickled::none + "t");
      storages.emplace_back(
          key, std::string(reinterpret_cast<const char*>(one.data.data()), one.data.size()));
    }
    const std::string contents = pickled::torch_zip(
        dict({{"epoch", pickled::integer(1)}, {"state_dict", "}(" + entries + "u"}}), storages);
    const auto weights = std::make_unique<Small::Weights>();
    EXPECT_STREQ(pplcnet::load_any_bytes(bytes_of(contents), "x", *weights).message(), "");
    EXPECT_EQ(weights->values, synthetic_weights<Small>()->values);
  }
}

TEST(TorchCheckpointTest, AFileCutAnywhereIsRefused) {
  for (const std::string& contents : {zip_of(kMatrix), legacy_of(kMatrix)}) {
    TensorFile whole;
    ASSERT_EQ(parse(contents, whole), "");
    for (std::size_t size = 0; size < contents.size(); ++size) {
      TensorFile file{{}, {}, "before"};
      EXPECT_NE(parse(contents.substr(0, size), file), "") << size;
      EXPECT_EQ(file.path, "before");
    }
  }
}

TEST(TorchCheckpointTest, HostileFilesAreRefusedInOneSentence) {
  const auto both = [](const std::string& value, const std::string& expected) {
    return std::vector<HostileCase>{{zip_of(value), expected}, {legacy_of(value), expected}};
  };
  const auto zip = [](const pickled::Entries& more) {
    pickled::Entries entries = {{"net/data.pkl", pickled::pickle(dict({{"a", kMatrix}}))},
                                {"net/data/0", kSixFloats}};
    entries.insert(entries.end(), more.begin(), more.end());
    return pickled::zip(entries);
  };
  const auto changed = [&](std::size_t from_end, const std::string& bytes) {
    std::string contents = zip({});
    return contents.replace(contents.size() - from_end, bytes.size(), bytes);
  };
  std::string viewed = kSix;
  viewed.insert(viewed.size() - 2,
                pickled::tuple({pickled::text("v"), pickled::integer(0), pickled::integer(6)}));
  std::vector<HostileCase> cases = {
      {"", "x: expected what torch.save writes, found something else"},
      {pickled::pickle(dict({{"a", kMatrix}})), "x: expected what torch.save writes"},
      // Archives
      {"PK\3\4", "x: expected a zip archive, found its beginning without its end"},
      {pickled::zip({{"a", "b"}}),
       "x: expected an archive of torch.save, found one without data.pkl"},
      {zip({{"net/constants.pkl", ""}}),
       "x: a TorchScript archive: save the state dict of its module instead"},
      {zip({{"net/byteorder", "big"}}), "x: expected little-endian numbers, found 'big'"},
      {zip({{"net/data/0", ""}}), "x: the archive holds 'net/data/0' twice"},
      {pickled::zip({{"net/data.pkl", "x"}}, 8),
       "x: 'net/data.pkl' in the archive is compressed, only stored ones are read, as torch.save "
       "writes them"},
      {changed(12, pickled::u16(0xffff)),
       "x: expected a zip archive of less than 4 GiB, found a larger one (zip64)"},
      {changed(10, u32(~0u)), "found a larger one (zip64)"},
      {changed(6, u32(~0u)), "found a larger one (zip64)"},
      {changed(12, pickled::u16(0xfffe)),
       "x: expected to need at most 4 times the memory of the file, found more"},
      {changed(12, pickled::u16(3)), "x: the directory of the archive is damaged"},
      {changed(6, u32(0)), "x: the directory of the archive is damaged"},
      {changed(6, u32(1 << 20)),
       "x: expected the directory of a zip archive at byte 1048576, found the end"},
      {changed(10, u32(1 << 20)), "x: expected the directory of a zip archive at byte"},
      {pickled::torch_zip(pickled::global("os", "system"), {}),
       "x: wants to call 'os.system', which is refused"},
      {pickled::torch_zip("]", {}), "x: expected a dict of tensors, found a list"},
      // The older form
      {pickled::torch_legacy(dict({{"a", kMatrix}}), {{"0", u64(6) + kSixFloats}}, pickled::no),
       "x: expected little-endian numbers, found big-endian ones"},
      {pickled::torch_legacy(dict({{"a", kMatrix}}), {{"1", u64(6) + kSixFloats}}),
       "x: storage '1': expected its data, found 32 bytes of something else"},
      {pickled::torch_legacy(dict({{"a", kMatrix}}), {{"0", u64(5) + kSixFloats}}),
       "x: storage '0': expected its data, found 24 bytes of something else"},
      {pickled::torch_legacy(dict({{"a", kMatrix}}), {}),
       "x: tensor 'a': expected 24 bytes of storage '0', found none"},
  };
  const std::pair<std::string, std::string> values[] = {
      {pickled::integer(1), "x: tensor 'a': expected a tensor, found an integer"},
      {dict({{"b", kMatrix}}), "x: tensor 'a': expected a tensor, found a dict"},
      {pickled::array("f4", {1}, "1234"),
       "x: tensor 'a': expected a tensor, found a call of '_reconstruct'"},
      {tensor(kSix, 0, {7}, {1}),
       "x: tensor 'a': expected the elements of F32 [7], found them beyond the 6 that are stored"},
      {tensor(kSix, 6, {1}, {1}), "expected the elements of F32 [1], found them beyond the 6"},
      {tensor(kSix, 6, {}, {}), "expected the elements of F32 [], found them beyond the 6"},
      {tensor(kSix, 1, {2, 3}, {3, 1}), "expected the elements of F32 [2, 3]"},
      {tensor(kSix, 0, {2}, {INT64_MAX}), "expected the elements of F32 [2]"},
      {tensor(kSix, 0, {INT64_MAX, 4}, {0, 0}),
       "expected the elements of F32 [9223372036854775807, 4]"},
      {tensor(kSix, 0, {2, 3}, {1}), "expected the elements of F32 [2, 3]"},
      {tensor(kSix, INT64_MAX, {1}, {1}), "expected the elements of F32 [1]"},
      {tensor(kSix, 0, {1 << 20}, {0}),
       "x: expected to need at most 4 times the memory of the file, found more"},
      {tensor(kSix, -1, {1}, {1}), "expected a tensor, found a call of '_rebuild_tensor_v2'"},
      {tensor(kSix, 0, {-1}, {1}), "x: tensor 'a': expected at most 32 dimensions, none negative"},
      {tensor(kSix, 0, {6}, {-1}), "x: tensor 'a': expected at most 32 dimensions, none negative"},
      {tensor(pickled::none, 0, {6}, {1}), "x: expected a storage, found None"},
      {tensor(pickled::text("0"), 0, {6}, {1}), "x: expected a storage, found '0'"},
  };
  for (const auto& [value, expected] : values)
    for (const HostileCase& one : both(value, expected)) cases.push_back(one);
  for (const std::string& bad :
       {storage("FloatStorage", "0", -1), storage("FloatStorage", "0", INT64_MAX),
        pickled::none + "Q", pickled::tuple({}) + "Q", viewed}) {
    const std::string value = tensor(bad, 0, {6}, {1});
    cases.push_back({zip_of(value), "torage"});
    cases.push_back({legacy_of(value), "torage"});
  }
  cases.push_back({zip_of(tensor(storage("FloatStorage", "0", 5), 0, {5}, {1})),
                   "x: tensor 'a': expected 20 bytes of storage '0', found 24"});
  cases.push_back({zip_of(tensor(storage("FloatStorage", "../0", 6), 0, {6}, {1})),
                   "x: tensor 'a': expected 24 bytes of storage '../0', found none"});
  for (const auto& [contents, expected] : cases) {
    TensorFile file;
    const std::string message = parse(contents, file);
    EXPECT_NE(message.find(expected), message.npos)
        << "found:    " << message << "\nexpected: " << expected;
    EXPECT_EQ(message.rfind("x: ", 0), 0u) << message;
    EXPECT_LT(message.size(), 300u) << message;
    EXPECT_TRUE(file.tensors.empty());
  }
}

}  // namespace
}  // namespace pplcnet_test::torch_checkpoint_test
