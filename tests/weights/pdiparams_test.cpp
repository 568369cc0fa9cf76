#include "pplcnet/weights/paddle/pdiparams.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/file.hpp"
#include "synthetic.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::pdiparams_test {
namespace {

using pplcnet::DataType;
using pplcnet::Tensor;
using pplcnet::TensorFile;

std::string parse(const std::string& contents, TensorFile& file) {
  return pplcnet::parse_pdiparams(bytes_of(contents), "x", file).message();
}

const std::string kMatrix = pdiparams_record(description(5, {1, 2}), u32(0x3f800000) + u32(0));
const std::string kScalar = pdiparams_record(description(3, {}), u64(7));

TEST(PdiparamsTest, SyntheticFileHasTheValuesThatItWasMadeOf) {
  const std::string path = PPLCNET_SYNTHETIC "/pplcnet_x0_25.pdiparams";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  pplcnet::FileBytes bytes;
  TensorFile file;
  ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  ASSERT_STREQ(pplcnet::parse_pdiparams(bytes.bytes(), path, file).message(), "");
  EXPECT_EQ(file.path, path);
  ASSERT_EQ(file.tensors.size(), 146u);
  const std::pair<std::size_t, std::string> names[] = {
      {0, "conv1.bn.bias"},      {1, "conv1.bn.weight"},     {2, "conv1.bn._mean"},
      {3, "conv1.bn._variance"}, {108, "conv1.conv.weight"}, {144, "fc.bias"},
      {145, "fc.weight"},
  };
  for (const auto& [index, name] : names) {
    const Tensor& tensor = file.tensors[index];
    EXPECT_EQ(tensor.name, "");
    EXPECT_EQ(tensor.type, DataType::f32);
    EXPECT_EQ(floats_of(tensor), synthetic_tensor(name, tensor.shape, GainFamily::v1)) << name;
  }
  EXPECT_EQ(file.tensors[108].shape, (std::vector<std::int64_t>{8, 3, 3, 3}));
}

TEST(PdiparamsTest, RealFileIsRead) {
  const std::string path = PPLCNET_TEST_DATA "/models/textline_ori_x0_25/inference.pdiparams";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  pplcnet::FileBytes bytes;
  TensorFile file;
  ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  ASSERT_STREQ(pplcnet::parse_pdiparams(bytes.bytes(), path, file).message(), "");
  ASSERT_EQ(file.tensors.size(), 146u);
  EXPECT_EQ(file.tensors[0].shape, (std::vector<std::int64_t>{8}));
  EXPECT_EQ(floats_of(file.tensors[0])[0], 2.4683609008789062f);
  EXPECT_EQ(file.tensors[145].shape, (std::vector<std::int64_t>{1280, 2}));
  EXPECT_EQ(floats_of(file.tensors[145])[1], -0.021061543375253677f);
}

TEST(PdiparamsTest, EveryPartOfASmallFileIsRead) {
  // Two levels, then dimensions packed into one field, as protobuf allows.
  const std::string levels = u32(0) + u64(2) + u64(16) + u64(0) + u64(3) + u64(0);
  const std::string packed = "\x08\x05\x12" + varint(3) + varint(2) + varint(200);
  const std::string empty = pdiparams_record(description(22, {3, 0}), "");
  const std::string contents =
      kMatrix + kScalar + levels + u32(0) + u32(7) + packed + std::string(1600, '\0') + empty;
  TensorFile file;
  ASSERT_EQ(parse(contents, file), "");
  ASSERT_EQ(file.tensors.size(), 4u);
  EXPECT_EQ(floats_of(file.tensors[0]), (std::vector<float>{1, 0}));
  EXPECT_EQ(pplcnet::describe(file.tensors[1].type, file.tensors[1].shape), "I64 []");
  EXPECT_EQ(pplcnet::describe(file.tensors[2].type, file.tensors[2].shape), "F32 [2, 200]");
  EXPECT_EQ(pplcnet::describe(file.tensors[3].type, file.tensors[3].shape), "BF16 [3, 0]");
}

TEST(PdiparamsTest, AFileCutInsideATensorIsRefused) {
  const std::string contents = kMatrix + kScalar;
  for (std::size_t size = 0; size < contents.size(); ++size) {
    TensorFile file;
    const std::string message = parse(contents.substr(0, size), file);
    if (size == kMatrix.size()) {  // nothing in the format tells that there was more
      EXPECT_EQ(message, "");
      EXPECT_EQ(file.tensors.size(), 1u);
    } else {
      EXPECT_NE(message, "") << size;
      EXPECT_TRUE(file.tensors.empty());
    }
  }
}

TEST(PdiparamsTest, HostileFilesAreRefusedInOneSentence) {
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;
  const std::string eleven_bytes = std::string(10, '\x80') + '\1';
  const std::string strange =
      "x: tensor 0 at byte 0: expected a type and at most 32 dimensions, none negative";
  const auto described = [](const std::string& message) {
    return pdiparams_record(message, std::string(64, '\0'));
  };
  std::string many, empty;
  for (std::size_t i = 0; i <= pplcnet::kMaxTensors; ++i) {
    many += pdiparams_record(description(0, {64}), std::string(64, '\1'));
    empty += pdiparams_record(description(0, {0}), "");
  }
  const HostileCase cases[] = {
      {"", "x: expected tensors, found an empty file"},
      {"123", "x: tensor 0 at byte 0: expected a version, found the end of the file"},
      {u32(1), "x: tensor 0 at byte 0: expected version 0, found 1"},
      {u32(0) + "123", "expected a count of levels, found the end of the file"},
      {u32(0) + u64(1), "expected levels, found the end of the file"},
      {u32(0) + u64(~0ull) + std::string(800, '\0'), "expected levels, found the end"},
      {u32(0) + u64(1) + u64(~0ull) + u64(0), "expected levels, found the end of the file"},
      {u32(0) + u64(0) + u32(7), "expected version 0, found 7"},
      {u32(0) + u64(0) + u32(0), "expected a description, found the end of the file"},
      {u32(0) + u64(0) + u32(0) + u32(9) + "12345678", "expected a description, found the end"},
      {u32(0) + u64(0) + u32(0) + u32(~0u) + "12345678", "expected a description, found the end"},
      {kMatrix + kScalar + "x", "x: tensor 2 at byte 64: expected a version, found the end"},
      // Descriptions
      {described(""), strange},
      {described("\x10\x01"), strange},                                        // no type
      {described("\x08"), strange},                                            // no value
      {described("\x08\x05\x08\x05"), strange},                                // two types
      {described(description(7, {})), strange},                                // a list of tensors
      {described(description(~0ull, {})), strange},                            // no such type
      {described("\x08\x05\x18\x01"), strange},                                // field 3
      {described("\x08\x05\x15\x01"), strange},                                // field 2 as 32 bits
      {described("\x08\x05\x10\x80"), strange},                                // unfinished
      {described("\x08\x05\x10" + eleven_bytes), strange},                     // of too many bytes
      {described("\x08\x05\x10" + std::string(9, '\xff') + "\x02"), strange},  // above 64 bits
      {described(description(5, {~0ull})), strange},                           // -1
      {described("\x08\x05\x12\x05\x01"), strange},  // packed, but too few
      {described("\x08\x05\x12\x01\x80"), strange},  // packed, unfinished
      {described(description(0, std::vector<std::uint64_t>(33, 1))), strange},
      {described("\x08\x05\x12\x21" + std::string(33, '\1')), strange},
      // Data
      {described(description(5, {kHuge})),
       "expected fewer than 2^61 bytes of data for "
       "F32 [4611686018427387904], found 64"},
      {described(description(5, {1ull << 32, 1ull << 32})), "expected fewer than 2^61 bytes"},
      {described(description(5, {17})), "expected 68 bytes of data for F32 [17], found 64"},
      {described(description(6, {1ull << 40})),
       "expected 8796093022208 bytes of data for F64 [1099511627776], found 64"},
      {many, "x: expected at most 32768 tensors, found more"},
      {empty, "x: expected to need at most 4 times the memory of the file, found more"},
  };
  for (const auto& [contents, expected] : cases) {
    TensorFile file;
    const std::string message = parse(contents, file);
    EXPECT_NE(message.find(expected), message.npos)
        << "found:    " << message << "\nexpected: " << expected;
    EXPECT_EQ(message.rfind("x: ", 0), 0u) << message;
    EXPECT_TRUE(file.tensors.empty());
  }
}

}  // namespace
}  // namespace pplcnet_test::pdiparams_test
