#ifndef PPLCNET_PLAN_PLACE_HPP
#define PPLCNET_PLAN_PLACE_HPP

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/schedule.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/plan/uses.hpp"

// Where a plan's weights and activations live.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Returns whether a layer's weights are stored as float16; the head is the dense layers after the
/// last map. A panel of odd depth would not end where the next can begin.
constexpr bool stored_in_half(const Layer& layer, bool in_head, Storage storage) {
  const bool product = layer.is_product() || layer.op == Operator::dense;
  return layer.depth() % 2 == 0 &&
         (storage == Storage::half ? product : storage == Storage::half_head && in_head && product);
}

/// Returns the first of the dense layers after the last map.
constexpr int head_of(const Layer* layers, int count) {
  while (count > 0 && layers[count - 1].op == Operator::dense) --count;
  return count;
}

/// Counts the parameters of every layer and places its weights.
constexpr void place_weights(Plan& plan, Storage storage) {
  const int head = head_of(plan.layers, plan.layer_count);
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    if (!layer.has_weights()) continue;
    if (layer.weights_of >= 0) {
      const Layer& owner = plan.layers[layer.weights_of];
      layer.half = owner.half;
      layer.weights = owner.weights;
      layer.biases = owner.biases;
      layer.multiply_adds = owner.multiply_adds / owner.output.pixels() * layer.output.pixels();
      plan.multiply_add_count += layer.multiply_adds;
      continue;
    }
    constexpr int kAffine = 4;  // scale and shift, before the activation and after it
    const std::int64_t weights = std::int64_t{layer.depth()} * layer.output.channels;
    layer.half = stored_in_half(layer, i >= head, storage);
    const int channels = layer.output.channels / layer.repeats;  // that have own parameters
    layer.parameters = (layer.layout == Layout::none         ? 0
                        : layer.layout == Layout::transposed ? weights
                                                             : weights / layer.repeats) +
                       (layer.bias ? channels : 0) + (layer.batch_norm ? 2 * channels : 0) +
                       (layer.has_slopes() ? channels : 0) +
                       (training_form(layer).affine.empty() ? 0 : kAffine);
    layer.buffers = layer.batch_norm ? 2 * channels : 0;
    const bool multiplies = !layer.is_elementwise() && layer.op != Operator::l1;
    layer.multiply_adds = multiplies ? weights * layer.output.pixels() : 0;
    layer.weights = plan.weight_floats;
    layer.biases = layer.weights + layer.weight_floats();
    plan.weight_floats = layer.biases + layer.bias_floats();
    plan.parameter_count += layer.parameters;
    plan.buffer_count += layer.buffers;
    plan.multiply_add_count += layer.multiply_adds;
  }
}

/// Whole maps that live at the same time, by their owners.
template <class TLayer>
class LiveMaps {
 public:
  constexpr LiveMaps(TLayer* layers, const int* last_uses)
      : layers_(layers), last_uses_(last_uses) {}

  /// Forgets the maps that are not used from `layer` on.
  constexpr void begin(int layer) {
    int kept = 0;
    for (int i = 0; i < count_; ++i)
      if (last_uses_[owners_[i]] >= layer) owners_[kept++] = owners_[i];
    count_ = kept;
  }
  constexpr void add(int owner) { owners_[count_++] = owner; }

  constexpr std::size_t size() const {
    std::size_t sum = 0;
    for (int i = 0; i < count_; ++i) sum += layers_[owners_[i]].target.size();
    return sum;
  }

  /// Gives a map its place in the region: around `middle`, if that is free there, or the lowest or
  /// the highest one that is free; its own middle becomes `middle` then. Returns the size that the
  /// region has then.
  constexpr std::size_t place(int owner, bool low, std::size_t region, std::size_t& middle) {
    constexpr std::size_t kAlignment = 64;
    auto& map = layers_[owner].target;
    const std::size_t size = map.size();
    map.offset = middle < size / 2 ? region : (middle - size / 2) / kAlignment * kAlignment;
    if (map.offset + size > region || neighbour_at(map.offset, size) != nullptr) {
      map.offset = low ? 0 : region - size;
      while (const auto* other = neighbour_at(map.offset, size)) {
        low = low || other->offset < size;  // there is no room below: look from below
        map.offset = low ? other->offset + other->size() : other->offset - size;
      }
      middle = map.offset + size / 2;
    }
    add(owner);
    return std::max(region, map.offset + size);
  }

 private:
  /// Returns a map that has some of a place; null: the place is free.
  constexpr auto neighbour_at(std::size_t offset, std::size_t size) const {
    for (int i = 0; i < count_; ++i) {
      const auto& other = layers_[owners_[i]].target;
      if (offset < other.offset + other.size() && other.offset < offset + size) return &other;
    }
    return static_cast<const decltype(TLayer::target)*>(nullptr);
  }

  TLayer* layers_;
  const int* last_uses_;
  int owners_[Plan::kMaxLayers] = {};
  int count_ = 0;
};

template <class TLayer>
constexpr bool is_stored(const TLayer& layer) {
  return layer.target.exists() && !layer.target.local;
}

/// Gives every whole map its place, and returns the size of the region that they share. Mostly two
/// maps live, the one being read and the one being written: they take turns at the two ends of the
/// region. Those of an end lie around the same middle, so that two threads, which compute the upper
/// and the lower rows of maps, write where they have written before: cache lines that another core
/// has written come slowly. Where the region becomes larger by that, maps lie as far out as they
/// can. A map lives until the end of the chain in which it is used last.
template <class TPlan>
constexpr std::size_t place_whole_maps(TPlan& plan, const Uses& uses) {
  using AnyLayer = std::remove_reference_t<decltype(plan.layers[0])>;
  int chain_ends[Plan::kMaxLayers] = {}, last_uses[Plan::kMaxLayers] = {};
  for (int first = 0; first < plan.layer_count; first = plan.layers[first].chain_end)
    for (int i = first; i < plan.layers[first].chain_end; ++i)
      chain_ends[i] = plan.layers[first].chain_end - 1;
  for (int i = 0; i < plan.layer_count; ++i) last_uses[i] = chain_ends[uses.last[i]];
  LiveMaps<AnyLayer> measured(plan.layers, last_uses);
  std::size_t least = 0;
  for (int i = 0; i < plan.layer_count; ++i) {
    if (!is_stored(plan.layers[i])) continue;
    measured.begin(i);
    measured.add(i);
    least = std::max(least, measured.size());
  }
  const auto place_all = [&](bool around_middles) {
    LiveMaps<AnyLayer> placed(plan.layers, last_uses);
    std::size_t region = least, middles[2] = {};
    int turn = 0;
    for (int i = 0; i < plan.layer_count; ++i) {
      if (!is_stored(plan.layers[i])) continue;
      if (!around_middles) middles[turn] = 0;
      placed.begin(i);
      region = placed.place(i, turn == 0, region, middles[turn]);
      turn = 1 - turn;
    }
    return region;
  };
  const std::size_t region = place_all(true);
  return region == least ? region : place_all(false);
}

/// Gives every vector its place.
constexpr void place_vectors(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    const int vector = layer.factors >= 0 ? layer.factors : layer.from;
    if (vector >= 0) layer.source_vector = plan.layers[vector].target_vector;
    if (!layer.gives_vector()) continue;
    layer.target_vector = plan.vector_floats;
    plan.vector_floats +=
        static_cast<std::size_t>(round_up(layer.output.channels, kPanel) * kChunk);
  }
}

/// Returns the map of a layer's output, from a channel of it on.
constexpr Map map_of(const Plan& plan, int layer, int channel) {
  if (layer < 0) return {};
  const Layer& writer = plan.layers[layer];
  Map map = plan.layers[writer.owner].target;
  map.offset = static_cast<std::size_t>(static_cast<std::int64_t>(map.offset) +
                                        writer.owner_channel + channel);
  return map;
}

/// Tells every layer which maps it reads and writes. An owner's map is changed after all others.
constexpr void connect_maps(Plan& plan) {
  for (int i = 0; i < plan.layer_count; ++i) {
    Layer& layer = plan.layers[i];
    layer.source = map_of(plan, layer.from, layer.from_channel);
    if (layer.source.exists()) layer.source.shape = layer.input;
    layer.addend_map = map_of(plan, layer.addend, layer.addend_channel);
  }
  for (int i = plan.layer_count - 1; i >= 0; --i) {
    Layer& layer = plan.layers[i];
    if (!layer.gives_vector() && !layer.fused) layer.target = map_of(plan, i, 0);
  }
}

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_PLACE_HPP
