// Published counts, shapes and the layout of memory, checked by the compiler: building this file is
// the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/plan/make_plan.hpp"

namespace pplcnet_test::counts_test {
namespace {

using pplcnet::Counts;
using pplcnet::Dialect;
using pplcnet::Graph;
using pplcnet::kChunk;
using pplcnet::kPanel;
using pplcnet::Layer;
using pplcnet::Map;
using pplcnet::Operator;
using pplcnet::Options;
using pplcnet::Plan;
using pplcnet::PPLCNet;
using pplcnet::PPLCNetV3;
using pplcnet::round_up;
using pplcnet::Scale;
using pplcnet::Shape;
using pplcnet::Size;
using pplcnet::Stride;
using pplcnet::V2;
using pplcnet::V3;
using pplcnet::V4;

constexpr Plan plan(Scale scale, const Options& options = {}) {
  return make_plan(pplcnet_v1(scale, options));
}

constexpr std::array kScales = {Scale::x0_25, Scale::x0_35, Scale::x0_5, Scale::x0_75,
                                Scale::x1_0,  Scale::x1_5,  Scale::x2_0, Scale::x2_5};

/// Language classification and text lines: the width is halved once.
constexpr std::array<Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
/// The first release of PP-LCNet_x0_25_textline_ori.
constexpr std::array<Stride, 5> kOldTextLine = {{{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
/// The picture keeps its size.
constexpr std::array<Stride, 5> kUnitStem = {1, 2, 2, 2, 2};

// ---- Counts ----------------------------------------------------------------------------------

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
    if (layer.name.leaf == ".se.conv1" || layer.name.leaf == ".se.conv2")
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

// PP-LCNet V2: deployed, and as it is trained.
constexpr Counts deployed(const Graph& net) {
  const Plan plan = make_plan(net);
  return {plan.parameter_count, plan.buffer_count, plan.multiply_add_count};
}
constexpr Counts trained(const Graph& net) { return training_counts(make_plan(net)); }

static_assert(deployed(pplcnet_v2(V2::small)) == Counts{4'092'840, 9'888, 280'320'896});
static_assert(deployed(pplcnet_v2(V2::base)) == Counts{6'624'232, 16'256, 593'875'456});
static_assert(deployed(pplcnet_v2(V2::large)) == Counts{10'444'200, 24'160, 1'082'089'600});
static_assert(trained(pplcnet_v2(V2::small)) == Counts{4'128'552, 23'712, 283'463'168});
static_assert(trained(pplcnet_v2(V2::base)) == Counts{6'687'208, 40'832, 600'072'192});
static_assert(trained(pplcnet_v2(V2::large)) == Counts{10'542'120, 62'560, 1'092'344'320});

/// V2's modules keep a placeholder for the deployed kernel, which published counts include.
constexpr std::int64_t with_placeholders(const Graph& net) {
  const Plan plan = make_plan(net);
  std::int64_t sum = training_counts(plan).parameters;
  for (const Layer& layer : plan.layers)
    if (training_form(layer).keeps_deployed) sum += layer.parameters;
  return sum;
}
static_assert(with_placeholders(pplcnet_v2(V2::small)) == 4'193'448);
static_assert(with_placeholders(pplcnet_v2(V2::base)) == 6'800'360);
static_assert(with_placeholders(pplcnet_v2(V2::large)) == 10'716'840);

// PP-LCNet V3, and the maps that it gives.
constexpr bool is(const Graph& net, const Counts& expected, std::int64_t parameters) {
  return deployed(net) == expected && trained(net).parameters == parameters;
}
static_assert(is(pplcnet_v3(Scale::x0_75, V3::detection), {1'003'744, 32, 936'412'160}, 3'324'176));
static_assert(is(pplcnet_v3(x1_0, V3::detection), {1'755'072, 32, 1'526'026'240}, 5'778'608));
static_assert(is(pplcnet_v3(Scale::x0_95, V3::recognition), {1'320'724, 32, 647'437'440},
                 4'891'620));
static_assert(is(pplcnet_v3(x1_0, V3::recognition), {1'490'304, 32, 720'486'400}, 5'512'880));

template <class Net, int... kOutput>
constexpr bool gives(std::initializer_list<Shape> shapes, std::integer_sequence<int, kOutput...>) {
  return std::ranges::equal(shapes, std::initializer_list<Shape>{Net::output_shape(kOutput)...});
}
template <class Net>
constexpr bool gives(std::initializer_list<Shape> shapes) {
  return gives<Net>(shapes, std::make_integer_sequence<int, Net::output_count>());
}
static_assert(gives<PPLCNetV3<Scale::x0_75, V3::detection>>(
    {{160, 160, 12}, {80, 80, 18}, {40, 40, 42}, {20, 20, 360}}));
static_assert(gives<PPLCNetV3<Scale::x0_95, V3::recognition>>({{1, 40, 480}}));

// PP-LCNet V4. (In recognition's tiny stem a deployed file of Paddle's keeps the batch norms.)
static_assert(is(pplcnet_v4(Size::tiny, V4::detection), {378'756, 0, 883'960'960}, 384'700));
static_assert(is(pplcnet_v4(Size::small, V4::detection), {2'312'448, 0, 3'273'869'952}, 2'327'028));
static_assert(is(pplcnet_v4(Size::medium, V4::detection), {14'085'600, 0, 21'915'635'712},
                 14'122'560));
static_assert(is(pplcnet_v4(Size::tiny, V4::recognition), {504'332, 0, 160'814'720}, 510'468));
static_assert(is(pplcnet_v4(Size::small, V4::recognition), {2'676'000, 0, 988'273'152}, 2'693'160));
static_assert(is(pplcnet_v4(Size::medium, V4::recognition), {14'315'456, 0, 5'490'638'848},
                 14'356'768));

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
    if (layer.name.leaf == ".se.conv1") *width++ = layer.output.channels;
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

using pplcnet::BackboneOptions;
using pplcnet::PPLCNetBackbone;
using pplcnet::PPLCNetV4;
static_assert(gives<PPLCNetV4<Size::small, V4::detection>>(
    {{160, 160, 48}, {80, 80, 96}, {40, 40, 192}, {20, 20, 384}}));
static_assert(gives<PPLCNetV4<Size::tiny, V4::recognition>>({{1, 40, 160}}));

// PicoDet's feature maps, C3 to C5, at 416 × 416.
using Pico = PPLCNetBackbone<Scale::x0_75, BackboneOptions{.input = {416, 416}}>;
static_assert(Pico::classes == 0 && Pico::embedding_size == 0 && Pico::output_count == 5);
static_assert(Pico::stage_shape(Pico::stage_of_stride(8)) == Shape{52, 52, 96});
static_assert(Pico::stage_shape(Pico::stage_of_stride(16)) == Shape{26, 26, 192});
static_assert(Pico::stage_shape(Pico::stage_of_stride(32)) == Shape{13, 13, 384});
static_assert(Pico::stage_of_stride(2) == 0 && Pico::stage_of_stride(64) == -1);

// Segmentation: what lies beyond the output stride keeps its size.
using Dilated = PPLCNetBackbone<Scale::x1_0, BackboneOptions{.output_stride = 8}>;
static_assert(Dilated::stage_shape(4) == Shape{28, 28, 512});
static_assert(Dilated::stage_shape(3) == Shape{28, 28, 256});
static_assert(Dilated::parameter_count == PPLCNetBackbone<Scale::x1_0>::parameter_count);

// ---- Memory ----------------------------------------------------------------------------------

/// Weights and biases lie one after the other, each from a multiple of 16 floats on.
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

/// Every map is inside its memory, and its frame is as wide as the taps of its readers reach.
constexpr bool maps_have_room(const Plan& net) {
  for (const Layer& layer :
       std::span(net.layers).first(static_cast<std::size_t>(net.layer_count))) {
    const Map& map = layer.target;
    if (map.exists()) {
      if (map.shape.height != layer.output.height || map.shape.width != layer.output.width ||
          map.shape.channels < layer.output.channels || map.pixel_pitch < map.shape.channels)
        return false;
      if (map.row_pitch() % 8 != 0 || (layer.owner_channel == 0 && map.offset % kPanel != 0))
        return false;
      if (layer.owner_channel == 0 &&
          map.offset + map.floats() > (map.local ? net.scratch_floats : net.map_floats))
        return false;
    }
    if (!layer.reads_neighbours()) continue;
    const auto reach = [&](int outputs, int step, int taps) { return (outputs - 1) * step + taps; };
    const Map& source = layer.source;
    const int rows = layer.input.height;
    const int columns = source.left + source.shape.width + source.right;
    if (source.shape != layer.input || source.left < layer.padding.left ||
        reach(layer.output.width, layer.stride.width, layer.reach().width) >
            columns - (source.left - layer.padding.left) ||
        (layer.works_by_rows() && std::min(rows, reach(layer.rows, layer.stride.height,
                                                       layer.reach().height)) > source.ring) ||
        net.layers[0].scratch < source.row_pitch())  // the row of zeros, in front of the blocks
      return false;
  }
  return true;
}

/// Between a whole map's writing and the end of the chain in which it is read, nothing else is
/// written to its place.
constexpr bool maps_are_intact(const Plan& net) {
  int chain_end = 0;
  for (int reader = 0; reader < net.layer_count; ++reader) {
    if (reader == chain_end) chain_end = net.layers[reader].chain_end;
    for (const int read : {net.layers[reader].from, net.layers[reader].addend}) {
      if (read < 0 || net.layers[read].target.local || !net.layers[read].target.exists()) continue;
      for (int writer = read + 1; writer < chain_end; ++writer) {
        const Layer& layer = net.layers[writer];
        const bool own = layer.owner != writer;
        if (own || layer.target.local || !layer.target.exists()) continue;
        if (overlap(layer.target, net.layers[read].target)) return false;
      }
    }
  }
  return true;
}

/// Vectors of a whole chunk of images, one after the other; each is read by the layers after it.
constexpr bool vectors_have_room(const Plan& net) {
  std::size_t end = 0;
  for (int i = 0; i < net.layer_count; ++i) {
    const Layer& layer = net.layers[i];
    const int vector = layer.op == Operator::gate ? layer.factors : layer.from;
    if ((layer.op == Operator::dense || layer.op == Operator::gate) &&
        layer.source_vector != net.layers[vector].target_vector)
      return false;
    if (!layer.gives_vector()) continue;
    if (layer.target_vector != end) return false;
    end += static_cast<std::size_t>(round_up(layer.output.channels, kPanel)) * kChunk;
  }
  return end == net.vector_floats;
}

/// The blocks of rows of a unit fit its thread's scratch one after the other, in front of the maps
/// that are there.
constexpr bool scratch_has_room(const Plan& net) {
  std::size_t block = 0, maps = 0;
  for (int i = 0; i < net.layer_count; ++i) {
    const Layer& layer = net.layers[i];
    std::size_t floats = 0;
    if (layer.is_stem()) {
      const int rows = (layer.rows - 1) * layer.stride.height + layer.kernel.height;
      const int phases = layer.input.channels * layer.stride.width;
      // The widest vectors that read the input of the last outputs end within a phase.
      const int vectors = std::max(layer.output.width, kPanel);
      const int last_tap = (layer.kernel.width - 1) / layer.stride.width - 1;
      if (layer.phase_columns() < static_cast<std::size_t>(kPanel + last_tap + vectors))
        return false;
      floats = static_cast<std::size_t>(rows * phases) * layer.phase_columns();
    } else if (layer.fused) {
      floats = static_cast<std::size_t>(layer.rows * layer.output.width * layer.pitch);
      const Layer& next = net.layers[i + 1];
      if (next.fused && next.scratch < layer.scratch + floats) return false;
      if (layer.pitch < layer.output.channels || next.rows != layer.rows) return false;
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
  return weights_are_packed(net) && maps_have_room(net) && maps_are_intact(net) &&
         vectors_have_room(net) && scratch_has_room(net);
}
constexpr bool memory_of_scale_is_right(Scale scale) { return memory_is_right(plan(scale)); }
static_assert(std::ranges::all_of(kScales, memory_of_scale_is_right));
static_assert(memory_is_right(plan(Scale::x1_0, kTimm)));
static_assert(memory_is_right(plan(Scale::x0_35, {.dialect = Dialect::pytorch})));
static_assert(memory_is_right(plan(Scale::x0_25, {.input = {1, 1}})));
static_assert(memory_is_right(plan(Scale::x0_25, {.input = {33, 63}, .head = 0})));
static_assert(memory_is_right(plan(Scale::x1_0, {.input = {80, 160}, .strides = kTextLine})));
static_assert(memory_is_right(plan(Scale::x2_5, {.input = {1, 9}, .strides = kOldTextLine})));
static_assert(memory_is_right(plan(Scale::x0_25, {.input = {5, 14}, .strides = kUnitStem})));

// The other families, and what only they have: several layers that share scratch, maps that live
// longer, maps side by side, dilation.
static_assert(memory_is_right(make_plan(pplcnet_v2(V2::base))));
static_assert(memory_is_right(make_plan(pplcnet_v2(V2::small, {.input = {97, 131}}))));
static_assert(memory_is_right(make_plan(pplcnet_v3(x1_0, V3::detection))));
static_assert(memory_is_right(make_plan(pplcnet_v3(x1_0, V3::recognition))));
static_assert(memory_is_right(make_plan(pplcnet_v4(Size::small, V4::detection))));
static_assert(memory_is_right(make_plan(pplcnet_v4(Size::tiny, V4::recognition))));
static_assert(memory_is_right(make_plan(pplcnet_v4(Size::medium, V4::recognition))));
static_assert(memory_is_right(make_plan(pplcnet_v1_backbone(x0_25, {.output_stride = 8}))));
static_assert(memory_is_right(make_plan(pplcnet::ocr_detection({.width = 75,
                                                                .input = {96, 160}}))));

/// The whole maps take turns at two places, and have their middles there.
constexpr bool maps_share_middles(const Plan& net) {
  constexpr std::size_t kNear = 128;  // they begin at multiples of 64
  std::size_t middles[2] = {}, turn = 0;
  for (int i = 0; i < net.layer_count; ++i) {
    const Map& map = net.layers[i].target;
    if (!map.exists() || map.local || net.layers[i].owner != i) continue;
    const std::size_t middle = map.offset + map.floats() / 2;
    std::size_t& shared = middles[turn];
    if (shared == 0) shared = middle;
    if (middle + kNear < shared || shared + kNear < middle) return false;
    turn = 1 - turn;
  }
  return true;
}
constexpr bool maps_of_scale_share_middles(Scale scale) { return maps_share_middles(plan(scale)); }
static_assert(std::ranges::all_of(kScales, maps_of_scale_share_middles));

TEST(Counts, AreRightBecauseThisFileCompiles) { SUCCEED(); }

}  // namespace
}  // namespace pplcnet_test::counts_test
