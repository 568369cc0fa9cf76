#ifndef PPLCNET_QUANTISE_FILE_TENSORS_HPP
#define PPLCNET_QUANTISE_FILE_TENSORS_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/graph/operator.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

// The file of a quantised network is a native file (weights/safetensors/native.hpp) whose storage
// is kQuantisedStorage. Its tensors are a QuantisedModel, by the names of layers: `NAME.weight` in
// int8 as frameworks order it, [out][in][rows][columns] or [out][in]; `NAME.weight_scale` and
// `NAME.bias`, float32 [out]; and of what a layer gives `NAME.scale`, float32, and
// `NAME.zero_point`, uint8, of each channel. The picture's are `picture.scale` and
// `picture.zero_point`, both float32.

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

using TensorShape = std::vector<std::int64_t>;

template <class Value>
constexpr DataType type_of() {
  if constexpr (std::same_as<Value, std::int8_t>) return DataType::i8;
  if constexpr (std::same_as<Value, std::uint8_t>) return DataType::u8;
  return DataType::f32;
}

/// Returns the name that a layer's tensors begin with; pools, gates and sums may have none of their
/// own.
inline std::string name_of(std::span<const Layer> layers, std::size_t i) {
  std::string name = layer_name(layers[i]);
  return name.empty() ? join({"layer_", i}) : name;
}

/// Returns whether what a layer gives is quantised: not the picture, which has its own tensors, not
/// what a gate multiplies by, and not the result of a dense layer.
inline bool gives_bytes(std::span<const Layer> layers, std::size_t i) {
  if (layers[i].op != Operator::dense) return layers[i].op != Operator::picture;
  bool is_read = layers[i].activation != Activation::none;
  for (const Layer& layer : layers.subspan(i + 1)) {
    if (layer.factors == static_cast<int>(i)) return false;
    is_read = is_read || layer.from == static_cast<int>(i) || layer.addend == static_cast<int>(i);
  }
  return is_read;
}

/// Returns the shape of a layer's weights.
inline TensorShape weight_shape(const Layer& layer) {
  const std::int64_t in = layer.op == Operator::depthwise ? 1 : layer.input.channels;
  if (layer.op == Operator::dense) return {layer.output.channels, in};
  return {layer.output.channels, in, layer.kernel.height, layer.kernel.width};
}

/// Calls `Error visit(name, shape, values)` for each tensor of a file, in order, until there is an
/// error; `model`, which may be const, has a place for each layer.
template <class Model, class Visit>
Error for_each_tensor(std::span<const Layer> layers, Model& model, const Visit& visit) {
  const TensorShape picture = {static_cast<std::int64_t>(model.picture_scales.size())};
  if (auto error = visit("picture.scale", picture, model.picture_scales)) return error;
  if (auto error = visit("picture.zero_point", picture, model.picture_zeros)) return error;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string name = name_of(layers, i);
    auto& tensors = model.layers[i];
    const TensorShape vector = {layers[i].output.channels};
    if (layers[i].has_weights()) {
      if (auto error = visit(name + ".weight", weight_shape(layers[i]), tensors.weights))
        return error;
      if (auto error = visit(name + ".weight_scale", vector, tensors.weight_scales)) return error;
      if (auto error = visit(name + ".bias", vector, tensors.biases)) return error;
    }
    if (!gives_bytes(layers, i)) continue;
    if (auto error = visit(name + ".scale", vector, tensors.scales)) return error;
    if (auto error = visit(name + ".zero_point", vector, tensors.zeros)) return error;
  }
  return {};
}

}  // namespace quantised_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_FILE_TENSORS_HPP
