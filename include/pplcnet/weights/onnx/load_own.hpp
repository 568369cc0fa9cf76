#ifndef PPLCNET_WEIGHTS_ONNX_LOAD_OWN_HPP
#define PPLCNET_WEIGHTS_ONNX_LOAD_OWN_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace loading {

/// Fills packed weights from a model that this library wrote: by the layers' names, bit for bit.
inline Error load_own_onnx(const TensorFile& file, std::span<const Layer> layers,
                           const NetworkTraits& traits, std::span<float> weights) {
  if (auto error = check_description(file, layers, traits, storage_name(traits.storage)))
    return error;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    Parameters parameters;
    const auto read = [&](std::string_view leaf, std::size_t size, std::vector<float>& values) {
      const std::string name = join({layer_name(layer), leaf});
      const Tensor* tensor = file.find(name);
      if (tensor == nullptr) return Error::of(file.path, ": tensor ", quote(name), " is missing");
      if (!converts_to_float(tensor->type) ||
          tensor->element_count() != static_cast<std::int64_t>(size))
        return Error::of(file.path, ": tensor ", quote(name), ": expected ", size,
                         " numbers, found ", describe(tensor->type, tensor->shape));
      values.resize(values.size() + size);
      return read_values(*tensor, file.path, std::span(values).last(size));
    };
    const auto channels = static_cast<std::size_t>(layer.output.channels);
    const auto depth = static_cast<std::size_t>(layer.depth());
    if (auto error = read(".weight", channels * depth, parameters.weight)) return error;
    if (auto error = read(".bias", channels, parameters.bias)) return error;
    if (layer.affine) {
      if (auto error = read(".scale", 1, parameters.affine)) return error;
      if (auto error = read(".shift", 1, parameters.affine)) return error;
    }
    if (layer.has_slopes())
      if (auto error = read(".slopes", channels, parameters.slopes)) return error;
    if (layer.scale_percent != 100 && file.find(kOnnxKeep) != nullptr) fold(layer, parameters);
    pack(layer, parameters, weights);
  }
  return check_packed(layers, weights, file.path);
}

}  // namespace loading

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_LOAD_OWN_HPP
