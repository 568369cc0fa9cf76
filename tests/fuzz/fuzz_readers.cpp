// Feeds damaged files to a reader of weight files, to be built with
// -fsanitize=address,undefined -fno-sanitize-recover=all.
//
//   fuzz_readers READER COUNT [SEED]
//
//   READER: safetensors, pdiparams, pir, pdparams or torch
//
// The same arguments make the same files. A reader may refuse a file with one sentence, or accept
// it; then what it returns must be sound. In both cases the memory that it asks for is bounded by
// the size of the file.

#include <malloc.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/little_endian.hpp"

#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdparams.hpp"
#include "pplcnet/weights/paddle/pir.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"
#include "weights/pickles.hpp"

namespace {
std::size_t requested_bytes = 0;  // of all memory so far, freed or not
std::size_t live_bytes = 0, most_live_bytes = 0;
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  requested_bytes += size;
  void* memory = std::malloc(size);
  live_bytes += malloc_usable_size(memory);
  most_live_bytes = std::max(most_live_bytes, live_bytes);
  return memory;
}
// Not inlined: g++ warns of a new that ends in free when it sees through one of them alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (!memory) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  live_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  operator delete(memory);
}

namespace {

using pplcnet::DataType;
using pplcnet::Error;
using pplcnet::PaddleProgram;
using pplcnet::Tensor;
using pplcnet::TensorFile;

constexpr const char* kPath = "fuzzed";

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <typename Number>
std::string little_endian(Number number) {
  const auto bytes = pplcnet::to_little_endian(number);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t file_index = 0;  // which of the damaged files is being read

/// The same arguments with a COUNT just above that index end in the same failure.
void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED at file %llu: %s\n", static_cast<unsigned long long>(file_index),
               what);
  std::abort();
}

// ---- Damage ----------------------------------------------------------------------------------

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : state_(seed) {}

  std::uint64_t random() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random() % limit); }
  bool one_in(std::size_t times) { return below(times) == 0; }

  template <typename Choices>
  const auto& any_of(const Choices& choices) {
    return choices[below(std::size(choices))];
  }

  /// Changes `contents` in one to four places; `others` are spliced in.
  void apply(std::string& contents, const std::vector<std::string>& others) {
    for (std::size_t times = 1 + below(4); times > 0; --times) apply_once(contents, others);
  }

 private:
  static constexpr std::uint64_t kNumbers[] = {
      0,         1,          2,          3,          4,          7,           8,
      16,        31,         32,         33,         64,         127,         128,
      255,       256,        32767,      65535,      65536,      100'000'000, 100'000'001,
      ~0u >> 1,  1u << 31,   ~0u,        1ull << 32, 1ull << 53, 1ull << 61,  1ull << 62,
      ~0ull / 4, ~0ull >> 1, 1ull << 63, ~0ull - 7,  ~0ull - 1,  ~0ull,       12};
  static constexpr std::string_view kTokens[] = {"{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 ":",
                                                 "\"",
                                                 "\\",
                                                 "\\u",
                                                 "\\ud83d",
                                                 "\\ude00",
                                                 "\\u0000",
                                                 "null",
                                                 "true",
                                                 "-",
                                                 ".5",
                                                 "e9",
                                                 " ",
                                                 "\n",
                                                 "{}",
                                                 "[]",
                                                 "\"\"",
                                                 "[[[[[[[[",
                                                 "{\"a\":",
                                                 "\"dtype\":",
                                                 "\"shape\":[",
                                                 "__metadata__",
                                                 "\"F4\"",
                                                 "\"I64\"",
                                                 "\"F16\"",
                                                 "\"data_offsets\":",
                                                 "\xff",
                                                 "\xc3\xa9",
                                                 "\xed\xa0\x80",
                                                 "18446744073709551616",
                                                 "\"a\":\"b\",",
                                                 "\"#\":\"p\"",
                                                 "\"N\":\"strides\"",
                                                 "\x10\x02",
                                                 "\x12\x03\x01\x02\x03",
                                                 "](",
                                                 "}(",
                                                 ")",
                                                 "t",
                                                 "u",
                                                 "R",
                                                 "b",
                                                 "Q",
                                                 "\x85",
                                                 "\x94",
                                                 "\x93",
                                                 "h\x01",
                                                 "q\x01",
                                                 "cnumpy\nndarray\n",
                                                 "ccollections\nOrderedDict\n)R",
                                                 "PK\5\6"};

  void apply_once(std::string& contents, const std::vector<std::string>& others) {
    if (contents.empty()) contents = any_of(others);
    if (contents.empty()) return;
    const std::size_t place = below(contents.size());
    const std::size_t length = std::min(contents.size() - place, 1 + below(one_in(4) ? 200 : 12));
    switch (below(11)) {
      case 0:
        contents[place] = static_cast<char>(contents[place] ^ 1 << below(8));
        break;
      case 1:
        contents[place] = static_cast<char>(any_of(kNumbers));
        break;
      case 2:
        if (one_in(4)) contents.resize(place);
        break;
      case 3:
        contents.insert(place, contents.substr(below(contents.size()), length));
        break;
      case 4:
        contents.erase(place, length);
        break;
      case 5: {
        std::string noise;
        while (noise.size() < length) noise += static_cast<char>(random());
        contents.insert(place, noise);
        break;
      }
      case 6:
      case 7:
        change_decimal_number(contents, place);
        break;
      case 8: {
        const std::string number = little_endian(any_of(kNumbers));
        const std::size_t size = std::min(contents.size() - place, one_in(2) ? 4u : number.size());
        contents.replace(place, size, number.substr(0, size));
        break;
      }
      case 9:
        contents.insert(place, any_of(kTokens));
        break;
      case 10: {
        const std::string& other = any_of(others);
        contents = contents.substr(0, place) + other.substr(below(other.size() + 1));
        break;
      }
    }
  }

  void change_decimal_number(std::string& contents, std::size_t place) {
    constexpr std::string_view kDigits = "0123456789";
    const std::size_t begin = contents.find_first_of(kDigits, place);
    if (begin == contents.npos) return;
    const std::size_t end = std::min(contents.find_first_not_of(kDigits, begin), contents.size());
    contents.replace(begin, end - begin, std::to_string(any_of(kNumbers)));
  }

  std::uint64_t state_;
};

// ---- What a reader returned ------------------------------------------------------------------

/// Reads all there is to read; the sanitizers see where it leads.
void check_tensors(const TensorFile& file) {
  unsigned sum = 0;
  for (const Tensor& tensor : file.tensors) {
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
}

/// For formats where each tensor has bytes of its own.
void check_separate_tensors(const TensorFile& file, std::string_view contents) {
  std::size_t total = 0;
  for (const Tensor& tensor : file.tensors) total += tensor.data.size();
  require(total <= contents.size(), "data that overlap");
  check_tensors(file);
}

void check_safetensors(const TensorFile& file, std::string_view contents) {
  const auto size = pplcnet::read_little_endian<std::uint64_t>(bytes_of(contents));
  require(nlohmann::json::accept(contents.substr(8, static_cast<std::size_t>(size))),
          "a header that is not JSON");
  // What was read can be written, and is then the same.
  std::vector<std::byte> again;
  const Error unwritten = pplcnet::safetensors::make_header(file, kPath, again);
  require(!unwritten, unwritten.message());
  for (const Tensor& tensor : file.tensors) {
    again.insert(again.end(), tensor.data.begin(), tensor.data.end());
  }
  TensorFile read;
  const Error unread = pplcnet::parse_safetensors(again, kPath, read);
  require(!unread, unread.message());
  require(read.metadata == file.metadata, "metadata that change");
  require(std::ranges::equal(read.tensors, file.tensors,
                             [](const Tensor& a, const Tensor& b) {
                               return a.name == b.name && a.type == b.type && a.shape == b.shape &&
                                      std::ranges::equal(a.data, b.data);
                             }),
          "tensors that change");
}

void check_program(const PaddleProgram& program) {
  const auto name_of = [&](std::size_t constant) {
    return program.graph.constants.at(constant).name;
  };
  require(std::ranges::is_sorted(program.parameters, {}, name_of), "order");
  for (const std::size_t constant : program.parameters) {
    require(pplcnet::is_utf8(name_of(constant)) &&
                std::ranges::all_of(program.graph.constants[constant].shape,
                                    [](auto d) { return d >= 0; }),
            "a parameter");
  }
  const TensorFile none;
  PaddleProgram filled = program;
  require(!pplcnet::attach_parameters(none, filled) == program.parameters.empty(),
          "the comparison");
}

// ---- The readers -----------------------------------------------------------------------------

struct Outcome {
  bool accepted = false;
  std::size_t memory = 0;  ///< bytes requested by the reader
};

/// Counts what is requested in all; with `kMost` what is held at one time, for a reader that asks
/// for the same memory again and again.
template <typename Result, bool kMost = false, typename Parse, typename Check>
Outcome run(Parse&& parse, Check&& check) {
  Result result;
  const std::size_t before = kMost ? live_bytes : requested_bytes;
  most_live_bytes = live_bytes;
  const Error error = parse(result);
  const std::size_t memory = (kMost ? most_live_bytes : requested_bytes) - before;
  const std::string_view message = error.message();
  if (error) {
    require(message.starts_with(kPath) && message.size() < 1000, "the message");
    require(std::ranges::all_of(message, [](char c) { return c >= ' ' && c <= '~'; }),
            "a message that cannot be printed");
  } else {
    check(result);
  }
  return {!error, memory};
}

/// A format: valid files, and a reader. Files have two parts, damaged apart and then joined.
struct Format {
  const char* name;
  std::size_t memory_per_byte;  ///< that the reader may request; the worst known are 42, 17, 45
  std::vector<std::string> heads;
  std::vector<std::string> tails;
  std::string (*join)(const std::string& head, const std::string& tail);
  Outcome (*read)(const std::string& contents);
  std::size_t allowance = 4096;  ///< for messages, and what each container begins with
};

std::string appended(const std::string& head, const std::string& tail) { return head + tail; }

/// Many short things, numbered, with commas between them: much memory for few bytes. Their count
/// is just above a power of two, where a growing std::vector has the most to spare.
std::string many(std::string_view before, std::string_view after) {
  std::string list;
  for (int i = 0; i < 129; ++i) {
    list += (i == 0 ? "" : ",") + std::string(before) + std::to_string(i) + std::string(after);
  }
  return list;
}

Format safetensors_format() {
  return {"safetensors",
          48,
          {R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})",
           R"({"__metadata__":{"format":"pt","\u00e9":"\ud83d\ude00"},)"
           R"("b":{"dtype":"F16","shape":[8],"data_offsets":[0,16]},)"
           R"("n":{"dtype":"I64","shape":[],"data_offsets":[16,24]}}   )",
           R"({"f":{"dtype":"F4","shape":[3,2,2],"data_offsets":[0,6]},)"
           R"("g":{"dtype":"BF16","shape":[1,1,1,5],"data_offsets":[6,16]},)"
           R"("d":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},)"
           R"("e":{"dtype":"F32","shape":[7,0],"data_offsets":[24,24]}})",
           R"({"__metadata__":{}})", "{}", "{\"__metadata__\":{" + many("\"", "\":\"\"") + "}}",
           "{" + many("\"", R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})") + "}"},
          {std::string(24, '\1'), std::string(24, '\xff'), std::string(24, '\0'), ""},
          [](const std::string& head, const std::string& tail) {
            return little_endian(std::uint64_t{head.size()}) + head + tail;
          },
          [](const std::string& contents) {
            return run<TensorFile>(
                [&](TensorFile& file) {
                  return pplcnet::parse_safetensors(bytes_of(contents), kPath, file);
                },
                [&](const TensorFile& file) {
                  check_separate_tensors(file, contents);
                  check_safetensors(file, contents);
                });
          }};
}

std::string record(const std::string& description, std::size_t data_bytes) {
  return little_endian(std::uint32_t{0}) + little_endian(std::uint64_t{0}) +
         little_endian(std::uint32_t{0}) +
         little_endian(static_cast<std::uint32_t>(description.size())) + description +
         std::string(data_bytes, '\x3f');
}

Format pdiparams_format() {
  const std::string vector = record("\x08\x05\x10\x03", 12);
  const std::string matrix = record("\x08\x04\x10\x02\x10\x05", 20);
  const std::string packed = record("\x08\x06\x12\x03\x02\x01\x02", 32);
  const std::string scalar = record("\x08\x03", 8);
  std::string empty;
  for (int i = 0; i < 129; ++i) empty += record({"\x08\x00\x10\x00", 4}, 0);
  std::string levels = vector;
  levels.replace(4, 8,
                 little_endian(std::uint64_t{1}) + little_endian(std::uint64_t{8}) +
                     little_endian(std::uint64_t{3}));
  return {"pdiparams",
          32,
          {vector, vector + matrix, packed + scalar, levels + vector},
          {"", empty, matrix, vector + scalar, packed + matrix + levels},
          appended,
          [](const std::string& contents) {
            return run<TensorFile>(
                [&](TensorFile& file) {
                  return pplcnet::parse_pdiparams(bytes_of(contents), kPath, file);
                },
                [&](const TensorFile& file) { check_separate_tensors(file, contents); });
          }};
}

Format pir_format() {
  const std::string parameter =
      R"({"#":"p","A":[0,1,1,"conv2d_0.w_0"],"DA":[],"O":{"%":2,"TT":{"#":"0.t_dtensor",)"
      R"("D":[{"#":"0.t_f32"},[8,3,3,3],"NCHW",[],0]}},"OA":[1,0,1],"QA":[]})";
  const std::string bias =
      R"({"#":"p","A":[0,1,1,"linear_0.b_0_deepcopy_145"],"O":{"%":3,"TT":{"D":[{},[2]]}}})";
  const std::string convolution =
      R"({"#":"1.conv2d","A":[{"AT":{"#":"0.a_str","D":"NCHW"},"N":"data_format"},)"
      R"({"AT":{"#":"0.a_array","D":[{"#":"0.a_i32","D":2},{"#":"0.a_i32","D":1}]},)"
      R"("N":"strides"}],"I":[{"%":0},{"%":2}],"O":[{"%":4}]})";
  const std::string input =
      R"({"#":"1.data","O":[{"%":5,"TT":{"D":[{"#":"0.t_f32"},[-1,3,80,160]]}}]})";
  const std::string begin =
      R"({"base_code":{"magic":"pir","trainable":true,"version":1},)"
      R"("program":{"regions":[{"#":"region_0","blocks":[{"#":"block_0","args":[],"ops":[)";
  std::string empty_operations;
  for (int i = 0; i < 100; ++i) empty_operations += "{},";
  return {"pir",
          pplcnet::MemoryBudget::kFactor,
          {begin + parameter, begin + bias + "," + parameter, begin + parameter + "," + input,
           begin + empty_operations + parameter},
          {"," + convolution + "]}]}]}}", "," + input + "," + convolution + "]}]}]}}", "]}]}]}}"},
          appended,
          [](const std::string& contents) {
            return run<PaddleProgram, true>(
                [&](PaddleProgram& program) {
                  return pplcnet::parse_pir(bytes_of(contents), kPath, program);
                },
                check_program);
          },
          pplcnet::MemoryBudget::kAllowance};
}

/// Pickles may take a few times their size, and so much besides.
constexpr std::size_t kPickleAllowance = pplcnet::MemoryBudget::kAllowance + 4096;

Format pdparams_format() {
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
  std::string many;
  for (int i = 0; i < 129; ++i) many += text(std::to_string(i)) + "h" + std::string(1, '\0');
  const std::string begin = "\x80\x02}(",
                    framed = "\x80\x04\x95" + number(std::uint64_t{99}) + "}(";
  return {"pdparams",
          pplcnet::MemoryBudget::kFactor,
          {begin + entry_a, begin + fortran + latin1, framed + kept, framed + kept + many,
           begin + empty + entry_a},
          {"u.", entry_a + "u.", fortran + "u.", latin1 + empty + names + "u.", names + "u."},
          appended,
          [](const std::string& contents) {
            return run<TensorFile>(
                [&](TensorFile& file) {
                  return pplcnet::parse_pdparams(bytes_of(contents), kPath, file);
                },
                check_tensors);
          },
          kPickleAllowance};
}

Format torch_format() {
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
  const std::string keys = pickle(list({text("0"), text("1")}));
  const std::string counted = number(std::uint64_t{6}) + one + number(std::uint64_t{1}) + two;
  return {
      "torch",
      pplcnet::MemoryBudget::kFactor,
      {pickle(state), pickle(ordered), pickle(dict({{"epoch", integer(1)}, {"state_dict", state}})),
       legacy(state), legacy(dict({{"state_dict_ema", state}, {"state_dict", ordered}}))},
      {one + two, keys + counted},
      [](const std::string& head, const std::string& tail) {
        constexpr std::size_t kFloats = 24;
        if (pplcnet::torch::behind_magic(bytes_of(head)) > 0) return head + tail;
        const std::size_t size = std::min(tail.size(), kFloats);
        return zip({{"n/data.pkl", head},
                    {"n/byteorder", "little"},
                    {"n/data/0", tail.substr(0, size)},
                    {"n/data/1", tail.substr(size)}});
      },
      [](const std::string& contents) {
        return run<TensorFile>(
            [&](TensorFile& file) {
              return pplcnet::parse_torch_checkpoint(bytes_of(contents), kPath, file);
            },
            check_tensors);
      },
      kPickleAllowance};
}

int fuzz(const Format& format, std::uint64_t count, std::uint64_t seed) {
  using Clock = std::chrono::steady_clock;
  using Seconds = std::chrono::duration<double>;
  for (const std::string& head : format.heads) {
    bool accepted = false;
    for (const std::string& tail : format.tails) {
      accepted = accepted || format.read(format.join(head, tail)).accepted;
    }
    require(accepted, "a valid file was refused");
  }

  std::uint64_t accepted = 0;
  double slowest = 0;
  double most_memory = 0;
  const auto begin = Clock::now();
  for (file_index = 0; file_index < count; ++file_index) {
    Damage damage(seed << 32 ^ file_index);
    std::string head = damage.any_of(format.heads);
    std::string tail = damage.any_of(format.tails);
    if (!damage.one_in(3)) damage.apply(head, format.heads);
    if (damage.one_in(3)) damage.apply(tail, format.tails);
    std::string contents = format.join(head, tail);
    if (damage.one_in(5)) damage.apply(contents, {contents});

    const auto start = Clock::now();
    const Outcome outcome = format.read(contents);
    slowest = std::max(slowest, Seconds(Clock::now() - start).count());
    accepted += outcome.accepted;
    const std::size_t allowed = format.allowance + format.memory_per_byte * contents.size();
    require(outcome.memory <= allowed, "too much memory");
    most_memory =
        std::max(most_memory, static_cast<double>(outcome.memory) / static_cast<double>(allowed));
  }
  std::printf(
      "%s: %llu files in %.1f s: %llu accepted, %llu refused; the slowest took %.2f ms; at most "
      "%.0f %% of the allowed memory (%zu + %zu for each byte of a file)\n",
      format.name, static_cast<unsigned long long>(count), Seconds(Clock::now() - begin).count(),
      static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(count - accepted),
      slowest * 1e3, most_memory * 100, format.allowance, format.memory_per_byte);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 || argc == 4) {
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const std::uint64_t seed = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1;
    for (const Format& format : {safetensors_format(), pdiparams_format(), pir_format(),
                                 pdparams_format(), torch_format()}) {
      if (std::string_view(argv[1]) == format.name) return fuzz(format, count, seed);
    }
  }
  std::puts("usage: fuzz_readers safetensors|pdiparams|pir|pdparams|torch COUNT [SEED]");
  return 2;
}
