#include "pplcnet/weights/paddle/pdparams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "weights/contents.hpp"
#include "weights/pickled_networks.hpp"
#include "weights/pickles.hpp"

namespace pplcnet_test::pdparams_test {
namespace {

using pickled::array;
using pickled::dict;
using pickled::integers;
using pplcnet::DataType;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::TensorFile;

std::string parse(const std::string& contents, TensorFile& file) {
  return pplcnet::parse_pdparams(bytes_of(contents), "x", file).message();
}

/// A file of one tensor, 'a'.
std::string file_of(const std::string& value) { return pickled::pickle(dict({{"a", value}})); }

const std::string kSixFloats = [] {
  std::string data;
  for (const std::uint32_t exponent : {127u, 128u, 129u, 130u, 131u, 132u})
    data += u32(exponent << 23);
  return data;  // 1, 2, 4, 8, 16, 32
}();

TEST(PdparamsTest, EveryProtocolGivesTheSameWeights) {
  using Net = PPLCNet<Scale::x0_25>;
  for (const std::string name : {"p2", "p4", "p4.numpy2"})
    expect_same_weights<Net>("pplcnet_x0_25." + name + ".pdparams", "pplcnet_x0_25.pdiparams");
}

TEST(PdparamsTest, AFileGivesPaddlesLogits) {
  expect_golden<PPLCNet<Scale::x0_25>>("pplcnet_x0_25.p4.pdparams", "v1_x0_25");
}

TEST(PdparamsTest, ATrainingCheckpointOfV2GivesPaddlesLogits) {
  expect_golden<pplcnet::PPLCNetV2<pplcnet::V2::small>>("pplcnetv2_small_train.p4.pdparams",
                                                        "v2_small_train");
}

TEST(PdparamsTest, AnotherNetworkIsSaid) {
  const std::string path = kFolder + "pplcnet_x0_25.p4.pdparams";
  SKIP_WITHOUT(path);
  using OtherClasses = PPLCNet<Scale::x0_25, pplcnet::Options{.classes = 4}>;
  const auto other_scale = std::make_unique<PPLCNet<Scale::x0_35>::Weights>();
  const auto other_classes = std::make_unique<OtherClasses::Weights>();
  EXPECT_EQ(pplcnet::load_any(path, *other_scale).message(),
            path +
                ": tensor 'blocks2.0.pw_conv.conv.weight': expected F32 [16, 8, 1, 1], found F32 "
                "[8, 8, 1, 1]");
  EXPECT_EQ(pplcnet::load_any(path, *other_classes).message(),
            path + ": has 1000 classes ('fc.weight'), the type has 4");
}

TEST(PdparamsTest, ArraysAreReadAsTheyWereSaved) {
  const std::string contents = pickled::pickle(dict({
      {"packed", array("f4", {2, 3}, kSixFloats)},
      {"fortran", pickled::array_of(pickled::dtype("f4"), integers({3, 2}),
                                    pickled::bytes(kSixFloats), pickled::yes)},
      {"scalar", array("i8", {}, u64(7))},
      {"empty", pickled::array_of(pickled::dtype("f4"), integers({0, 9}),
                                  pickled::call(pickled::global("__builtin__", "bytes"), ")"))},
      {"latin1", pickled::array_of(pickled::dtype("u1", "|"), integers({4}),
                                   pickled::call(pickled::global("_codecs", "encode"),
                                                 pickled::tuple({pickled::text(std::string(
                                                                     "\0\x7f\xc2\x80\xc3\xbf", 6)),
                                                                 pickled::text("latin1")})))},
      {"paddle", pickled::call(pickled::global("builtins", "tuple"),
                               pickled::tuple({pickled::tuple({pickled::text("linear_0.b_0"),
                                                               array("f2", {1}, "\x01\x3c")})}))},
      {"buffer", pickled::call(pickled::global("numpy._core.numeric", "_frombuffer"),
                               pickled::tuple({pickled::bytes(kSixFloats), pickled::dtype("f4"),
                                               integers({2, 1, 3}), pickled::text("F")}))},
      {"StructuredToParameterName@@", dict({{"packed", pickled::text("linear_0.w_0")}})},
  }));
  TensorFile file;
  ASSERT_EQ(parse(contents, file), "");
  ASSERT_EQ(file.tensors.size(), 7u);
  EXPECT_EQ(file.path, "x");
  EXPECT_EQ(floats_of(*file.find("packed")), (std::vector<float>{1, 2, 4, 8, 16, 32}));
  EXPECT_EQ(floats_of(*file.find("fortran")), (std::vector<float>{1, 8, 2, 16, 4, 32}));
  EXPECT_EQ(file.find("scalar")->type, DataType::i64);
  EXPECT_EQ(file.find("scalar")->shape, std::vector<std::int64_t>{});
  EXPECT_EQ(file.find("empty")->shape, (std::vector<std::int64_t>{0, 9}));
  const std::vector<std::byte> bytes = {std::byte{0}, std::byte{0x7f}, std::byte{0x80},
                                        std::byte{0xff}};
  EXPECT_TRUE(std::ranges::equal(file.find("latin1")->data, bytes));
  EXPECT_EQ(file.find("paddle")->type, DataType::f16);
  EXPECT_EQ(floats_of(*file.find("buffer")), (std::vector<float>{1, 4, 16, 2, 8, 32}));
  EXPECT_EQ(file.unpacked.size(), 3u);

  const TensorFile copy = file;  // shares what was unpacked
  file = {};
  EXPECT_EQ(floats_of(*copy.find("fortran")), (std::vector<float>{1, 8, 2, 16, 4, 32}));
}

TEST(PdparamsTest, AFileCutAnywhereIsRefused) {
  const std::string contents = file_of(array("f4", {6}, kSixFloats));
  for (std::size_t size = 0; size < contents.size(); ++size) {
    TensorFile file{{}, {}, "before"};
    EXPECT_NE(parse(contents.substr(0, size), file), "") << size;
    EXPECT_EQ(file.path, "before");
  }
  TensorFile file;
  EXPECT_EQ(parse(contents, file), "");
  EXPECT_EQ(parse(contents + "x", file), "x: expected a pickle of " +
                                             std::to_string(contents.size()) + " bytes, found " +
                                             std::to_string(contents.size() + 1));
}

TEST(PdparamsTest, HostileFilesAreRefusedInOneSentence) {
  const auto array_of = [](const std::string& dtype, const std::string& shape,
                           const std::string& data) {
    return file_of(pickled::array_of(dtype, shape, data));
  };
  const auto latin1 = [](const std::string& text, const std::string& encoding = "latin1") {
    return file_of(pickled::array_of(
        pickled::dtype("u1", "|"), integers({1}),
        pickled::call(pickled::global("_codecs", "encode"),
                      pickled::tuple({pickled::text(text), pickled::text(encoding)}))));
  };
  const std::string f4 = pickled::dtype("f4"), data = pickled::bytes(kSixFloats);
  const std::string big_text(1'000'000, 'x');
  std::string many_dimensions = "(";
  for (int i = 0; i < 33; ++i) many_dimensions += pickled::integer(1);
  const std::string again = "h" + std::string(1, '\0');
  std::string many = "}(" + pickled::text("a") + array("u1", {0}, "") + "\x94";
  for (int i = 0; i < 1 << 15; ++i) many += pickled::text(std::string(100, 'a')) + again;
  // An array of a large text, which is decoded for each of ten names.
  std::string repeated =
      "}(" + pickled::text("0") +
      pickled::array_of(
          pickled::dtype("u1", "|"), integers({1'000'000}),
          pickled::call(pickled::global("_codecs", "encode"),
                        pickled::tuple({pickled::text(big_text), pickled::text("latin1")}))) +
      "\x94";
  for (const char c : std::string("123456789"))
    repeated += pickled::text(std::string(1, c)) + again;
  const HostileCase cases[] = {
      {pickled::pickle("]"), "x: expected a dict of arrays, found a list"},
      {pickled::pickle(pickled::text("a")), "x: expected a dict of arrays, found 'a'"},
      {pickled::pickle(array("f4", {6}, kSixFloats)),
       "x: expected a dict of arrays, found a call of '_reconstruct'"},
      {pickled::pickle("}(NNu"), "x: expected the name of a tensor, found None"},
      {file_of(dict({{"b", pickled::integer(1)}})),
       "x: tensor 'a': expected an array, found a dict"},
      {file_of("]"), "x: tensor 'a': expected an array, found a list"},
      {file_of(pickled::integer(3)), "tensor 'a': expected an array, found an integer"},
      {file_of(f4), "tensor 'a': expected an array, found a call of 'dtype'"},
      {file_of(pickled::call(pickled::global("numpy.core.multiarray", "_reconstruct"), ")")),
       "expected an array, found a call of '_reconstruct'"},
      {file_of(pickled::global("numpy", "ndarray")), "expected an array, found a function"},
      {file_of(pickled::tensor(pickled::storage("FloatStorage", "0", 1), 0, {1}, {1})),
       "expected an array, found a call of '_rebuild_tensor_v2'"},
      {array_of(pickled::dtype("f4", ">"), integers({6}), data),
       "tensor 'a': expected little-endian numbers, found others"},
      {array_of(pickled::dtype("f4", "="), integers({6}), data),
       "expected little-endian numbers, found others"},
      {array_of(pickled::dtype("O8"), integers({6}), data),
       "expected little-endian numbers, found others"},
      {array_of(pickled::dtype("c8"), integers({6}), data),
       "expected little-endian numbers, found others"},
      {array_of(pickled::text("f4"), integers({6}), data),
       "expected little-endian numbers, found others"},
      {array_of(f4, integers({5}), data), "tensor 'a': expected the bytes of F32 [5], found 24"},
      {array_of(f4, integers({7}), data), "tensor 'a': expected the bytes of F32 [7], found 24"},
      {array_of(f4, integers({1ll << 32, 1ll << 32}), data),
       "expected the bytes of F32 [4294967296, 4294967296], found 24"},
      {array_of(f4, integers({INT64_MAX}), data),
       "expected the bytes of F32 [9223372036854775807]"},
      {array_of(f4, integers({-6}), data),
       "tensor 'a': expected at most 32 dimensions, none negative, found something else"},
      {array_of(f4, pickled::integer(6), data), "expected at most 32 dimensions"},
      {array_of(f4, pickled::tuple({pickled::text("6")}), data), "expected at most 32 dimensions"},
      {array_of(f4, many_dimensions + "t", data), "expected at most 32 dimensions"},
      {array_of(f4, integers({6}), pickled::list({})),
       "tensor 'a': expected its bytes, found a list"},
      {array_of(f4, integers({6}), pickled::text(kSixFloats)),
       "tensor 'a': expected its bytes, found '"},
      {latin1("\xc4\x80"), "x: expected bytes as characters up to U+00FF, found others"},
      {latin1("\xc2"), "expected bytes as characters up to U+00FF"},
      {latin1("\x80"), "expected bytes as characters up to U+00FF"},
      {latin1("\xc2"
              "a"),
       "expected bytes as characters up to U+00FF"},
      {latin1("a", "utf8"), "tensor 'a': expected its bytes, found a call of 'encode'"},
      {pickled::pickle(
           pickled::dict({{"a", pickled::call(pickled::global("os", "system"),
                                              pickled::tuple({pickled::text("true")}))}})),
       "x: wants to call 'os.system', which is refused"},
      {pickled::pickle(many + "u"), "x: expected at most 32768 tensors, found 32769"},
      {pickled::pickle(repeated + "u"),
       "x: expected to need at most 4 times the memory of the file, found more"},
  };
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
}  // namespace pplcnet_test::pdparams_test
