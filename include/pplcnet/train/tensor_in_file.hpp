#ifndef PPLCNET_TRAIN_TENSOR_IN_FILE_HPP
#define PPLCNET_TRAIN_TENSOR_IN_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/naming/names.hpp"

// What tensors of training are called in state dicts, and how these hold them.

namespace pplcnet::inline PPLCNET_ABI {

/// A tensor in a state dict.
struct TensorInFile {
  std::string name;
  std::vector<std::int64_t> shape;
  bool in_out = false;  ///< a matrix [in][out]; otherwise [out][in][kernel][kernel]
};

namespace training {

/// Returns the names of the part of a layer that a tensor belongs to.
inline ParameterNames names_of_part(const Layer& layer, const TrainingTensor& tensor,
                                    bool as_deployed, const Naming& naming) {
  if (trained_form(layer, as_deployed).count == 0) return parameter_names(layer, naming);
  const TrainingNames names = training_names(layer, naming);
  return tensor.branch < 0 ? names.after : names.branches[static_cast<std::size_t>(tensor.branch)];
}

}  // namespace training

/// Returns what a tensor of a network is in the state dicts of a naming.
inline TensorInFile tensor_in_file(const TrainedNetwork& network, const TrainingTensor& tensor,
                                   const Naming& naming) {
  using Kind = TrainingTensor::Kind;
  const Layer layer = trained_layer(network.graph, tensor.node);
  const ParameterNames names = training::names_of_part(layer, tensor, network.as_deployed, naming);
  const AffineNames scalars = affine_names(layer, naming);
  switch (tensor.kind) {
    case Kind::weight: {
      TensorInFile result = {names.weight, weight_shape(layer, naming),
                             layout_in(layer, naming) == Layout::in_out};
      if (tensor.branch >= 0) result.shape[2] = result.shape[3] = tensor.kernel.height;
      return result;
    }
    case Kind::bias:
      return {names.bias, bias_shape(layer)};
    case Kind::gamma:
      return {names.gamma, vector_shape(layer)};
    case Kind::beta:
      return {names.beta, vector_shape(layer)};
    case Kind::mean:
      return {names.mean, vector_shape(layer)};
    case Kind::variance:
      return {names.variance, vector_shape(layer)};
    case Kind::scale:
      return {tensor.last ? scalars.last_scale : scalars.scale, {1}};
    case Kind::shift:
      return {tensor.last ? scalars.last_bias : scalars.bias, {1}};
  }
  return {};
}

namespace training {

/// Calls `visit(in memory, in the file)` for the place of each value of a tensor.
template <class Visit>
void for_each_place(const TrainingTensor& tensor, bool in_out, const Visit& visit) {
  const auto taps = static_cast<std::size_t>(tensor.taps());
  const auto inputs = static_cast<std::size_t>(tensor.inputs);
  const auto outputs = static_cast<std::size_t>(tensor.outputs);
  const auto pitch = static_cast<std::size_t>(tensor.pitch());
  for (std::size_t tap = 0; tap < taps; ++tap)
    for (std::size_t in = 0; in < inputs; ++in)
      for (std::size_t out = 0; out < outputs; ++out)
        visit((tap * inputs + in) * pitch + out,
              in_out ? in * outputs + out : (out * inputs + in) * taps + tap);
}

}  // namespace training

/// Returns the values of a tensor in the order of files.
inline std::vector<float> file_values(const TrainingTensor& tensor, bool in_out,
                                      std::span<const float> memory) {
  std::vector<float> values(static_cast<std::size_t>(tensor.taps()) *
                            static_cast<std::size_t>(tensor.inputs) *
                            static_cast<std::size_t>(tensor.outputs));
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { values[file] = memory[at]; });
  return values;
}

/// Sets a tensor from values in the order of files.
inline void set_from_file(const TrainingTensor& tensor, bool in_out, std::span<const float> values,
                          std::span<float> memory) {
  training::for_each_place(tensor, in_out,
                           [&](std::size_t at, std::size_t file) { memory[at] = values[file]; });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TENSOR_IN_FILE_HPP
