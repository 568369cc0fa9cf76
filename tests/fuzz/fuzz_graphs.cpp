// Feeds damaged networks to the readers of graphs, to be built with
// -fsanitize=address,undefined -fno-sanitize-recover=all.
//
//   fuzz_graphs READER COUNT [SEED]       READER: onnx or ncnn
//
// The same arguments make the same files. Damage keeps the form of a file, mostly, for a file that
// is refused at its first byte teaches nothing. A reader may refuse a file with one sentence; what
// it accepts is searched for a network, whose layers may be found or not.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/plan.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "weights/contents.hpp"
#include "weights/ncnn_model.hpp"
#include "weights/onnx_model.hpp"

namespace {
std::size_t requested_bytes = 0;  // of all memory so far, freed or not
}

// Not inlined: g++ warns of a new that ends in free when it sees through one of them alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  requested_bytes += size;
  void* memory = std::malloc(size);
  if (!memory) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace pplcnet_test;  // NOLINT(google-build-using-namespace)
using pplcnet::Error;
using pplcnet::Graph;

std::uint64_t file_index = 0;  // which of the damaged files is being read

/// The same arguments with a COUNT just above that index end in the same failure.
void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED at file %llu: %s\n", static_cast<unsigned long long>(file_index),
               what);
  std::abort();
}

// ---- Damage ----------------------------------------------------------------------------------

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t operator()() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>((*this)() % limit); }
  bool one_in(std::size_t times) { return below(times) == 0; }

  std::uint64_t number() {
    constexpr std::uint64_t kNumbers[] = {
        0,   1,        2,   3,          4,          6,          7,          10,        16,   127,
        255, 1u << 31, ~0u, 1ull << 32, 1ull << 61, ~0ull >> 1, 1ull << 63, ~0ull - 1, ~0ull};
    return kNumbers[below(std::size(kNumbers))];
  }

  void flip(std::string& bytes) {
    if (!bytes.empty()) bytes[below(bytes.size())] = static_cast<char>((*this)());
  }

 private:
  std::uint64_t state_;
};

/// A protobuf message with one field, at any depth, changed, doubled, moved or gone; lengths fit.
std::string damaged_message(const std::string& message, Random& random) {
  using Wire = protozero::pbf_wire_type;
  std::vector<std::string> fields;
  std::string last;
  try {
    protozero::pbf_reader reader(message);
    std::size_t count = 0;
    for (auto counter = reader; counter.next(); counter.skip()) ++count;
    if (count == 0) return message;
    const std::size_t chosen = random.below(count);
    for (std::size_t i = 0; reader.next(); ++i) {
      std::string field;
      protozero::pbf_writer writer(field);
      const auto tag = reader.tag();
      switch (reader.wire_type()) {
        case Wire::varint: {
          const std::uint64_t value = reader.get_uint64();
          writer.add_uint64(tag, i == chosen ? random.number() : value);
          break;
        }
        case Wire::fixed32:
          writer.add_fixed32(tag,
                             reader.get_fixed32() ^ (i == chosen ? 1u << random.below(32) : 0));
          break;
        case Wire::fixed64:
          writer.add_fixed64(tag, reader.get_fixed64());
          break;
        default: {
          std::string value = reader.get_string();
          if (i == chosen && random.one_in(4)) {
            random.flip(value);
          } else if (i == chosen) {
            value = damaged_message(value, random);
          }
          writer.add_bytes(tag, value);
        }
      }
      if (i == chosen && random.one_in(8)) continue;
      fields.push_back(field);
      if (i == chosen && random.one_in(8)) fields.push_back(field);
    }
  } catch (const protozero::exception&) {  // no message but a text or numbers
    std::string bytes = message;
    random.flip(bytes);
    return bytes;
  }
  if (fields.size() > 1 && random.one_in(16))
    std::swap(fields[random.below(fields.size())], fields[random.below(fields.size())]);
  std::string result;
  for (const std::string& field : fields) result += field;
  return result;
}

/// A text with a word changed, doubled or gone.
void damage_text(std::string& text, Random& random) {
  constexpr std::string_view kWords[] = {"0",
                                         "1",
                                         "-1",
                                         "3",
                                         "2147483647",
                                         "-2147483648",
                                         "99999999999",
                                         "0=1",
                                         "6=4",
                                         "5=1",
                                         "9=6",
                                         "-23310=2,1,2",
                                         "10=0.1,nan",
                                         "1e99",
                                         "=",
                                         "0=",
                                         "Split",
                                         "BinaryOp",
                                         "MemoryData 0=3 1=2",
                                         "BatchNorm",
                                         "InnerProduct",
                                         "Convolution",
                                         "\n",
                                         "l1",
                                         "\xff"};
  const std::size_t begin = text.find_first_not_of(" \n", random.below(text.size() + 1));
  if (begin == text.npos) return;
  const std::size_t end = std::min(text.find_first_of(" \n", begin), text.size());
  if (random.one_in(6)) {
    text.insert(begin, text.substr(begin, end - begin) + " ");
  } else if (random.one_in(6)) {
    text.erase(begin, end - begin);
  } else if (random.one_in(4)) {
    text[begin + random.below(end - begin)] = static_cast<char>(random());
  } else {
    text.replace(begin, end - begin, kWords[random.below(std::size(kWords))]);
  }
}

// ---- The readers -----------------------------------------------------------------------------

/// A network with every part that the readers know, and next to no weights.
constexpr pplcnet::Architecture kArchitecture = [] {
  pplcnet::Architecture net;
  net.input = {16, 16};
  net.stem_channels = 8;
  net.blocks[0] = {2, 3, 8, 8, 1, false};
  net.blocks[1] = {3, 5, 8, 8, 2, true};
  net.block_count = 2;
  net.head = 8;
  net.dropout_percent = 20;
  net.classes = 3;
  return net;
}();
constexpr pplcnet::Plan kPlan = pplcnet::make_plan(kArchitecture);
constexpr std::span<const pplcnet::Layer> kLayers(kPlan.layers,
                                                  static_cast<std::size_t>(kPlan.layer_count));

void check_message(const Error& error) {
  const std::string_view message = error.message();
  require(message.starts_with("fuzzed") && message.size() < 1000, "the message");
  require(std::ranges::all_of(message, [](char c) { return c >= ' ' && c <= '~'; }),
          "a message that cannot be printed");
}

struct Outcome {
  bool read = false, found = false;
  double memory = 0;  ///< part of what the reader may request
};

/// A file's constants take up to four times as much memory, its nodes no more than the rest; a
/// small file, which is nearly all nodes, in proportion.
std::size_t allowed_memory(std::size_t file_bytes) {
  constexpr std::size_t kSmallFile = 32 << 10;
  return file_bytes < kSmallFile ? 4096 + 64 * file_bytes : (4 << 20) + 4 * file_bytes;
}

template <class Parse>
Outcome run(std::size_t file_bytes, Parse&& parse) {
  Graph graph;
  const std::size_t before = requested_bytes;
  const Error error = parse(graph);
  const std::size_t memory = requested_bytes - before;
  const std::size_t allowed = allowed_memory(file_bytes);
  require(memory <= allowed, "too much memory");
  Outcome outcome = {.memory = static_cast<double>(memory) / static_cast<double>(allowed)};
  if (error) {
    check_message(error);
    return outcome;
  }
  outcome.read = true;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const int input : graph.nodes[i].inputs)
      require(input >= -1 && input < static_cast<int>(i), "a node that reads a later one");
  for (const pplcnet::Tensor& tensor : graph.constants)
    require(pplcnet::byte_count(tensor.type, tensor.shape) == tensor.data.size(), "size of data");
  std::vector<float> weights(kPlan.weight_floats);
  const Error missing = pplcnet::GraphMatch(graph, kLayers, kArchitecture).pack(weights);
  if (missing) check_message(missing);
  outcome.found = !missing;
  return outcome;
}

Outcome read_onnx(const std::string& file) {
  return run(file.size(),
             [&](Graph& graph) { return pplcnet::parse_onnx(bytes_of(file), "fuzzed", graph); });
}

Outcome read_ncnn(const std::string& text, const std::string& weights) {
  return run(text.size() + weights.size(), [&](Graph& graph) {
    return pplcnet::parse_ncnn(text, "fuzzed", bytes_of(weights), "fuzzed", graph);
  });
}

/// Valid files, and a damaged one of them.
struct OnnxFiles {
  explicit OnnxFiles(const pplcnet::TensorFile& state) {
    using Hardswish = OnnxForm::Hardswish;
    for (const OnnxForm& form :
         {OnnxForm{},
          {.hardswish = Hardswish::gated, .reduce_mean = true},
          {.hardswish = Hardswish::written_out, .constant_nodes = true, .matrix_and_add = true}})
      files.push_back(OnnxNetwork(state, kLayers, kArchitecture, form).file());
    for (const std::string& file : files) require(read_onnx(file).found, "a valid file");

    // Much memory for few bytes.
    OnnxModel constants("x"), outputs("x");
    std::string node;
    for (std::size_t i = 0; i < 2 * Graph::kMaxNodes; ++i) {
      constants.constant({}, {1});
      OnnxModel::Writer(node).add_string(2, std::to_string(i));
    }
    outputs.add_node(node);
    for (const OnnxModel& model : {constants, outputs})
      require(!read_onnx(model.file()).read, "more than a network has");
  }

  Outcome read_damaged(Random& random) const {
    std::string file = files[random.below(files.size())];
    for (std::size_t times = random.below(5); times > 0; --times)
      file = damaged_message(file, random);
    if (random.one_in(8)) random.flip(file);
    if (random.one_in(16)) file.resize(random.below(file.size() + 1));
    return read_onnx(file);
  }

  std::vector<std::string> files;
};

struct NcnnFiles {
  explicit NcnnFiles(const pplcnet::TensorFile& state) {
    for (const NcnnForm& form : {NcnnForm{},
                                 {.fused = true},
                                 {.written_out = true},
                                 {.tag = kNcnnHalf},
                                 {.tag = kNcnnTable}})
      files.emplace_back(state, kLayers, kArchitecture, form);
    for (const NcnnNetwork& file : files)
      require(read_ncnn(file.text(), file.weights()).found, "a valid file");
  }

  Outcome read_damaged(Random& random) const {
    const NcnnNetwork& file = files[random.below(files.size())];
    std::string text = file.text(), weights = file.weights();
    for (std::size_t times = random.below(5); times > 0; --times) damage_text(text, random);
    if (random.one_in(2)) random.flip(weights);
    if (random.one_in(16)) weights.resize(random.below(weights.size() + 1));
    return read_ncnn(text, weights);
  }

  std::vector<NcnnNetwork> files;
};

template <class Files>
int fuzz(const char* name, std::uint64_t count, std::uint64_t seed) {
  const auto state = synthetic_state_dict(kLayers, kArchitecture);
  const Files files(state.file);
  std::uint64_t read = 0, found = 0;
  double most_memory = 0;
  for (file_index = 0; file_index < count; ++file_index) {
    Random random(seed << 32 ^ file_index);
    const Outcome outcome = files.read_damaged(random);
    read += outcome.read;
    found += outcome.found;
    most_memory = std::max(most_memory, outcome.memory);
  }
  std::printf(
      "%s: %llu files: %llu refused, %llu read, the network found in %llu of them; at most "
      "%.0f %% of the allowed memory\n",
      name, static_cast<unsigned long long>(count), static_cast<unsigned long long>(count - read),
      static_cast<unsigned long long>(read), static_cast<unsigned long long>(found),
      most_memory * 100);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 || argc == 4) {
    const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
    const std::uint64_t seed = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 1;
    if (std::string_view(argv[1]) == "onnx") return fuzz<OnnxFiles>("onnx", count, seed);
    if (std::string_view(argv[1]) == "ncnn") return fuzz<NcnnFiles>("ncnn", count, seed);
  }
  std::puts("usage: fuzz_graphs onnx|ncnn COUNT [SEED]");
  return 2;
}
