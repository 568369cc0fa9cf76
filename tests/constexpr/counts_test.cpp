// Published counts, shapes and the layout of memory, checked by the compiler: building this file is
// the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/network.hpp"

namespace {

using pplcnet::Dialect;
using pplcnet::kChunk;
using pplcnet::kPanel;
using pplcnet::Layer;
using pplcnet::Map;
using pplcnet::Operator;
using pplcnet::Options;
using pplcnet::Part;
using pplcnet::Plan;
using pplcnet::PPLCNet;
using pplcnet::round_up;
using pplcnet::Scale;
using pplcnet::Shape;
using pplcnet::Stride;

constexpr Plan plan(Scale scale, const Options& options = {}) {
  return make_plan(v1_architecture(scale, options));
}

constexpr std::array kScales = {Scale::x0_25, Scale::x0_35, Scale::x0_5, Scale::x0_75,
                                Scale::x1_0,  Scale::x1_5,  Scale::x2_0, Scale::x2_5};

/// Language classification and text lines: the width is halved once.
constexpr std::array<Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
/// The first release of PP-LCNet_x0_25_textline_ori.
constexpr std::array<Stride, 5> kOldTextLine = {{{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};

// ---- Counts ----------------------------------------------------------------------------------

struct Counts {
  std::int64_t parameters, buffers, multiply_adds;
  constexpr bool operator==(const Counts&) const = default;
};

constexpr Counts counts(Scale scale, const Options& options = {}) {
  const Plan net = plan(scale, options);
  return {net.parameter_count, net.buffer_count, net.multiply_add_count};
}

// The PP-LCNets of PaddleClas, whose model list has the sum of parameters and buffers.
static_assert(counts(Scale::x0_25) == Counts{1'521'184, 2'752, 16'773'440});
static_assert(counts(Scale::x0_35) == Counts{1'643'090, 3'840, 27'357'832});
static_assert(counts(Scale::x0_5) == Counts{1'879'576, 5'472, 44'731'008});
static_assert(counts(Scale::x0_75) == Counts{2'357'008, 8'224, 94'786'496});
static_assert(counts(Scale::x1_0) == Counts{2'952'520, 10'944, 155'700'480});
static_assert(counts(Scale::x1_5) == Counts{4'499'832, 16'416, 334'188'416});
static_assert(counts(Scale::x2_0) == Counts{6'521'512, 21'888, 580'194'816});
static_assert(counts(Scale::x2_5) == Counts{9'017'560, 27'360, 893'719'680});

// timm's lcnet_035 … lcnet_150.
constexpr Options kTimm = {.dialect = Dialect::timm};
static_assert(counts(Scale::x0_35, kTimm) == Counts{1'644'370, 3'840, 27'357'832});
static_assert(counts(Scale::x0_5, kTimm) == Counts{1'880'856, 5'472, 44'731'008});
static_assert(counts(Scale::x0_75, kTimm) == Counts{2'358'288, 8'224, 94'786'496});
static_assert(counts(Scale::x1_0, kTimm) == Counts{2'953'800, 10'944, 155'700'480});
static_assert(counts(Scale::x1_5, kTimm) == Counts{4'501'112, 16'416, 334'188'416});

// The table of ngnquan/PP-LCNet.
constexpr std::int64_t pytorch_parameters(Scale scale) {
  return plan(scale, {.dialect = Dialect::pytorch}).parameter_count;
}
static_assert(pytorch_parameters(Scale::x0_25) == 1'522'960);
static_assert(pytorch_parameters(Scale::x0_35) == 1'646'888);
static_assert(pytorch_parameters(Scale::x0_5) == 1'881'864);
static_assert(pytorch_parameters(Scale::x0_75) == 2'359'792);
static_assert(pytorch_parameters(Scale::x1_0) == 2'955'816);
static_assert(pytorch_parameters(Scale::x1_5) == 4'504'136);
static_assert(pytorch_parameters(Scale::x2_0) == 6'526'824);
static_assert(pytorch_parameters(Scale::x2_5) == 9'023'880);

/// Of all multiply-adds: those of depthwise layers, those of squeeze-excite.
struct Shares {
  std::int64_t depthwise, squeeze_excite;
  constexpr bool operator==(const Shares&) const = default;
};

constexpr Shares shares(Scale scale) {
  Shares sum = {};
  for (const Layer& layer : plan(scale).layers) {
    if (layer.op == Operator::depthwise) sum.depthwise += layer.multiply_adds;
    if (layer.part == Part::squeeze_reduce || layer.part == Part::squeeze_expand)
      sum.squeeze_excite += layer.multiply_adds;
  }
  return sum;
}
static_assert(shares(Scale::x0_25) == Shares{3'778'880, 10'240});
static_assert(shares(Scale::x0_35) == Shares{5'104'232, 19'360});
static_assert(shares(Scale::x0_5) == Shares{6'654'592, 40'960});
static_assert(shares(Scale::x0_75) == Shares{10'433'472, 92'160});
static_assert(shares(Scale::x1_0) == Shares{13'309'184, 163'840});
static_assert(shares(Scale::x1_5) == Shares{19'963'776, 368'640});
static_assert(shares(Scale::x2_0) == Shares{26'618'368, 655'360});
static_assert(shares(Scale::x2_5) == Shares{33'272'960, 1'024'000});

// PaddleClas' PULC tasks and PaddleOCR's classifiers: also the map that is pooled.
constexpr bool is(Scale scale, const Options& options, const Counts& expected, int height,
                  int width) {
  const Plan net = plan(scale, options);
  const Shape last = net.layers[net.stages[net.stage_count - 1]].output;
  return counts(scale, options) == expected && last.height == height && last.width == width;
}
constexpr Scale x0_25 = Scale::x0_25, x1_0 = Scale::x1_0;
static_assert(is(x1_0, {.classes = 2}, {1'674'082, 10'944, 154'423'040}, 7, 7));
static_assert(is(x1_0, {.classes = 4}, {1'676'644, 10'944, 154'425'600}, 7, 7));
static_assert(is(x1_0, {.classes = 2, .head = 0}, {1'017'186, 10'944, 153'766'144}, 7, 7));
static_assert(is(x1_0, {.classes = 4, .head = 0}, {1'018'212, 10'944, 153'767'168}, 7, 7));
static_assert(is(x1_0, {.classes = 10, .input = {80, 160}, .strides = kTextLine},
                 {1'684'330, 10'944, 292'989'440}, 3, 80));
static_assert(is(x1_0, {.classes = 2, .input = {80, 160}, .strides = kTextLine},
                 {1'674'082, 10'944, 292'979'200}, 3, 80));
static_assert(is(x0_25, {.classes = 2, .input = {80, 160}, .strides = kTextLine},
                 {242'746, 2'752, 23'214'080}, 3, 80));
static_assert(is(x0_25, {.classes = 2, .input = {80, 160}, .strides = kOldTextLine, .head = 0},
                 {76'602, 2'752, 43'735'296}, 5, 80));
static_assert(is(x1_0, {.classes = 26, .input = {256, 192}}, {1'704'826, 10'944, 151'319'040}, 8,
                 6));
static_assert(is(x1_0, {.classes = 19, .input = {192, 256}}, {1'695'859, 10'944, 151'310'080}, 6,
                 8));
static_assert(is(x1_0, {.classes = 232}, {1'968'712, 10'944, 154'717'440}, 7, 7));
static_assert(is(x1_0, {.classes = 6}, {1'679'206, 10'944, 154'428'160}, 7, 7));

// ---- Shapes ----------------------------------------------------------------------------------

using pplcnet::scaled;
static_assert(scaled(16, Scale::x0_25) == 8);                   // never less than the divisor
static_assert(scaled(32, Scale::x0_35) == 16);                  // 11.2: 8 is 10 % too few
static_assert(scaled(64, Scale::x0_35) == 24);                  // 22.4
static_assert(scaled(128, Scale::x0_35) == 48);                 // 44.8
static_assert(scaled(256, Scale::x0_35) == 88);                 // 89.6: 88 is near enough
static_assert(scaled(12, Scale::x1_0) == 16);                   // a half is rounded up
static_assert(scaled(16, Scale::x0_75, 16) == 16);              // PP-LCNetV3 rounds to 16
static_assert(scaled(32, Scale::x0_75, 16) == 32);              // 24: a half again
static_assert(scaled(256, static_cast<Scale>(95), 16) == 240);  // 243.2
static_assert(scaled(9, Scale::x1_0) == 16 && scaled(8, Scale::x1_0) == 8);  // 8 < 0.9 × 9

/// Channels of the stem and of blocks2 … blocks6, then what the two gates are squeezed to.
constexpr std::array<int, 8> channels(Scale scale, Dialect dialect = Dialect::paddle) {
  const Plan net = plan(scale, {.dialect = dialect});
  std::array<int, 8> widths = {net.layers[0].output.channels};
  auto width = widths.begin() + 1;
  for (const int stage : std::span(net.stages).first<5>())
    *width++ = net.layers[stage].output.channels;
  for (const Layer& layer : net.layers)
    if (layer.part == Part::squeeze_reduce) *width++ = layer.output.channels;
  return widths;
}
static_assert(channels(Scale::x0_25) == std::array{8, 8, 16, 32, 64, 128, 16, 32});
static_assert(channels(Scale::x0_35) == std::array{8, 16, 24, 48, 88, 176, 22, 44});
static_assert(channels(Scale::x0_5) == std::array{8, 16, 32, 64, 128, 256, 32, 64});
static_assert(channels(Scale::x0_75) == std::array{16, 24, 48, 96, 192, 384, 48, 96});
static_assert(channels(Scale::x1_0) == std::array{16, 32, 64, 128, 256, 512, 64, 128});
static_assert(channels(Scale::x1_5) == std::array{24, 48, 96, 192, 384, 768, 96, 192});
static_assert(channels(Scale::x2_0) == std::array{32, 64, 128, 256, 512, 1024, 128, 256});
static_assert(channels(Scale::x2_5) == std::array{40, 80, 160, 320, 640, 1280, 160, 320});
static_assert(channels(Scale::x0_35, Dialect::pytorch) ==
              std::array{8, 16, 24, 48, 88, 176, 24, 48});

constexpr bool halves_from_112_to_7(Scale scale) {
  const Plan net = plan(scale);
  bool right = net.stage_count == 5 && net.layers[0].output.height == 112;
  for (int stage = 0; stage < 5; ++stage) {
    const Shape& map = net.layers[net.stages[stage]].output;
    right = right && map.height == 112 >> stage && map.width == map.height;
  }
  return right;
}
static_assert(std::ranges::all_of(kScales, halves_from_112_to_7));

using Net = PPLCNet<Scale::x1_0>;
static_assert(Net::parameter_count == 2'952'520);
static_assert(Net::workspace_bytes < 4'000'000);
static_assert(Net::weight_bytes == Net::weight_count * sizeof(float));
static_assert(Net::input_size == 3 * 224 * 224 && Net::embedding_size == 1280);
static_assert(Net::stage_shape(0) == Shape{112, 112, 32});
static_assert(Net::stage_shape(4) == Shape{7, 7, 512});
static_assert(PPLCNet<Scale::x1_0, Options{.head = 0}>::embedding_size == 512);

// ---- Memory ----------------------------------------------------------------------------------

/// Weights and biases lie one behind the other, each from a multiple of 16 floats on.
constexpr bool weights_are_packed(const Plan& net) {
  std::size_t end = 0;
  for (const Layer& layer : net.layers) {
    if (layer.weight_floats() == 0) continue;
    if (layer.weights != end || layer.weights % kPanel != 0) return false;
    if (layer.biases != end + layer.weight_floats() || layer.biases % kPanel != 0) return false;
    end = layer.biases + layer.bias_floats();
  }
  return end == net.weight_floats;
}

constexpr bool overlap(const Map& a, const Map& b) {
  return a.offset < b.offset + b.floats() && b.offset < a.offset + a.floats();
}

/// Every map is inside its memory, none is written over the one that was written before it, and
/// its frame is as wide as the taps of its reader reach.
constexpr bool maps_have_room(const Plan& net) {
  Map written;
  for (const Layer& layer : net.layers) {
    const Map& map = layer.target;
    if (map.exists()) {
      if (map.shape != layer.output || map.pixel_pitch < map.shape.channels) return false;
      if (map.offset % kPanel != 0 || map.row_pitch() % 8 != 0) return false;
      if (map.offset + map.floats() > (map.local ? net.scratch_floats : net.map_floats))
        return false;
      if (!map.local && overlap(map, written)) return false;
      if (!map.local) written = map;
    }
    if (layer.op != Operator::depthwise) continue;
    const auto reach = [&](int outputs, int step) { return (outputs - 1) * step + layer.kernel; };
    const Map& source = layer.source;
    const int rows = layer.input.height, columns = source.left + source.shape.width + source.right;
    if (source.shape != layer.input || source.left != layer.padding() ||
        reach(layer.output.width, layer.stride.width) > columns ||
        std::min(rows, reach(layer.rows, layer.stride.height)) > source.ring ||
        layer.scratch < source.row_pitch())  // the row of zeros, in front of the blocks
      return false;
  }
  return true;
}

/// Vectors of a whole chunk of images, one behind the other; each is read by the layers behind it.
constexpr bool vectors_have_room(const Plan& net) {
  std::size_t end = 0, written = 0;
  for (const Layer& layer : net.layers) {
    if ((layer.op == Operator::dense || layer.op == Operator::gate) &&
        layer.source_vector != written)
      return false;
    if (layer.op != Operator::pool && layer.op != Operator::dense) continue;
    if (layer.target_vector != end) return false;
    written = end;
    end += static_cast<std::size_t>(round_up(layer.output.channels, kPanel)) * kChunk;
  }
  return end == net.vector_floats;
}

/// A thread's block of rows fits its scratch, in front of the maps that are there.
constexpr bool scratch_has_room(const Plan& net) {
  std::size_t block = 0, maps = 0;
  for (const Layer& layer : net.layers) {
    std::size_t floats = 0;
    if (layer.op == Operator::convolution) {
      const int rows = (layer.rows - 1) * layer.stride.height + layer.kernel;
      const int phases = layer.input.channels * layer.stride.width;
      // What is read ends with a vector's excess behind the last output.
      if (layer.phase_columns() * static_cast<std::size_t>(layer.stride.width) <
          static_cast<std::size_t>(kPanel + layer.framed_columns()))
        return false;
      floats = static_cast<std::size_t>(rows * phases) * layer.phase_columns();
    } else if (layer.fused) {
      floats = static_cast<std::size_t>(layer.rows * layer.output.width * layer.pitch);
    }
    block = std::max(block, layer.scratch + floats);
  }
  for (const Layer& layer : net.layers) {
    if (!layer.target.local) continue;
    if (layer.target.offset < std::max(block, maps)) return false;
    maps = layer.target.offset + layer.target.floats();
  }
  return std::max(block, maps) <= net.scratch_floats && net.scratch_floats % kPanel == 0;
}

constexpr bool memory_is_right(const Plan& net) {
  return weights_are_packed(net) && maps_have_room(net) && vectors_have_room(net) &&
         scratch_has_room(net);
}
constexpr bool memory_of_scale_is_right(Scale scale) { return memory_is_right(plan(scale)); }
static_assert(std::ranges::all_of(kScales, memory_of_scale_is_right));
static_assert(memory_is_right(plan(Scale::x1_0, kTimm)));
static_assert(memory_is_right(plan(Scale::x0_35, {.dialect = Dialect::pytorch})));
static_assert(memory_is_right(plan(Scale::x0_25, {.input = {1, 1}})));
static_assert(memory_is_right(plan(Scale::x0_25, {.input = {33, 63}, .head = 0})));
static_assert(memory_is_right(plan(Scale::x1_0, {.input = {80, 160}, .strides = kTextLine})));
static_assert(memory_is_right(plan(Scale::x2_5, {.input = {1, 9}, .strides = kOldTextLine})));

TEST(Counts, AreRightBecauseThisFileCompiles) { SUCCEED(); }

}  // namespace
