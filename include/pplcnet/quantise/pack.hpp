#ifndef PPLCNET_QUANTISE_PACK_HPP
#define PPLCNET_QUANTISE_PACK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/layer_constants.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace packing {

/// Writes a value at a byte's place.
template <class Value>
void put(std::span<std::byte> bytes, std::size_t place, Value value) {
  std::memcpy(bytes.subspan(place, sizeof(value)).data(), &value, sizeof(value));
}

/// Writes a layer's weights in panels of quads.
inline void put_weights(const QuantisedLayer& layer, const QuantisedTensors& tensors,
                        std::span<std::byte> bytes) {
  const std::size_t count = weights_of_channel(layer);
  const auto depth = static_cast<std::size_t>(layer.depth());
  for (std::size_t i = 0; i < tensors.weights.size(); ++i) {
    const std::size_t out = i / count, place = place_in_sum(layer, i % count);
    const std::size_t quad = out / kPanel * (depth / kQuad) + place / kQuad;
    put(bytes, layer.weights + (quad * kPanel + out % kPanel) * kQuad + place % kQuad,
        tensors.weights[i]);
  }
}

/// Writes a layer's constants, array after array.
inline void put_constants(const QuantisedLayer& layer, std::span<const ChannelConstants> channels,
                          std::span<std::byte> bytes) {
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const ChannelConstants& channel = channels[c];
    const std::size_t word = c * sizeof(std::int32_t), half = c * sizeof(std::int16_t);
    put(bytes, layer.words(0) + word, channel.bias);
    put(bytes, layer.words(1) + word, channel.shift);
    put(bytes, layer.words(2) + word, channel.scale);
    put(bytes, layer.halves(0) + half, channel.multiplier);
    put(bytes, layer.halves(1) + half, channel.three);
    put(bytes, layer.halves(2) + half, channel.zero);
    put(bytes, layer.halves(3) + half, channel.addend_multiplier);
    put(bytes, layer.halves(4) + half, channel.addend_zero);
  }
}

}  // namespace packing

/// Writes what kernels read: as many bytes as the plan of the layers has weight_bytes. What the
/// model lacks, or has and cannot be, is an error.
inline Error pack(const QuantisedModel& model, std::span<const QuantisedLayer> layers,
                  std::span<std::byte> bytes) {
  const LayerConstants constants(model, layers);
  if (auto error = constants.check()) return error;
  std::ranges::fill(bytes, std::byte{0});
  PictureConstants picture;
  std::ranges::copy(model.picture_scales, picture.scale);
  std::ranges::copy(model.picture_zeros, picture.zero);
  packing::put(bytes, 0, picture);
  std::vector<ChannelConstants> channels;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].op == Operator::picture) continue;
    if (auto error = constants.of(i, channels)) return error;
    packing::put_weights(layers[i], model.layers[i], bytes);
    packing::put_constants(layers[i], channels, bytes);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_PACK_HPP
