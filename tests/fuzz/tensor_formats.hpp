#ifndef PPLCNET_TESTS_FUZZ_TENSOR_FORMATS_HPP
#define PPLCNET_TESTS_FUZZ_TENSOR_FORMATS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/format.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdparams.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"
#include "weights/contents.hpp"
#include "weights/pickles.hpp"

/// Formats of named tensors.
namespace pplcnet_test {

/// Reads all there is to read; the sanitizers see where it leads.
inline bool check_tensors(const pplcnet::TensorFile& file) {
  // The names of the small network alone: those of all would have the compiler make every network.
  static const std::vector<pplcnet::EndNames> kNames = [] {
    std::vector<pplcnet::EndNames> names;
    pplcnet::opening::add_end_names(kLayers, kTraits, names);
    return names;
  }();
  pplcnet::Evidence evidence;
  pplcnet::opening::read_classifier(file, kNames, evidence);
  require(evidence.classes >= 0 && evidence.features >= 0, "what tensors say");
  unsigned sum = 0;
  for (const pplcnet::Tensor& tensor : file.tensors) {
    require(pplcnet::byte_count(tensor.type, tensor.shape) == tensor.data.size(), "size of data");
    for (const std::byte byte : tensor.data) sum += static_cast<unsigned>(byte);
    for (const char character : tensor.name) sum += static_cast<unsigned char>(character);
    if (pplcnet::converts_to_float(tensor.type)) {
      std::vector<float> values(static_cast<std::size_t>(tensor.element_count()));
      pplcnet::to_float(tensor, values);
    }
  }
  volatile unsigned sink = sum;
  (void)sink;
  return true;
}

/// For formats where each tensor has bytes of its own.
inline void check_separate_tensors(const pplcnet::TensorFile& file, std::string_view contents) {
  std::size_t total = 0;
  for (const pplcnet::Tensor& tensor : file.tensors) total += tensor.data.size();
  require(total <= contents.size(), "data that overlap");
  check_tensors(file);
}

inline void check_safetensors(const pplcnet::TensorFile& file, std::string_view contents) {
  const auto size = pplcnet::read_little_endian<std::uint64_t>(bytes_of(contents));
  require(nlohmann::json::accept(contents.substr(8, static_cast<std::size_t>(size))),
          "a header that is not JSON");
  // What was read can be written, and is then the same.
  std::vector<std::byte> again;
  const pplcnet::Error unwritten = pplcnet::safetensors::make_header(file, kPath, again);
  require(!unwritten, unwritten.message());
  for (const pplcnet::Tensor& tensor : file.tensors) {
    again.insert(again.end(), tensor.data.begin(), tensor.data.end());
  }
  pplcnet::TensorFile read;
  const pplcnet::Error unread = pplcnet::parse_safetensors(again, kPath, read);
  require(!unread, unread.message());
  require(read.metadata == file.metadata, "metadata that change");
  require(std::ranges::equal(read.tensors, file.tensors,
                             [](const pplcnet::Tensor& a, const pplcnet::Tensor& b) {
                               return a.name == b.name && a.type == b.type && a.shape == b.shape &&
                                      std::ranges::equal(a.data, b.data);
                             }),
          "tensors that change");
}

inline Format safetensors_format() {
  const std::string empty = R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  return {.files = joined(
              {R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})",
               R"({"__metadata__":{"format":"pt","\u00e9":"\ud83d\ude00"},)"
               R"("b":{"dtype":"F16","shape":[8],"data_offsets":[0,16]},)"
               R"("n":{"dtype":"I64","shape":[],"data_offsets":[16,24]}}   )",
               R"({"f":{"dtype":"F4","shape":[3,2,2],"data_offsets":[0,6]},)"
               R"("g":{"dtype":"BF16","shape":[1,1,1,5],"data_offsets":[6,16]},)"
               R"("d":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},)"
               R"("e":{"dtype":"F32","shape":[7,0],"data_offsets":[24,24]}})",
               R"({"__metadata__":{}})", "{}", "{\"__metadata__\":{" + many("\"", "\":\"\"") + "}}",
               "{" + many("\"", empty) + "}"},
              {std::string(24, '\1'), std::string(24, '\xff'), std::string(24, '\0'), ""}),
          .read =
              [](std::string_view contents) {
                return run<pplcnet::TensorFile>(
                    [&](pplcnet::TensorFile& file) {
                      return pplcnet::parse_safetensors(bytes_of(contents), kPath, file);
                    },
                    [&](const pplcnet::TensorFile& file) {
                      check_separate_tensors(file, contents);
                      check_safetensors(file, contents);
                      return true;
                    });
              },
          .large = {safetensors_file("{" + many("\"", empty, kMany) + "}"),
                    safetensors_file("{\"__metadata__\":{" + many("\"", "\":\"\"", kMany) + "}}"),
                    safetensors_file("{\"" + std::string(1 << 20, 'a') + empty + "}"),
                    safetensors_file(
                        R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]},)" +
                        many("\"b", R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})", kMany) +
                        "}")},
          .words = {"\"dtype\":", "\"shape\":[", "\"data_offsets\":[", "\"__metadata__\":{",
                    "\"F32\"", "\"F16\"", "\"BF16\"", "\"F4\"", "\"I64\"", "\\ud83d\\ude00"},
          .join = [](const Parts& parts) { return safetensors_file(parts.head, parts.tail); }};
}

inline Format pdiparams_format() {
  const auto record = [](const std::string& description, std::size_t data_bytes) {
    return pdiparams_record(description, std::string(data_bytes, '\x3f'));
  };
  const std::string vector = record(description(5, {3}), 12);
  const std::string matrix = record(description(4, {2, 5}), 20);
  const std::string packed = record("\x08\x06\x12\x03\x02\x01\x02", 32);
  const std::string scalar = record(description(3, {}), 8);
  const std::string empty = record(description(0, {0}), 0);
  std::string levels = vector;
  levels.replace(4, 8, u64(1) + u64(8) + u64(3));
  return {
      .files =
          joined({vector, vector + matrix, packed + scalar, levels + vector},
                 {"", repeated(empty, 129), matrix, vector + scalar, packed + matrix + levels}),
      .read =
          [](std::string_view contents) {
            return run<pplcnet::TensorFile>(
                [&](pplcnet::TensorFile& file) {
                  return pplcnet::parse_pdiparams(bytes_of(contents), kPath, file);
                },
                [&](const pplcnet::TensorFile& file) {
                  check_separate_tensors(file, contents);
                  return true;
                });
          },
      .large = {repeated(empty), repeated(record("\x08\x05\x12\x20" + std::string(32, '\0'), 0))},
      .words = {"\x08\x05\x10", "\x12\x03", u32(0) + u64(0) + u32(0), u64(~0ull)}};
}

/// The names that a pickle may have, and what calls them.
inline std::vector<std::string> pickle_words() {
  std::vector<std::string> words = {"](", "}(", "\x85R", "\x86R", "\x87R",  "tR",     "tb",
                                    "tQ", "u.", "h\x01", "q\x01", "PK\1\2", "PK\3\4", "PK\5\6"};
  for (const pplcnet::pickle::GlobalRow& row : pplcnet::pickle::kGlobals)
    words.push_back(pickled::global(std::string(row.module), std::string(row.name)));
  return words;
}

inline Format pdparams_format() {
  using namespace pplcnet_test::pickled;
  const std::string entry_a = text("a") + array("f4", {2, 3}, std::string(24, '\1'));
  const std::string fortran =
      text("f") + array_of(dtype("f2"), integers({2, 2}), bytes("12345678"), yes);
  const std::string latin1 =
      text("l") + array_of(dtype("u1", "|"), integers({3}),
                           call(global("_codecs", "encode"),
                                tuple({text("a\xc2\x80\xc3\xbf"), text("latin1")})));
  const std::string empty = text("e") + array_of(dtype("i8"), integers({0, 4}),
                                                 call(global("__builtin__", "bytes"), ")"));
  const std::string names = text("StructuredToParameterName@@") + dict({{"a", text("b")}});
  // As protocol 4 has them: kept in the memo, and taken from there.
  const std::string kept =
      "\x8c\x01k" + array("u1", {4}, "1234") + "\x94\x8c\x01mh" + std::string(1, '\0');
  const auto numbered = [](int count) {
    std::string entries;
    for (int i = 0; i < count; ++i) entries += text(std::to_string(i)) + "h" + std::string(1, '\0');
    return entries;
  };
  const std::string begin = "\x80\x02}(",
                    framed = "\x80\x04\x95" + number(std::uint64_t{99}) + "}(";
  return {.files = joined(
              {begin + entry_a, begin + fortran + latin1, framed + kept,
               framed + kept + numbered(129), begin + empty + entry_a},
              {"u.", entry_a + "u.", fortran + "u.", latin1 + empty + names + "u.", names + "u."}),
          .read =
              [](std::string_view contents) {
                return run<pplcnet::TensorFile>(
                    [&](pplcnet::TensorFile& file) {
                      return pplcnet::parse_pdparams(bytes_of(contents), kPath, file);
                    },
                    check_tensors);
              },
          .large = {framed + kept + numbered(kMany) + "u.", "\x80\x02" + repeated("]"),
                    "\x80\x02" + repeated("("), "\x80\x02N" + repeated("\x94"),
                    begin + text(std::string(1 << 20, 'a')) + "h\x01u."},
          .words = pickle_words()};
}

inline Format torch_format() {
  using namespace pplcnet_test::pickled;
  const std::string floats = storage("FloatStorage", "0", 6);
  const std::string packed = tensor(floats, 0, {2, 3}, {3, 1}) + "\x94";
  const std::string strided = tensor(floats, 1, {2, 2}, {1, 3});
  const std::string counter = tensor(storage("LongStorage", "1", 1), 0, {}, {});
  const std::string state = dict({{"module.a", packed}, {"b", strided}, {"c", counter}});
  const std::string ordered = call(global("collections", "OrderedDict"), ")") + "(" + text("a") +
                              packed + "u}" + text("_metadata") + ")sb";
  const std::string one(24, '\1'), two(8, '\2');
  const auto legacy = [&](const std::string& value) {
    const std::string file = torch_legacy(value, {});
    return file.substr(0, file.size() - pickle("](e").size());
  };
  Entries entries;
  for (int i = 0; i < kMany; ++i) entries.emplace_back(std::to_string(i), "");
  const std::string keys = pickle(list({text("0"), text("1")}));
  const std::string counted = number(std::uint64_t{6}) + one + number(std::uint64_t{1}) + two;
  return {
      .files = joined({pickle(state), pickle(ordered),
                       pickle(dict({{"epoch", integer(1)}, {"state_dict", state}})), legacy(state),
                       legacy(dict({{"state_dict_ema", state}, {"state_dict", ordered}}))},
                      {one + two, keys + counted}),
      .read =
          [](std::string_view contents) {
            return run<pplcnet::TensorFile>(
                [&](pplcnet::TensorFile& file) {
                  return pplcnet::parse_torch_checkpoint(bytes_of(contents), kPath, file);
                },
                check_tensors);
          },
      .large = {zip(entries), torch_zip(repeated("]"), {}), torch_legacy(repeated("]"), {})},
      .words = pickle_words(),
      .join =
          [](const Parts& parts) {
            constexpr std::size_t kFloats = 24;
            const auto& [head, tail] = parts;
            if (pplcnet::torch::after_magic(bytes_of(head)) > 0) return head + tail;
            const std::size_t size = std::min(tail.size(), kFloats);
            return zip({{"n/data.pkl", head},
                        {"n/byteorder", "little"},
                        {"n/data/0", tail.substr(0, size)},
                        {"n/data/1", tail.substr(size)}});
          }};
}

/// A native file of the small network, and whatever else `load` takes for it.
inline Format native_format() {
  pplcnet::TensorFile file;
  file.metadata = pplcnet::describe(kLayers, kTraits);
  file.metadata.insert(file.metadata.end(),
                       {{"format", std::string(pplcnet::kNativeFormat)},
                        {"format_version", std::string(pplcnet::kNativeVersion)},
                        {"input", "16x16"},
                        {"preprocessing", "imagenet"},
                        {"labels", "a\nb\nc\n"}});
  const std::vector<float> weights(kPlan.weight_floats);
  pplcnet::native::for_each_tensor(
      kLayers, [&](const std::string& name, pplcnet::DataType type,
                   const std::vector<std::int64_t>& shape, std::size_t offset, std::size_t size) {
        file.tensors.push_back({.name = name,
                                .type = type,
                                .shape = shape,
                                .data = std::as_bytes(std::span(weights).subspan(offset, size))});
      });
  std::vector<std::byte> begin;
  const pplcnet::Error error = pplcnet::safetensors::make_header(file, kPath, begin);
  require(!error, error.message());
  const std::string header(reinterpret_cast<const char*>(begin.data()), begin.size());
  return {.files = {{header.substr(8), std::string(kPlan.weight_floats * sizeof(float), '\0')}},
          .read =
              [](std::string_view contents) {
                std::vector<float> values(kPlan.weight_floats);
                pplcnet::ModelInfo info;
                return run<std::vector<std::byte>>(
                    [&](auto&) {
                      return pplcnet::loading::load_bytes(bytes_of(contents), kPath, kLayers,
                                                          kTraits, values, &info);
                    },
                    [](const auto&) { return true; });
              },
          .words = {"\"storage\":\"half\"", "\"labels\":\"", "\\n", "\"F16\""},
          .join = [](const Parts& parts) { return safetensors_file(parts.head, parts.tail); }};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_TENSOR_FORMATS_HPP
