#ifndef PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP
#define PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/place.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/safetensors/native.hpp"

// Packed weights of one network in another storage than the type's.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a network's layers with their places in weights of another storage.
inline std::vector<Layer> layers_in(Storage storage, std::span<const Layer> layers) {
  std::vector<Layer> copy(layers.begin(), layers.end());
  const auto head =
      static_cast<std::size_t>(planning::head_of(layers.data(), static_cast<int>(layers.size())));
  std::size_t place = 0;
  for (std::size_t i = 0; i < copy.size(); ++i) {
    Layer& layer = copy[i];
    if (!layer.has_weights()) continue;
    if (layer.weights_of >= 0) {
      const Layer& owner = copy[static_cast<std::size_t>(layer.weights_of)];
      layer.half = owner.half;
      layer.weights = owner.weights;
      layer.biases = owner.biases;
      continue;
    }
    layer.half = planning::stored_in_half(layer, i >= head, storage);
    layer.weights = place;
    layer.biases = place + layer.weight_floats();
    place = layer.biases + layer.bias_floats();
  }
  return copy;
}

/// Returns the number of floats of the layers' weights.
inline std::size_t weight_count(std::span<const Layer> layers) {
  std::size_t end = 0;
  for (const Layer& layer : layers)
    if (layer.has_weights()) end = std::max(end, layer.biases + layer.bias_floats());
  return end;
}

/// Copies packed weights into another storage; float16 rounds them to the nearest.
inline void copy_packed(std::span<const Layer> from_layers, std::span<const float> from,
                        std::span<const Layer> to_layers, std::span<float> to) {
  for (std::size_t i = 0; i < from_layers.size(); ++i) {
    const Layer &source = from_layers[i], &target = to_layers[i];
    if (!source.owns_weights()) continue;
    const auto count = static_cast<std::size_t>(round_up(source.output.channels, kPanel)) *
                       static_cast<std::size_t>(source.depth());
    for (std::size_t k = 0; k < count; ++k)
      store_weight(target, to, k, load_weight(source, from, k));
    std::ranges::copy(from.subspan(source.biases, source.bias_floats()),
                      to.subspan(target.biases).begin());
  }
}

/// Returns the storage of a native file's weights as its metadata has it, or the type's storage.
inline Storage storage_of(const TensorFile& file, Storage expected) {
  const std::string* found = native::find(file, "storage");
  for (const Storage storage : {Storage::single, Storage::half_head, Storage::half})
    if (found != nullptr && *found == storage_name(storage)) return storage;
  return expected;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_SAFETENSORS_NATIVE_STORAGE_HPP
