// Architectures that the kernels cannot compute are refused in one sentence; those of all published
// networks are not.
#include <gtest/gtest.h>

#include <climits>
#include <functional>
#include <optional>
#include <string>

#include "pplcnet/any_network.hpp"
#include "pplcnet/family/v1.hpp"
#include "pplcnet/family/v2.hpp"
#include "pplcnet/family/v3.hpp"
#include "pplcnet/family/v4.hpp"

namespace {

using pplcnet::AnyNetwork, pplcnet::Architecture, pplcnet::Ending, pplcnet::Error;
using pplcnet::Dialect, pplcnet::Scale, pplcnet::Shortcut, pplcnet::Size, pplcnet::Stem;
using pplcnet::V2, pplcnet::V3, pplcnet::V4;

Architecture sound() {
  Architecture net = v1_architecture(Scale::x0_25, {.classes = 4, .input = {32, 32}});
  net.name = "own";
  return net;
}

/// The sentence about the sound architecture with a change.
std::string error_with(const std::function<void(Architecture&)>& change, int threads = 1) {
  Architecture net = sound();
  change(net);
  std::optional<AnyNetwork> network(sound());
  const Error error = AnyNetwork::make(net, threads, network);
  EXPECT_EQ(network.has_value(), !error);
  return error.message();
}

TEST(Flaws, SoundArchitectureIsMade) {
  EXPECT_EQ(error_with([](Architecture&) {}), "");
  EXPECT_EQ(error_with([](Architecture&) {}, AnyNetwork::kMostThreads), "");
}

TEST(Flaws, NotOfPublishedArchitectures) {
  for (int percent = 5; percent <= 1000; ++percent) {
    const auto scale = static_cast<Scale>(percent);
    EXPECT_FALSE(find_flaw(v1_architecture(scale, {})));
    EXPECT_FALSE(find_flaw(v1_architecture(scale, {.dialect = Dialect::timm})));
    EXPECT_FALSE(find_flaw(v1_backbone(scale, {.output_stride = 8})));
    EXPECT_FALSE(find_flaw(v3_architecture(scale, V3::detection, {})));
    EXPECT_FALSE(find_flaw(v3_architecture(scale, V3::recognition, {})));
  }
  for (const auto size : {V2::small, V2::base, V2::large})
    EXPECT_FALSE(find_flaw(v2_architecture(size, {})));
  EXPECT_FALSE(find_flaw(pplcnet::PPLCNetV2Features::architecture));
  for (const auto size : {Size::tiny, Size::small, Size::medium})
    for (const auto task : {V4::detection, V4::recognition})
      EXPECT_FALSE(find_flaw(v4_architecture(size, task, {})));
}

TEST(Flaws, OfBlocks) {
  EXPECT_EQ(error_with([](auto& net) { net.blocks[2].kernel = 7; }),
            "own: blocks[2]: Block::kernel: 3 or 5; found 7");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[1].kernel = 1; }),
            "own: blocks[1]: Block::kernel: 3 or 5; found 1");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[1].stride = 3; }),
            "own: blocks[1]: Block::stride: 1 or 2, in both directions; found 3");
  EXPECT_EQ(error_with([](auto& net) {
              net.blocks[1].stride = {2, 0};
            }),
            "own: blocks[1]: Block::stride: 1 or 2, in both directions; found 0");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[5].in = 24; }),
            "own: blocks[5]: Block::in: the channels that the block gets, from the block before it "
            "or the stem; found 24");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[12].out = 129; }),
            "own: blocks[12]: Block::out: a multiple of 8, from 8 to 8192; found 129");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[3].expansion = -8; }),
            "own: blocks[3]: Block::expansion: 0, or a multiple of 8, to 8192; found -8");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[3].dilation = INT_MAX; }),
            "own: blocks[3]: Block::dilation: from 1 to 1024; found 2147483647");
  EXPECT_EQ(error_with([](auto& net) { net.blocks[3].shortcut = Shortcut::input; }),
            "own: blocks[3]: Block::shortcut: only with a stride of 1; found 2");
  EXPECT_EQ(error_with([](auto& net) {
              net.blocks[0].out = 32;
              net.blocks[0].shortcut = Shortcut::depthwise;
            }),
            "own: blocks[0]: Block::shortcut: only where `out` is `in`; found 32");
}

TEST(Flaws, OfNumbersOfBlocks) {
  for (const int count : {INT_MIN, -1, 0, 33, INT_MAX})
    EXPECT_EQ(error_with([&](auto& net) { net.block_count = count; }),
              "own: Architecture::block_count: from 1 to Architecture::kMaxBlocks; found " +
                  std::to_string(count));
  EXPECT_EQ(error_with([](auto& net) {
              for (int i = 0; i < net.block_count; ++i) net.blocks[i].stage = i;
            }),
            "own: blocks[8]: Block::stage: at most Architecture::kMaxStages stages; found 9");
}

TEST(Flaws, OfStem) {
  EXPECT_EQ(error_with([](auto& net) { net.stem_channels = net.blocks[0].in = 12; }),
            "own: Architecture::stem_channels: a multiple of 8, from 8 to 8192; found 12");
  EXPECT_EQ(error_with([](auto& net) {
              net.stem_stride = {1, 4};
            }),
            "own: Architecture::stem_stride: 1 or 2, in both directions; found 4");
  EXPECT_EQ(error_with([](auto& net) { net.stem = Stem::branches; }),
            "own: Architecture::stem_middle: 0 with Stem::convolution, otherwise a multiple of 8, "
            "from 8 to 8192; found 0");
}

TEST(Flaws, OfSizes) {
  for (const int height : {INT_MIN, -1, 0, 32769, INT_MAX})
    EXPECT_EQ(error_with([&](auto& net) { net.input.height = height; }),
              "own: Architecture::input: height and width from 1 to 32768, at most 2^26 pixels; "
              "found " +
                  std::to_string(height));
  EXPECT_EQ(error_with([](auto& net) {
              net.input = {32768, 32768};
            }),
            "own: Architecture::input: height and width from 1 to 32768, at most 2^26 pixels; "
            "found 1073741824");
  EXPECT_EQ(error_with([](auto& net) { net.input = {8192, 8192}; }), "");
  for (const int classes : {INT_MIN, -1, 2000000000})
    EXPECT_EQ(error_with([&](auto& net) { net.classes = classes; }),
              "own: Architecture::classes: from 0 to 4194304, 0 unless the ending is "
              "Ending::classifier; found " +
                  std::to_string(classes));
  EXPECT_EQ(error_with([](auto& net) { net.classes = 4000000; }),
            "own: needs memory for 5124240544 numbers, of at most 1073741824");
  EXPECT_EQ(error_with([](auto& net) { net.head = 65537; }),
            "own: Architecture::head: from 0 to 65536, 0 unless the ending is Ending::classifier; "
            "found 65537");
  EXPECT_EQ(error_with([](auto& net) { net.dropout_percent = 100; }),
            "own: Architecture::dropout_percent: from 0 to 99; found 100");
  EXPECT_EQ(error_with([](auto& net) { net.squeeze_divisor = 0; }),
            "own: Architecture::squeeze_divisor: from 1 to 8192; found 0");
  for (const int threads : {INT_MIN, 0, 1025, INT_MAX})
    EXPECT_EQ(error_with([](Architecture&) {}, threads),
              "expected from 1 to 1024 threads, found " + std::to_string(threads));
}

TEST(Flaws, OfEndings) {
  const auto ending = [](Ending end, auto change) {
    return error_with([&](auto& net) {
      net.ending = end;
      net.head = net.classes = 0;
      change(net);
    });
  };
  EXPECT_EQ(ending(Ending::maps, [](Architecture&) {}), "");
  EXPECT_EQ(ending(Ending::maps, [](auto& net) { net.classes = 4; }),
            "own: Architecture::classes: from 0 to 4194304, 0 unless the ending is "
            "Ending::classifier; found 4");
  EXPECT_EQ(ending(Ending::maps, [](auto& net) { net.head = 8; }),
            "own: Architecture::head: from 0 to 65536, 0 unless the ending is Ending::classifier; "
            "found 8");
  EXPECT_EQ(ending(Ending::maps, [](auto& net) { net.stage_heads[5] = 8; }),
            "own: Architecture::stage_heads: widths from 0 to 8192, 0 beyond the stages and unless "
            "the ending is Ending::maps; found 8");
  EXPECT_EQ(ending(Ending::classifier, [](auto& net) { net.neck = true; }),
            "own: Architecture::head_bias and neck: only with a head; found 0");
  EXPECT_EQ(ending(Ending::columns, [](Architecture&) {}),
            "own: Ending::columns: the last map has at least 3 rows and 2 columns; found 1");
  EXPECT_EQ(ending(Ending::columns, [](auto& net) { net.input = {65, 33}; }), "");
}

}  // namespace
