#include "pplcnet/weights/safetensors/reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "synthetic.hpp"
#include "weights/contents.hpp"

namespace pplcnet_test::safetensors_test {
namespace {

using pplcnet::DataType;
using pplcnet::Tensor;
using pplcnet::TensorFile;

std::string parse(const std::string& contents, TensorFile& file) {
  return pplcnet::parse_safetensors(bytes_of(contents), "x", file).message();
}

/// A header with the fields of one tensor 'a'.
std::string tensor_a(const std::string& fields) { return "{\"a\":{" + fields + "}}"; }

const std::string kSmallFile = safetensors_file(
    R"({"__metadata__":{"format":"pt","\u00e9":"\ud83d\ude00 \"\\\/\b\f\n\r\t"},)"
    R"("b":{"dtype":"I64","shape":[],"data_offsets":[6,14]},)"
    R"( "a" : { "shape" : [ 1 , 3 ] , "data_offsets" : [ 0 , 6 ] , "dtype" : "F16" } ,)"
    R"("none":{"dtype":"F32","shape":[2,0],"data_offsets":[6,6]}}   )",
    std::string("\x00\x3c\x00\xc0\x01\x00", 6) + u64(7));

TEST(SafetensorsTest, TimmFileHasTheValuesThatItWasMadeOf) {
  const std::string path = PPLCNET_SYNTHETIC "/timm_lcnet_050.safetensors";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is missing";
  pplcnet::FileBytes bytes;
  TensorFile file;
  ASSERT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  ASSERT_STREQ(pplcnet::parse_safetensors(bytes.bytes(), path, file).message(), "");
  EXPECT_EQ(file.path, path);
  EXPECT_EQ(file.metadata, (decltype(file.metadata){{"format", "pt"}}));
  EXPECT_EQ(file.tensors.size(), 174u);
  EXPECT_EQ(file.find("no such tensor"), nullptr);
  const Tensor* classifier = file.find("classifier.weight");
  ASSERT_NE(classifier, nullptr);
  EXPECT_EQ(pplcnet::describe(classifier->type, classifier->shape), "F32 [1000, 1280]");
  int float_count = 0;
  for (const Tensor& tensor : file.tensors) {
    if (tensor.type != DataType::f32) {
      EXPECT_TRUE(tensor.name.ends_with("num_batches_tracked")) << tensor.name;
      continue;
    }
    ++float_count;
    EXPECT_EQ(floats_of(tensor), synthetic_tensor(tensor.name, tensor.shape, GainFamily::v1))
        << tensor.name;
  }
  EXPECT_EQ(float_count, 147);
}

TEST(SafetensorsTest, EveryPartOfASmallFileIsRead) {
  TensorFile file;
  ASSERT_EQ(parse(kSmallFile, file), "");
  EXPECT_EQ(file.metadata, (decltype(file.metadata){{"format", "pt"}, {"é", "😀 \"\\/\b\f\n\r\t"}}));
  ASSERT_EQ(file.tensors.size(), 3u);  // in the order of their bytes
  EXPECT_EQ(file.tensors[0].name, "a");
  EXPECT_EQ(file.tensors[0].element_count(), 3);
  EXPECT_EQ(floats_of(file.tensors[0]), (std::vector<float>{1, -2, 0x1p-24f}));
  EXPECT_EQ(file.tensors[1].name, "none");
  EXPECT_EQ(file.tensors[1].element_count(), 0);
  EXPECT_EQ(file.tensors[2].name, "b");
  EXPECT_EQ(file.tensors[2].type, DataType::i64);
  EXPECT_EQ(file.tensors[2].element_count(), 1);
  EXPECT_EQ(file.tensors[2].data[0], std::byte{7});
}

TEST(SafetensorsTest, AFileWithoutTensorsIsAllowed) {
  TensorFile file;
  EXPECT_EQ(parse(safetensors_file("{}"), file), "");
  EXPECT_EQ(parse(safetensors_file("{ } \n"), file), "");
}

TEST(SafetensorsTest, AFileCutAnywhereIsRefused) {
  const std::vector<Tensor> before = {{"before", DataType::u8, {0}, {}}};
  for (std::size_t size = 0; size < kSmallFile.size(); ++size) {
    TensorFile file{before, {}, "before"};
    EXPECT_NE(parse(kSmallFile.substr(0, size), file), "") << size;
    EXPECT_EQ(file.path, "before");
    EXPECT_EQ(file.tensors.size(), 1u);
  }
  TensorFile file;
  EXPECT_EQ(parse(kSmallFile + "x", file),
            "x: expected 14 bytes of data for its tensors, found 15");
}

TEST(SafetensorsTest, HostileFilesAreRefusedInOneSentence) {
  const auto header = [](const std::string& text, const std::string& data = "") {
    return safetensors_file(text, data);
  };
  const auto fields = [](const std::string& text, const std::string& data = "") {
    return safetensors_file(tensor_a(text), data);
  };
  const auto shape = [](const std::string& type, const std::string& dimensions,
                        const std::string& data = "") {
    return safetensors_file(tensor_a("\"dtype\":\"" + type + "\",\"shape\":[" + dimensions +
                                     "],\"data_offsets\":[0," + std::to_string(data.size()) + "]"),
                            data);
  };
  const auto offsets = [](const std::string& range, const std::string& data = "1234") {
    return safetensors_file(tensor_a(R"("dtype":"U8","shape":[4],"data_offsets":)" + range), data);
  };
  const auto metadata = [](const std::string& text) {
    return safetensors_file("{\"__metadata__\":" + text + "}");
  };
  const auto two = [](const std::string& first, const std::string& second,
                      const std::string& data) {
    return safetensors_file(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)" + first +
                                R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + second +
                                "}}",
                            data);
  };
  const auto many = [](std::size_t count, const std::string& value) {
    std::string members = "{";
    for (std::size_t i = 0; i < count; ++i)
      members += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + value;
    return members + "}";
  };
  const std::string empty = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  const std::string memory =
      "x: expected to need at most 4 times the memory of the file, found more";
  std::string many_dimensions = "1";
  for (int i = 0; i < 32; ++i) many_dimensions += ",1";

  const HostileCase cases[] = {
      // The size of the header
      {"", "x: expected at least 8 bytes, found 0"},
      {"1234567", "x: expected at least 8 bytes, found 7"},
      {u64(3) + "{}", "x: expected a header of at most 2 bytes, found 3"},
      {u64(~0ull) + "{}", "expected a header of at most 2 bytes, found 18446744073709551615"},
      {u64(100'000'001) + std::string(100'000'001, ' '),
       "expected a header of at most 100000000 bytes, found 100000001"},
      // The grammar
      {u64(0), "expected a header that starts with '{', found ''"},
      {header(" {}"), "expected a header that starts with '{', found ' '"},
      {header("[]"), "expected a header that starts with '{', found '['"},
      {header("{"), "x: byte 1 of the header: expected a string, found the end"},
      {header("{} {}"), "byte 3 of the header: expected the end, found '{'"},
      {header(std::string("{}\0", 3)), "byte 2 of the header: expected the end, found '\\x00'"},
      {header("{,}"), "byte 1 of the header: expected a string, found ','"},
      {header("{a:1}"), "byte 1 of the header: expected a string, found 'a'"},
      {header("{\"a\" 1}"), "byte 5 of the header: expected ':', found '1'"},
      {header("{\"a\":null}"), "byte 5 of the header: expected an object, found 'n'"},
      {header("{\"a\":[[[["), "byte 5 of the header: expected an object, found '['"},
      {header("{\"a\":" + std::string(1'000'000, '{')), "byte 6 of the header: expected a string"},
      {metadata("{\"a\":" + std::string(1'000'000, '[')), "expected a string, found '['"},
      {fields("\"shape\":" + std::string(1'000'000, '[')), "expected a non-negative integer"},
      {metadata("null"), "expected an object, found 'n'"},
      {metadata("{\"a\":1}"), "expected a string, found '1'"},
      {metadata("{\"a\":true}"), "expected a string, found 't'"},
      {metadata("{\"a\":\"b\",}"), "expected a string, found '}'"},
      {metadata("{\"a\":\"b\" \"c\"}"), "expected ',' or '}', found '\"'"},
      {metadata(many(4097, "\"\"")), "x: expected at most 4096 metadata, found more"},
      {header(many(32769, empty)), "x: expected at most 32768 tensors, found more"},
      // Much memory for few bytes
      {header("{\"" + std::string(100'000, '{') + "\":" + empty + "}"), memory},
      {metadata("{\"" + std::string(2'000'000, 'a') + "\":\"\",\"" + std::string(2'000'000, 'a') +
                "\":\"\"}"),
       "has the key 'aaaa"},
      // Strings
      {header("{\"a"), "byte 3 of the header: expected '\"', found the end"},
      {header("{\"\n\""), "byte 2 of the header: expected no control character, found '\\x0a'"},
      {header("{\"\\"), "expected one of \"\\/bfnrtu after '\\', found the end"},
      {header("{\"\\x\""), "expected one of \"\\/bfnrtu after '\\', found 'x'"},
      {header("{\"\\u12"), "expected a hexadecimal digit, found the end"},
      {header("{\"\\u12g4\""), "expected a hexadecimal digit, found 'g'"},
      {header("{\"\\ude00\""), "expected no low surrogate before a high one"},
      {header("{\"\\ud83d\""), "expected '\\u' of a low surrogate, found '\"'"},
      {header("{\"\\ud83d\\n\""), "expected '\\u' of a low surrogate, found '\\'"},
      {header("{\"\\ud83d\\ud83d\""), "expected a low surrogate before this"},
      {header("{\"\\ud83d\\u0041\""), "expected a low surrogate before this"},
      {header("{\"a\x80\""), "byte 2 of the header: expected UTF-8, found 'a\\x80'"},
      {header("{\"\xc3\""), "expected UTF-8, found '\\xc3'"},
      {header("{\"\xc3\\u00a9\""), "expected UTF-8"},       // a lead, then a whole escape
      {header("{\"\xc0\x80\""), "expected UTF-8"},          // longer than needed
      {header("{\"\xe0\x80\x80\""), "expected UTF-8"},      // longer than needed
      {header("{\"\xf0\x80\x80\x80\""), "expected UTF-8"},  // longer than needed
      {header("{\"\xed\xa0\x80\""), "expected UTF-8"},      // a surrogate
      {header("{\"\xf4\x90\x80\x80\""), "expected UTF-8"},  // above U+10FFFF
      {header("{\"\xff\""), "expected UTF-8"},
      {header("\xef\xbb\xbf{}"), "starts with '{', found '\\xef'"},  // a byte order mark
      // Keys
      {metadata("{\"a\":\"\",\"a\":\"\"}"), "x: the header has the key 'a' twice in one object"},
      {metadata("{\"a\":\"\",\"\\u0061\":\"\"}"), "has the key 'a' twice"},
      {header("{\"__metadata__\":{},\"__metadata__\":{}}"), "has the key '__metadata__' twice"},
      {header(R"({"a":)" + empty + R"(,"b":)" + empty + R"(,"a":)" + empty + "}"),
       "x: the header has the key 'a' twice in one object"},
      {fields(R"("dtype":"U8","dtype":"U8")"), "has the key 'dtype' twice"},
      {fields(R"("shape":[],"shape":[])"), "has the key 'shape' twice"},
      {fields(R"("data_offsets":[0,0],"data_offsets":[0,0])"), "has the key 'data_offsets' twice"},
      {fields(R"("shape":[],"data_offsets":[0,0])"),
       "x: tensor 'a': expected dtype, shape and data_offsets, found no dtype"},
      {fields(R"("dtype":"U8","data_offsets":[0,0])"), "found no shape"},
      {fields(R"("dtype":"U8","shape":[])"), "found no data_offsets"},
      {fields(R"("dtype":"U8","strides":[])"),
       "tensor 'a': expected dtype, shape and data_offsets, found 'strides'"},
      // Types and shapes
      {shape("F33", "", ""), "x: tensor 'a': expected a type such as 'F32', found 'F33'"},
      {shape("f32", "", ""), "expected a type such as 'F32', found 'f32'"},
      {fields("\"dtype\":32"), "expected a string, found '3'"},
      {shape("U8", "-1"), "expected a non-negative integer, found '-'"},
      {shape("U8", "01"), "expected an integer below 2^64 without leading zeros, found '1'"},
      {shape("U8", "00"), "expected an integer below 2^64 without leading zeros, found '0'"},
      {shape("U8", "1.0"), "expected ',' or ']', found '.'"},
      {shape("U8", "1e3"), "expected ',' or ']', found 'e'"},
      {shape("U8", "\"1\""), "expected a non-negative integer, found '\"'"},
      {shape("U8", "[1]"), "expected a non-negative integer, found '['"},
      {shape("U8", "1,"), "expected a non-negative integer, found ']'"},
      {shape("U8", "18446744073709551616"), "expected an integer below 2^64"},
      {shape("U8", "99999999999999999999999"), "expected an integer below 2^64"},
      {shape("U8", "18446744073709551615"),
       "tensor 'a': expected dimensions below 2^63, found 18446744073709551615"},
      {shape("U8", "9223372036854775807"),
       "expected a whole number below 2^61 of bytes for U8 [9223372036854775807], found 0"},
      {shape("F32", "4294967296,4294967296"),
       "expected a whole number below 2^61 of bytes for F32 [4294967296, 4294967296], found 0"},
      {shape("U8", "4294967296,4294967296,0"), "expected a whole number below 2^61"},
      {shape("F4", "3", "12"), "expected a whole number below 2^61 of bytes for F4 [3], found 2"},
      {shape("U8", many_dimensions, "1"), "tensor 'a': expected at most 32 dimensions, found more"},
      {shape("F32", "2", "1234"), "x: tensor 'a': expected 8 bytes for F32 [2], found 4"},
      {shape("F32", "0", "1234"), "tensor 'a': expected 0 bytes for F32 [0], found 4"},
      {shape("F32", "", ""), "tensor 'a': expected 4 bytes for F32 [], found 0"},
      // Offsets
      {offsets("[]"), "x: tensor 'a': expected 2 data_offsets, found 0"},
      {offsets("[0]"), "expected 2 data_offsets, found 1"},
      {offsets("[0,4,8]"), "expected 2 data_offsets, found 3"},
      {offsets("4"), "expected an array, found '4'"},
      {offsets("[0,-4]"), "expected a non-negative integer, found '-'"},
      {offsets("[0,5]"), "x: tensor 'a': expected data that end between 0 and 4, found 5"},
      {offsets("[0,18446744073709551615]"), "between 0 and 4, found 18446744073709551615"},
      {offsets("[0,4]", "123"), "expected data that end between 0 and 3, found 4"},
      {offsets("[0,4]", "12345"), "x: expected 4 bytes of data for its tensors, found 5"},
      {offsets("[4,0]"), "tensor 'a': expected data that end between 4 and 4, found 0"},
      {offsets("[1,5]", "12345"), "tensor 'a': expected data that begin at 0"},
      {two("[0,4]", "[4,3]", "12345678"),
       "x: tensor 'b': expected data that end between 4 and 8, found 3"},
      {two("[0,4]", "[0,4]", "1234"), "tensor 'b': expected data that begin at 4"},  // shared
      {two("[0,4]", "[3,7]", "1234567"),
       "tensor 'b': expected data that begin at 4, where others end, found 3"},
      {two("[0,4]", "[5,9]", "123456789"),
       "tensor 'b': expected data that begin at 4, where others end, found 5"},
      {two("[4,8]", "[0,3]", "12345678"),
       "tensor 'b': expected 4 bytes for U8 [4], found 3"},  // they are checked as they lie
  };
  for (const auto& [contents, expected] : cases) {
    TensorFile file;
    const std::string message = parse(contents, file);
    EXPECT_NE(message.find(expected), message.npos)
        << "found:    " << message << "\nexpected: " << expected;
    EXPECT_EQ(message.rfind("x: ", 0), 0u) << message;
    EXPECT_EQ(std::ranges::count(message, '\n'), 0);
    EXPECT_LT(message.size(), 300u) << message;
    EXPECT_TRUE(file.tensors.empty());
  }
}

/// The rules of the reference reader, checked with another JSON parser.
void expect_valid(const std::string& contents) {
  const auto header_size = pplcnet::read_little_endian<std::uint64_t>(bytes_of(contents));
  ASSERT_LE(header_size, std::min<std::size_t>(100'000'000, contents.size() - 8));
  ASSERT_EQ(contents[8], '{');
  EXPECT_EQ((8 + header_size) % 64, 0u);
  const auto header = nlohmann::json::parse(contents.substr(8, header_size));
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.items()) EXPECT_TRUE(value.is_string()) << key;
      continue;
    }
    EXPECT_EQ(entry.size(), 3u);
    std::uint64_t bits = static_cast<std::uint64_t>(
        pplcnet::bits_of(*pplcnet::data_type_named(entry["dtype"].get<std::string>())));
    for (const auto& dimension : entry["shape"]) bits *= dimension.get<std::uint64_t>();
    ranges.push_back({entry["data_offsets"][0], entry["data_offsets"][1]});
    EXPECT_EQ(ranges.back().second - ranges.back().first, bits / 8) << name;
  }
  std::ranges::sort(ranges);
  std::uint64_t filled = 0;
  for (const auto& [begin, end] : ranges) {
    EXPECT_EQ(begin, filled);
    filled = end;
  }
  EXPECT_EQ(8 + header_size + filled, contents.size());
}

std::string contents_of(const std::string& path, pplcnet::FileBytes& bytes) {
  EXPECT_STREQ(pplcnet::read_file(path, bytes).message(), "");
  return {reinterpret_cast<const char*>(bytes.bytes().data()), bytes.bytes().size()};
}

TEST(SafetensorsWriterTest, WhatIsWrittenIsWhatIsRead) {
  const TemporaryFolder folder;
  const std::string path = folder.file("all.safetensors");
  std::string data(1'000, '\0');
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 37);

  TensorFile written;
  const std::string every_ascii = [] {
    std::string text;
    for (char c = 0; c < 127; ++c) text += c;
    return text + "\x7f é 😀";
  }();
  written.metadata = {{"z", every_ascii}, {every_ascii, ""}, {"", "empty key"}};
  std::size_t begin = 0;
  for (const pplcnet::DataTypeRow& row : pplcnet::kDataTypes) {   // no order of sizes or names
    const std::size_t size = static_cast<std::size_t>(row.bits);  // of eight elements
    written.tensors.push_back(
        {"of " + std::string(row.name), row.type, {2, 1, 4}, bytes_of(data).subspan(begin, size)});
    begin += size;
  }
  written.tensors.push_back({"empty", DataType::f32, {3, 0}, {}});
  written.tensors.push_back({every_ascii, DataType::u8, {}, bytes_of(data).first(1)});
  written.tensors.push_back({"", DataType::bf16, {1}, bytes_of(data).first(2)});
  ASSERT_STREQ(pplcnet::write_safetensors(path, written).message(), "");
  EXPECT_EQ(folder.file_count(), 1);

  pplcnet::FileBytes bytes;
  const std::string contents = contents_of(path, bytes);
  expect_valid(contents);
  TensorFile found;
  ASSERT_STREQ(pplcnet::parse_safetensors(bytes.bytes(), path, found).message(), "");
  EXPECT_EQ(found.metadata, written.metadata);
  ASSERT_EQ(found.tensors.size(), written.tensors.size());
  for (std::size_t i = 0; i < found.tensors.size(); ++i) {
    EXPECT_EQ(found.tensors[i].name, written.tensors[i].name);
    EXPECT_EQ(found.tensors[i].type, written.tensors[i].type);
    EXPECT_EQ(found.tensors[i].shape, written.tensors[i].shape);
    EXPECT_TRUE(std::ranges::equal(found.tensors[i].data, written.tensors[i].data));
  }

  // Written again, it is the same file.
  const std::string again = folder.file("again.safetensors");
  ASSERT_STREQ(pplcnet::write_safetensors(again, found).message(), "");
  pplcnet::FileBytes bytes_again;
  EXPECT_EQ(contents_of(again, bytes_again), contents);
}

TEST(SafetensorsWriterTest, DataBeginAligned) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const float value = 1;
  for (std::size_t length = 0; length < 130; ++length) {
    TensorFile file;
    file.metadata = {{"label", std::string(length, 'x')}};
    file.tensors = {{"a", DataType::f32, {1}, std::as_bytes(std::span(&value, 1))}};
    ASSERT_STREQ(pplcnet::write_safetensors(path, file).message(), "");
    pplcnet::FileBytes bytes;
    expect_valid(contents_of(path, bytes));
    ASSERT_STREQ(pplcnet::parse_safetensors(bytes.bytes(), path, file).message(), "");
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.tensors[0].data.data()) % 64, 0u);
  }
}

TEST(SafetensorsWriterTest, AnEmptyFileIsAFile) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  TensorFile file;
  ASSERT_STREQ(pplcnet::write_safetensors(path, file).message(), "");
  pplcnet::FileBytes bytes;
  EXPECT_EQ(contents_of(path, bytes), safetensors_file("{}" + std::string(54, ' ')));
  EXPECT_STREQ(pplcnet::parse_safetensors(bytes.bytes(), path, file).message(), "");
}

TEST(SafetensorsWriterTest, ContentsThatNobodyCouldReadAreNotWritten) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  const std::string data = "12345678";
  const Tensor good = {"a", DataType::u8, {8}, bytes_of(data)};
  const auto tensor = [&](const std::string& name, DataType type, std::vector<std::int64_t> shape) {
    return TensorFile{{good, {name, type, std::move(shape), bytes_of(data)}}, {}, ""};
  };
  const std::pair<TensorFile, std::string> cases[] = {
      {tensor("a", DataType::u8, {8}), "tensor 'a': expected a name that is not taken"},
      {tensor("__metadata__", DataType::u8, {8}),
       "tensor '__metadata__': expected a name that is not taken"},
      {tensor("\xff", DataType::u8, {8}), "tensor '\\xff': expected a name in UTF-8"},
      {tensor("b", DataType::u8, {7}), "tensor 'b': expected the bytes of U8 [7], found 8"},
      {tensor("b", DataType::f32, {8}), "tensor 'b': expected the bytes of F32 [8], found 8"},
      {tensor("b", DataType::u8, {-8}), "tensor 'b': expected the bytes of U8 [-8], found 8"},
      {{{good}, {{"k", "v"}, {"k", "w"}}, ""}, "metadata 'k': expected a key that is not taken"},
      {{{good}, {{"k", "\xff"}}, ""}, "metadata 'k': expected a key that is not taken and a value"},
      {{std::vector<Tensor>(40'000, good), {}, ""},
       "expected at most 32768 tensors and 4096 metadata, found 40000 and 0"},
      {{{good}, {{"k", std::string(100'000'000, 'v')}}, ""},
       "expected a header of at most 100000000 bytes, found 100000"},
  };
  for (const auto& [file, expected] : cases) {
    const std::string message = pplcnet::write_safetensors(path, file).message();
    EXPECT_EQ(message.rfind(path + ": " + expected, 0), 0u) << message;
    EXPECT_EQ(folder.file_count(), 0);
  }
}

TEST(SafetensorsWriterTest, WhateverIsWrittenIsReadWithinItsMemory) {
  const auto expect_read = [](std::size_t tensors, std::size_t texts, std::size_t rank) {
    std::vector<std::byte> header;
    TensorFile file;
    for (std::size_t i = 0; i < tensors; ++i)
      file.tensors.push_back(
          {std::to_string(i), DataType::u8, std::vector<std::int64_t>(rank, 0), {}});
    for (std::size_t i = 0; i < texts; ++i) file.metadata.emplace_back(std::to_string(i), "");
    ASSERT_STREQ(pplcnet::safetensors::make_header(file, "x", header).message(), "");
    EXPECT_STREQ(pplcnet::parse_safetensors(header, "x", file).message(), "");
    EXPECT_EQ(file.tensors.size(), tensors);
    EXPECT_EQ(file.metadata.size(), texts);
  };
  using pplcnet::kMaxRank, pplcnet::kMaxTensors, pplcnet::safetensors::kMaxTexts;
  expect_read(kMaxTensors, kMaxTexts, 1);
  expect_read(kMaxTensors, 0, kMaxRank);
  expect_read(16385, 0, 1);
  expect_read(0, kMaxTexts, 1);
}

}  // namespace
}  // namespace pplcnet_test::safetensors_test
