#ifndef PPLCNET_CHECK_ARCHITECTURE_HPP
#define PPLCNET_CHECK_ARCHITECTURE_HPP

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"

// What an architecture must keep to, so that the plan and the kernels compute what it says.

namespace pplcnet::inline PPLCNET_ABI {

/// The most of what the plan and the kernels count, far from where an int ends.
inline constexpr int kMostChannels = 8192;
inline constexpr int kLongestSide = 32768;
inline constexpr std::int64_t kMostPixels = std::int64_t{1} << 26;
inline constexpr int kWidestHead = 65536;
inline constexpr int kMostClasses = 1 << 22;
inline constexpr int kMostDilation = 1024;

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_RULES(rule)                                                                       \
  rule(input, "Architecture::input: height and width from 1 to 32768, at most 2^26 pixels")       \
  rule(stem_channels, "Architecture::stem_channels: a multiple of 8, from 8 to 8192")             \
  rule(stem_middle, "Architecture::stem_middle: 0 with Stem::convolution, otherwise a multiple "  \
       "of 8, from 8 to 8192")                                                                    \
  rule(stem_stride, "Architecture::stem_stride: 1 or 2, in both directions")                      \
  rule(block_count, "Architecture::block_count: from 1 to Architecture::kMaxBlocks")              \
  rule(stages, "Block::stage: at most Architecture::kMaxStages stages")                           \
  rule(kernel, "Block::kernel: 3 or 5")                                                           \
  rule(in, "Block::in: the channels that the block gets, from the block before it or the stem")   \
  rule(out, "Block::out: a multiple of 8, from 8 to 8192")                                        \
  rule(expansion, "Block::expansion: 0, or a multiple of 8, to 8192")                             \
  rule(stride, "Block::stride: 1 or 2, in both directions")                                       \
  rule(dilation, "Block::dilation: from 1 to 1024")                                               \
  rule(shortcut_stride, "Block::shortcut: only with a stride of 1")                               \
  rule(shortcut_channels, "Block::shortcut: only where `out` is `in`")                            \
  rule(squeeze_divisor, "Architecture::squeeze_divisor: from 1 to 8192")                          \
  rule(stage_heads, "Architecture::stage_heads: widths from 0 to 8192, 0 beyond the stages and "  \
       "unless the ending is Ending::maps")                                                       \
  rule(head, "Architecture::head: from 0 to 65536, 0 unless the ending is Ending::classifier")    \
  rule(neck, "Architecture::head_bias and neck: only with a head")                                \
  rule(dropout_percent, "Architecture::dropout_percent: from 0 to 99")                            \
  rule(classes, "Architecture::classes: from 0 to 4194304, 0 unless the ending is "               \
       "Ending::classifier")                                                                      \
  rule(columns, "Ending::columns: the last map has at least 3 rows and 2 columns")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class Rule : unsigned char {
  none,
#define PPLCNET_NAME(rule, words) rule,
  PPLCNET_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// What a rule says.
constexpr const char* words_of(Rule rule) {
  switch (rule) {
    case Rule::none:
      break;
#define PPLCNET_CASE(rule, words) \
  case Rule::rule:                \
    return words;
      PPLCNET_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Has the compiler say which rule is broken, and by which block.
template <Rule kBroken, int kBlock>
struct Sound {
#define PPLCNET_ASSERT(rule, words) static_assert(kBroken != Rule::rule, words);
  PPLCNET_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == Rule::none;
};
#undef PPLCNET_RULES

/// What is wrong with an architecture: the rule that it breaks, and what was found in its place.
struct Flaw {
  Rule broken = Rule::none;
  std::int64_t found = 0;
  int block = -1;  ///< ordinal in the table; -1: not a block's

  constexpr explicit operator bool() const { return broken != Rule::none; }
};

namespace checking {

constexpr bool is_width(int channels) {
  return channels >= kHalfPanel && channels <= kMostChannels && channels % kHalfPanel == 0;
}

constexpr Flaw find_flaw(Stride stride, Rule rule) {
  for (const int step : {stride.height, stride.width})
    if (step != 1 && step != 2) return {rule, step};
  return {};
}

constexpr Flaw find_flaw(const Block& block, int channels) {
  const int largest = std::max(block.stride.height, block.stride.width);
  if (block.kernel != 3 && block.kernel != 5) return {Rule::kernel, block.kernel};
  if (block.in != channels) return {Rule::in, block.in};
  if (!is_width(block.out)) return {Rule::out, block.out};
  if (block.expansion != 0 && !is_width(block.expansion)) return {Rule::expansion, block.expansion};
  if (const Flaw flaw = find_flaw(block.stride, Rule::stride)) return flaw;
  if (block.dilation < 1 || block.dilation > kMostDilation) return {Rule::dilation, block.dilation};
  if (block.shortcut != Shortcut::none && largest > 1) return {Rule::shortcut_stride, largest};
  if (block.shortcut != Shortcut::none && block.out != channels)
    return {Rule::shortcut_channels, block.out};
  return {};
}

/// What is wrong before the blocks.
constexpr Flaw find_flaw_of_stem(const Architecture& net) {
  const auto [height, width] = net.input;
  if (height < 1 || height > kLongestSide) return {Rule::input, height};
  if (width < 1 || width > kLongestSide) return {Rule::input, width};
  if (std::int64_t{height} * width > kMostPixels)
    return {Rule::input, std::int64_t{height} * width};
  if (!is_width(net.stem_channels)) return {Rule::stem_channels, net.stem_channels};
  if (net.stem == Stem::convolution ? net.stem_middle != 0 : !is_width(net.stem_middle))
    return {Rule::stem_middle, net.stem_middle};
  return find_flaw(net.stem_stride, Rule::stem_stride);
}

/// What is wrong behind the blocks, of which there are so many stages.
constexpr Flaw find_flaw_of_ending(const Architecture& net, int stages) {
  const bool classifier = net.ending == Ending::classifier;
  for (int i = 0; i < Architecture::kMaxStages; ++i) {
    const int width = net.stage_heads[i];
    const bool possible = i < stages && net.ending == Ending::maps;
    if (width < 0 || width > (possible ? kMostChannels : 0)) return {Rule::stage_heads, width};
  }
  if (net.head < 0 || net.head > (classifier ? kWidestHead : 0)) return {Rule::head, net.head};
  if (net.head == 0 && (net.head_bias || net.neck)) return {Rule::neck, net.head};
  if (net.dropout_percent < 0 || net.dropout_percent > 99)
    return {Rule::dropout_percent, net.dropout_percent};
  if (net.classes < 0 || net.classes > (classifier ? kMostClasses : 0))
    return {Rule::classes, net.classes};
  return {};
}

}  // namespace checking

/// Finds the first thing that is wrong with an architecture. One without a flaw has a plan whose
/// sizes fit their types, and that the kernels compute; `Network` takes no other one.
constexpr Flaw find_flaw(const Architecture& net) {
  if (const Flaw flaw = checking::find_flaw_of_stem(net)) return flaw;
  if (net.block_count < 1 || net.block_count > Architecture::kMaxBlocks)
    return {Rule::block_count, net.block_count};
  if (net.squeeze_divisor < 1 || net.squeeze_divisor > kMostChannels)
    return {Rule::squeeze_divisor, net.squeeze_divisor};
  const bool twice = net.stem != Stem::convolution;  // its second stride
  const auto halved = [](int size, int stride) { return (size + stride - 1) / stride; };
  Extent map = {halved(net.input.height, net.stem_stride.height * (twice ? 2 : 1)),
                halved(net.input.width, net.stem_stride.width * (twice ? 2 : 1))};
  int channels = net.stem_channels, stages = 0;
  for (int i = 0; i < net.block_count; ++i) {
    const Block& block = net.blocks[i];
    if (Flaw flaw = checking::find_flaw(block, channels)) {
      flaw.block = i;
      return flaw;
    }
    if (i == 0 || block.stage != net.blocks[i - 1].stage) ++stages;
    if (stages > Architecture::kMaxStages) return {Rule::stages, stages, i};
    map = {halved(map.height, block.stride.height), halved(map.width, block.stride.width)};
    channels = block.out;
  }
  if (net.ending == Ending::columns && map.height < 3) return {Rule::columns, map.height};
  if (net.ending == Ending::columns && map.width < 2) return {Rule::columns, map.width};
  return checking::find_flaw_of_ending(net, stages);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CHECK_ARCHITECTURE_HPP
