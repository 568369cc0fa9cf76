#ifndef PPLCNET_TESTS_FUZZ_FORMAT_HPP
#define PPLCNET_TESTS_FUZZ_FORMAT_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fuzz/check.hpp"
#include "fuzz/damage.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/memory_budget.hpp"

namespace pplcnet_test {

/// A file in two parts, which are damaged apart and then joined.
struct Parts {
  std::string head, tail;
};

inline std::string appended(const Parts& parts) { return parts.head + parts.tail; }

/// Each head with each tail.
inline std::vector<Parts> joined(const std::vector<std::string>& heads,
                                 const std::vector<std::string>& tails) {
  std::vector<Parts> files;
  for (const std::string& head : heads)
    for (const std::string& tail : tails) files.push_back({head, tail});
  return files;
}

enum class Memory { requested, held };

/// A format: its files, and its reader.
struct Format {
  std::vector<Parts> files;  ///< of each head, one at least is valid
  Outcome (*read)(std::string_view contents);
  std::vector<std::string> large = {};  ///< much memory for few bytes: read, or refused
  std::vector<std::string> words = {};  ///< that its files have in them, for libFuzzer
  std::string (*join)(const Parts& parts) = appended;
  void (*damage)(std::string& head, const std::vector<std::string>& heads,
                 Random& random) = damage_bytes;
  /// What a reader may request for each byte of a file, and besides.
  Memory counted = Memory::requested;  ///< `held`: for readers that ask again and again
  std::size_t factor = pplcnet::MemoryBudget::kFactor;
  std::size_t allowance = pplcnet::MemoryBudget::kAllowance;

  std::size_t allowed_memory(std::size_t file_bytes) const {
    constexpr std::size_t kMessages = 4096;  // and what each container begins with
    return factor * file_bytes + allowance + kMessages;
  }
  /// Reads a file, whatever is in it.
  Outcome check(std::string_view contents) const {
    const Outcome outcome = read(contents);
    require(memory_of(outcome) <= allowed_memory(contents.size()), "too much memory");
    return outcome;
  }
  std::size_t memory_of(const Outcome& outcome) const {
    return counted == Memory::held ? outcome.held : outcome.requested;
  }
};

/// Short things, numbered, with commas between them. Their count is just above a power of two,
/// where a growing std::vector has the most to spare.
inline std::string many(std::string_view before, std::string_view after, int count = 129) {
  std::string list;
  for (int i = 0; i < count; ++i)
    list += (i == 0 ? "" : ",") + std::string(before) + std::to_string(i) + std::string(after);
  return list;
}
inline constexpr int kMany = (1 << 14) + 1;

inline std::string repeated(std::string_view text, int count = kMany) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

/// A network with every part that readers of graphs know, and next to no weights.
constexpr pplcnet::Graph fuzzed_graph(const pplcnet::Options& o = {
                                          .classes = 3, .input = {16, 16}, .head = 8}) {
  constexpr auto kHardswish = pplcnet::Activation::hardswish;
  pplcnet::Graph g(o.input, pplcnet::kPaddleClas, "fuzzed");
  g.namings = v1_namings(pplcnet::Dialect::paddle);
  g.optional = pplcnet::kV1Optional;
  pplcnet::Value x =
      g.conv(g.image(), 8, {.kernel = 3, .stride = 2, .activation = kHardswish}, {"conv#", 1});
  for (const int stage : {2, 3}) {
    const pplcnet::Name block("blocks#.#", stage, 0);
    x = g.depthwise(x, {.kernel = 2 * stage - 1, .stride = stage - 1, .activation = kHardswish},
                    block + ".dw_conv");
    if (stage == 3)
      x = squeeze_excite(g, x, {.squeezed = 2, .gate = pplcnet::Activation::hardsigmoid_paddle},
                         block);
    x = g.conv(x, 8, {.activation = kHardswish}, block + ".pw_conv");
  }
  x = g.global_mean(x, "avg_pool");
  if (o.head != 0)
    x = g.dense(x, o.head,
                {.activation = kHardswish, .bias = false, .layout = pplcnet::Layout::convolution},
                "last_conv");
  const int keep = o.head != 0 ? 100 - o.dropout_percent : 100;
  g.output(g.dense(x, o.classes, {.layout = pplcnet::Layout::in_out, .input_percent = keep}, "fc"));
  return g;
}
inline constexpr pplcnet::Plan kPlan = pplcnet::make_plan(fuzzed_graph());
inline constexpr const pplcnet::NetworkTraits& kTraits = kPlan.traits;
inline constexpr std::span<const pplcnet::Layer> kLayers(
    kPlan.layers, static_cast<std::size_t>(kPlan.layer_count));

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_FORMAT_HPP
