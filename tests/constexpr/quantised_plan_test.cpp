// Plans in bytes, checked by the compiler: building this file is most of the test.
#include "pplcnet/plan/make_quantised_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "pplcnet/models/models.hpp"
#include "pplcnet/plan/checked_plan.hpp"

namespace pplcnet_test::quantised_plan_test {

/// The plans of a network. (With internal linkage, g++ would have them in the program.)
template <class Net>
struct PlansOf {
  static constexpr pplcnet::Plan floats = pplcnet::Checked<typename Net::Definition>::plan();
  static constexpr pplcnet::QuantisedPlan bytes = pplcnet::make_quantised_plan(floats);
};

namespace {

using pplcnet::Activation;
using pplcnet::ByteMap;
using pplcnet::Ending;
using pplcnet::Graph;
using pplcnet::Operator;
using pplcnet::Padding;
using pplcnet::Plan;
using pplcnet::QuantisedLayer;
using pplcnet::QuantisedPlan;
using pplcnet::QuantisedRule;
using pplcnet::Value;

/// A range of bytes; those of nothing overlap nothing.
struct Range {
  std::size_t begin = 0, end = 0;
  constexpr bool overlaps(const Range& other) const {
    return begin < other.end && other.begin < end;
  }
};

constexpr Range range_of(const ByteMap& map) {
  return map.exists() && !map.local ? Range{map.offset, map.offset + map.bytes()} : Range{};
}

/// Returns the number of the chain that a layer is in.
constexpr int chain_of(const QuantisedPlan& plan, int layer) {
  int chain = 0;
  for (int first = 0; plan.layers[first].chain_end <= layer; ++chain)
    first = plan.layers[first].chain_end;
  return chain;
}

/// Returns the last chain that reads a layer's map.
constexpr int last_chain_of(const QuantisedPlan& plan, int layer) {
  int last = chain_of(plan, layer);
  for (int i = 0; i < plan.layer_count; ++i)
    if (plan.layers[i].from == layer || plan.layers[i].addend == layer) last = chain_of(plan, i);
  return last;
}

constexpr bool live_maps_are_apart(const QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    const Range own = range_of(plan.layers[i].target);
    if (own.end > plan.map_bytes || own.begin % pplcnet::kByteAlignment != 0) return false;
    for (int j = i + 1; j < plan.layer_count; ++j)
      if (chain_of(plan, j) <= last_chain_of(plan, i) &&
          own.overlaps(range_of(plan.layers[j].target)))
        return false;
  }
  return true;
}

/// A map is read with what is around it as far as a kernel reaches, and has no more.
constexpr bool frames_are_right(const QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Padding needed;
    for (int reader = 0; reader < plan.layer_count; ++reader) {
      const QuantisedLayer& layer = plan.layers[reader];
      if (layer.from != i || layer.op != Operator::depthwise) continue;
      const Padding& own = layer.padding;
      const int bottom = (layer.output.height - 1) * layer.stride.height + layer.kernel.height -
                         own.top - layer.input.height;
      const int right = (layer.output.width - 1) * layer.stride.width + layer.kernel.width -
                        own.left - layer.input.width;
      if (bottom > own.bottom || right > own.right) return false;
      needed = {std::max(needed.top, own.top), std::max(needed.left, own.left),
                std::max(needed.bottom, own.bottom), std::max(needed.right, own.right)};
    }
    if (plan.layers[i].target.frame != needed) return false;
  }
  return true;
}

/// Layers are in chains of one or two, and what one gives is what the next one reads.
constexpr bool chains_are_right(const QuantisedPlan& plan) {
  for (int first = 0, end = 0; first < plan.layer_count; first = end) {
    end = plan.layers[first].chain_end;
    const QuantisedLayer &layer = plan.layers[first], &last = plan.layers[end - 1];
    if (end != first + (layer.fused ? 2 : 1) || last.fused || last.target.local) return false;
    if (layer.gives_vector() || layer.op == Operator::picture) continue;
    if (layer.rows != last.rows || layer.rows < 1 || layer.rows > layer.output.height) return false;
    if (layer.fused &&
        (!layer.target.local || last.source.offset != layer.target.offset ||
         last.source.shape != layer.target.shape || layer.target.shape.height != layer.rows ||
         layer.target.shape.width != layer.output.width))
      return false;
    if (layer.fused && layer.target.offset + layer.target.bytes() > plan.scratch_bytes)
      return false;
    if (layer.fused && layer.rows > 2 && layer.target.bytes() > pplcnet::kBlockBytes) return false;
    if (layer.op == Operator::convolution &&
        layer.scratch + layer.picture_bytes() > plan.scratch_bytes)
      return false;
  }
  return true;
}

/// Every layer reads the map and the vector that another one has written.
constexpr bool reads_what_is_written(const QuantisedPlan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    const QuantisedLayer& layer = plan.layers[i];
    if (layer.from >= 0 && plan.layers[layer.from].target.exists() &&
        (layer.source.offset != plan.layers[layer.from].target.offset ||
         layer.source.pixel_pitch < layer.input.channels))
      return false;
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0 && plan.layers[vector].gives_vector() &&
        (layer.source_vector != plan.layers[vector].target_vector ||
         QuantisedLayer::vector_pitch(plan.layers[vector].output.channels,
                                      layer.factors >= 0 ? Ending::factors : Ending::bytes) !=
             plan.layers[vector].vector_pitch()))
      return false;
    if (layer.addend >= 0 && layer.addend_map.offset != plan.layers[layer.addend].target.offset)
      return false;
  }
  return true;
}

/// Weights, constants and vectors follow each other, from multiples of 64 on.
constexpr bool bytes_are_apart(const QuantisedPlan& plan) {
  std::size_t weights = pplcnet::kByteAlignment, vectors = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    const QuantisedLayer& layer = plan.layers[i];
    if (layer.op == Operator::picture) continue;
    if (layer.weights != weights || layer.constants != weights + layer.weight_bytes() ||
        layer.constants % pplcnet::kByteAlignment != 0)
      return false;
    weights = layer.constants + layer.constant_bytes();
    if (weights < layer.halves(5) || weights % pplcnet::kByteAlignment != 0) return false;
    if (!layer.gives_vector()) continue;
    if (layer.target_vector != vectors || layer.vector_pitch() % pplcnet::kByteAlignment != 0)
      return false;
    vectors += pplcnet::kChunk * layer.vector_pitch();
  }
  return plan.weight_bytes == weights && plan.vector_bytes == vectors;
}

constexpr bool is_sound(const QuantisedPlan& plan) {
  return live_maps_are_apart(plan) && frames_are_right(plan) && chains_are_right(plan) &&
         reads_what_is_written(plan) && bytes_are_apart(plan);
}

constexpr int count_fused(const QuantisedPlan& plan) {
  int count = 0;
  for (int i = 0; i < plan.layer_count; ++i) count += plan.layers[i].fused ? 1 : 0;
  return count;
}

/// Its plan is sound, each of its so many blocks is one chain of depthwise or gate and pointwise,
/// and its weights take at most so many hundredths of those in floats.
template <class Net>
constexpr bool is_quantised(int fused, std::size_t hundredths) {
  constexpr const Plan& kFloats = PlansOf<Net>::floats;
  constexpr const QuantisedPlan& kBytes = PlansOf<Net>::bytes;
  return !pplcnet::quantised_flaw(kFloats) && is_sound(kBytes) &&
         kBytes.layer_count == kFloats.layer_count && count_fused(kBytes) == fused &&
         kBytes.weight_bytes * 100 <= sizeof(float) * kFloats.weight_floats * hundredths;
}

namespace models = pplcnet::models;

static_assert(is_quantised<models::PPLCNet_x0_25>(13, 27));
static_assert(is_quantised<models::PPLCNet_x0_35>(13, 27));
static_assert(is_quantised<models::PPLCNet_x0_5>(13, 28));
static_assert(is_quantised<models::PPLCNet_x0_75>(13, 28));
static_assert(is_quantised<models::PPLCNet_x1_0>(13, 28));
static_assert(is_quantised<models::PPLCNet_x1_5>(13, 28));
static_assert(is_quantised<models::PPLCNet_x2_0>(13, 28));
static_assert(is_quantised<models::PPLCNet_x2_5>(13, 28));
static_assert(is_quantised<models::PPLCNetV2_small>(11, 28));
static_assert(is_quantised<models::PPLCNetV2_base>(13, 28));
static_assert(is_quantised<models::PPLCNetV2_large>(15, 28));
static_assert(is_quantised<models::PPLCNetV2_base_ShiTu>(13, 29));
// Small networks have many constants for their weights.
static_assert(is_quantised<models::textline_orientation_x0_25>(13, 33));
static_assert(is_quantised<models::page_orientation>(13, 32));

// What the plan says of each kind of layer.
constexpr const QuantisedLayer& layer_of_v2(int index) {
  return PlansOf<models::PPLCNetV2_base>::bytes.layers[index];
}
static_assert(layer_of_v2(0).op == Operator::convolution && layer_of_v2(0).from == -1);
static_assert(layer_of_v2(14).ending == Ending::factors && layer_of_v2(14).vector_pitch() == 512);
static_assert(layer_of_v2(15).op == Operator::gate && layer_of_v2(15).fused);
static_assert(!layer_of_v2(16).fused && layer_of_v2(17).from == 16);  // a split pointwise layer
static_assert(layer_of_v2(56).addend == 54 && layer_of_v2(56).source.local);
static_assert(layer_of_v2(59).ending == Ending::logits && layer_of_v2(59).vector_pitch() == 4032);
static_assert(PlansOf<models::textline_orientation_x0_25>::bytes.layers[3].stride ==
              pplcnet::Pair(2, 1));

/// Returns what is wrong with a network of a stem, what `middle` appends to its map, and two
/// classes.
template <class Middle>
QuantisedRule broken_by(const Middle& middle, pplcnet::Storage storage = pplcnet::Storage::single) {
  Graph graph({32, 32});
  const Value x = graph.conv(graph.image(), 16, {.kernel = 3, .stride = 2}, "stem");
  const Value y = middle(graph, x);
  graph.output(graph.dense(y.shape.pixels() > 1 ? graph.global_mean(y) : y, 2, {}, "classes"));
  EXPECT_FALSE(graph.flaw());
  const auto plan = pplcnet::new_plan(graph, storage);
  const pplcnet::QuantisedFlaw flaw = pplcnet::quantised_flaw(*plan);
  EXPECT_EQ(bool{flaw}, flaw.layer >= 0);
  EXPECT_TRUE(flaw || is_sound(pplcnet::make_quantised_plan(*plan)));
  return flaw.broken;
}

TEST(QuantisedPlan, ComputesOperatorsOfItsOwn) {
  EXPECT_EQ(broken_by([](Graph&, Value x) { return x; }), QuantisedRule::none);
  for (const int kernel : {1, 3, 5, 7})
    for (const Activation activation :
         {Activation::none, Activation::relu, Activation::relu6, Activation::hardswish})
      EXPECT_EQ(broken_by([&](Graph& g, Value x) {
                  x = g.depthwise(x, {.kernel = {kernel, 3}, .activation = activation}, "a");
                  return g.conv(x, 24, {.activation = activation}, "b");
                }),
                QuantisedRule::none);
}

TEST(QuantisedPlan, ReadsThePictureWithAnyOddKernel) {
  for (const int kernel : {5, 7}) {
    Graph graph({32, 32});
    const Value x = graph.conv(graph.image(), 16, {.kernel = kernel, .stride = 2}, "stem");
    graph.output(graph.dense(graph.global_mean(x), 2, {}, "classes"));
    const auto plan = pplcnet::new_plan(graph, pplcnet::Storage::single);
    ASSERT_EQ(plan->layers[0].op, Operator::picture);
    EXPECT_FALSE(pplcnet::quantised_flaw(*plan));
    const QuantisedPlan bytes = pplcnet::make_quantised_plan(*plan);
    EXPECT_TRUE(is_sound(bytes));
    EXPECT_EQ(bytes.layers[1].from, -1);
    EXPECT_FALSE(bytes.layers[0].target.exists());
  }
}

TEST(QuantisedPlan, FramesAMapForAllThatReadIt) {
  EXPECT_EQ(broken_by([](Graph& g, Value x) {
              const Value wide = g.depthwise(x, {.kernel = {3, 7}}, "wide");
              const Value high = g.depthwise(x, {.kernel = {5, 1}}, "high");
              return g.add(g.conv(high, 16, {}, "b"), g.conv(wide, 16, {}, "a"));
            }),
            QuantisedRule::none);
}

TEST(QuantisedPlan, RefusesWhatItCannotCompute) {
  using enum QuantisedRule;
  const auto expect = [](QuantisedRule rule, auto middle) {
    EXPECT_EQ(broken_by(middle), rule) << text_of(rule);
  };
  EXPECT_EQ(broken_by([](Graph&, Value x) { return x; }, pplcnet::Storage::half), storage);
  expect(operators, [](Graph& g, Value x) { return g.max_pool(x, {}); });
  expect(operators, [](Graph& g, Value x) { return g.add(x, x); });
  expect(whole, [](Graph& g, Value x) {
    return g.concat({g.conv(x, 16, {}, "a"), g.conv(x, 16, {}, "b")});
  });
  expect(picture, [](Graph& g, Value x) { return g.conv(x, 16, {.kernel = 3}, "a"); });
  expect(picture, [](Graph& g, Value) { return g.conv(g.image(), 16, {}, "a"); });
  expect(picture, [](Graph& g, Value) { return g.depthwise(g.image(), {.kernel = 3}, "a"); });
  expect(kernel, [](Graph& g, Value x) { return g.depthwise(x, {.kernel = {2, 3}}, "a"); });
  expect(kernel, [](Graph& g, Value x) { return g.depthwise(x, {.kernel = 9}, "a"); });
  expect(kernel,
         [](Graph& g, Value x) { return g.depthwise(x, {.kernel = 3, .dilation = 2}, "a"); });
  expect(weights, [](Graph& g, Value x) { return g.affine(x, {}, "a"); });
  expect(weights, [](Graph& g, Value x) {
    x = g.conv(x, 16, {}, "a");
    return g.conv(x, 16, {.weights_of = x}, "b");
  });
  expect(affine, [](Graph& g, Value x) {
    return g.conv(x, 16, {.activation = Activation::relu, .affine = true}, "a");
  });
  expect(activation,
         [](Graph& g, Value x) { return g.conv(x, 16, {.activation = Activation::silu}, "a"); });
  expect(activation, [](Graph& g, Value x) {
    return g.add(x, g.conv(x, 16, {.activation = Activation::hardswish}, "a"));
  });
  expect(addend, [](Graph& g, Value x) { return g.add(x, g.depthwise(x, {.kernel = 3}, "a")); });
  expect(factors, [](Graph& g, Value x) {
    return g.gate(x, g.dense(g.global_mean(x), 16, {.activation = Activation::relu}, "a"));
  });
  expect(factors, [](Graph& g, Value x) {
    const Value a = g.dense(g.global_mean(x), 16, {.activation = Activation::hardsigmoid}, "a");
    return g.gate(g.gate(x, a), a);
  });
  expect(depth, [](Graph& g, Value x) {
    return g.dense(g.dense(g.global_mean(x), 32769, {}, "a"), 16, {}, "b");
  });
}

TEST(QuantisedPlan, TakesMeansOf65536Pixels) {
  for (const int columns : {256, 257}) {
    Graph graph({256, columns});
    const Value x = graph.conv(graph.image(), 8, {.kernel = 3}, "stem");
    graph.output(graph.dense(graph.global_mean(x), 2, {}, "classes"));
    const auto plan = pplcnet::new_plan(graph, pplcnet::Storage::single);
    EXPECT_EQ(pplcnet::quantised_flaw(*plan).broken,
              columns == 256 ? QuantisedRule::none : QuantisedRule::pixels);
  }
}

}  // namespace
}  // namespace pplcnet_test::quantised_plan_test
