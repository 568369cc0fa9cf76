#ifndef PPLCNET_WEIGHTS_NAMING_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NAMES_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

// What the tensors of a layer are called in the files of a framework.

namespace pplcnet::inline PPLCNET_ABI {

/// The names of a layer's tensors in a file; empty where the layer has no such tensor.
struct ParameterNames {
  std::string weight = {}, bias = {}, gamma = {}, beta = {}, mean = {}, variance = {};
  std::string slopes = {};  ///< of a PReLU
};

/// Returns how files name the tensors of a network: at least one way. Paddle's modules are known in
/// PyTorch, too, where batch norms and linear layers are otherwise.
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits);

namespace naming {

/// Returns the names of the module that a graph calls `own`.
inline ModuleNames module_names(const Name& own, const Naming& naming) {
  return naming.module == nullptr ? ModuleNames{own} : naming.module(own);
}

/// Adds a batch norm's four.
inline void add_batch_norm(ParameterNames& names, std::string_view module,
                           const TensorNames& tensors) {
  names.gamma = join({module, ".weight"});
  names.beta = join({module, ".bias"});
  names.mean = join({module, tensors.mean});
  names.variance = join({module, tensors.variance});
}

/// Returns the name of the batch norm after the weights of a module.
PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors);

/// Returns the name of a PReLU's slopes: beside a batch norm, or the module's own.
PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors);

}  // namespace naming

/// Returns the names of a layer as it is deployed; all empty for one without weights.
PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming);

/// Names of a layer's scalars: before the activation, and after it.
struct AffineNames {
  std::string scale, bias, last_scale, last_bias;
};

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming);

/// The tensors of a training checkpoint that one layer is made of.
struct TrainingNames {
  std::vector<ParameterNames> branches;  ///< one for each of `training_form`
  ParameterNames after;                  ///< the batch norm after their sum
};

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming);

/// Returns how a file of a naming holds a layer's weight.
inline Layout layout_in(const Layer& layer, const Naming& naming) {
  const bool own = !is_linear(layer.layout) || naming.linear == Layout::convolution;
  return own ? layer.layout : naming.linear;
}

/// Returns the shape of a layer's weight in files: [out, in, kernel, kernel], in = 1 for depthwise;
/// [out, in] or [in, out] of a linear layer; see Layout.
PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming);

/// Returns the shape of a layer's vectors in files: biases, and what a batch norm has.
inline std::vector<std::int64_t> vector_shape(const Layer& layer) {
  return {layer.output.channels / layer.repeats};
}
/// Returns the shape of its own bias.
inline std::vector<std::int64_t> bias_shape(const Layer& layer) {
  if (layer.layout == Layout::pixel) return {1, layer.output.channels / layer.repeats, 1, 1};
  return vector_shape(layer);
}

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::vector<Naming> namings_of(const NetworkTraits& traits) {
  constexpr std::string_view kPaddle = "paddle", kPyTorch = "pytorch";
  std::vector<Naming> namings(traits.namings.begin(), traits.namings.end());
  const TensorNames torch;
  // The graph's own names; its layers say how linear layers are laid out.
  if (namings.empty())
    namings.push_back({.framework = traits.tensor_names.mean == torch.mean ? kPyTorch : kPaddle,
                       .tensors = traits.tensor_names,
                       .linear = Layout::convolution});
  for (std::size_t i = 0, count = namings.size(); i < count; ++i) {
    if (namings[i].framework != kPaddle) continue;
    Naming naming = namings[i];
    naming.framework = kPyTorch;
    naming.tensors.mean = torch.mean;
    naming.tensors.variance = torch.variance;
    naming.linear = Layout::out_in;
    namings.push_back(naming);
  }
  return namings;
}

namespace naming {

PPLCNET_INLINE std::string norm_name(const Layer& layer, const ModuleNames& module,
                                     const TensorNames& tensors) {
  if (!module.norm.empty()) return text_of(module.norm);
  if (!layer.norm_name.empty()) return text_of(layer.norm_name);
  Name name = module.weights;
  if (tensors.norm_is_next) ++name.numbers[static_cast<std::size_t>(name.count() - 1)];
  return text_of(name).append(tensors.norm);
}

PPLCNET_INLINE std::string slopes_name(const Layer& layer, const ModuleNames& module,
                                       const TensorNames& tensors) {
  std::string name = text_of(module.weights);
  if (layer.batch_norm) name += tensors.slopes;
  return name + ".weight";
}

}  // namespace naming

PPLCNET_INLINE ParameterNames parameter_names(const Layer& layer, const Naming& naming) {
  const ModuleNames module = naming::module_names(layer.name, naming);
  if (module.weights.empty()) return {};
  ParameterNames names;
  std::string weights = text_of(module.weights);
  weights += training_form(layer).deployed;
  // A module whose batch norm is named, too, is named in full.
  if (layer.batch_norm && module.norm.empty()) weights += naming.tensors.weights;
  if (layer.layout != Layout::none) {
    const bool pixel = layer.layout == Layout::pixel;  // whose names have no point
    names.weight = weights + (layer.op == Operator::l1 ? ".adder" : pixel ? "weight" : ".weight");
    if (layer.bias) names.bias = weights + (pixel ? "bias" : ".bias");
  }
  if (layer.has_slopes()) names.slopes = naming::slopes_name(layer, module, naming.tensors);
  if (layer.batch_norm)
    naming::add_batch_norm(names, naming::norm_name(layer, module, naming.tensors), naming.tensors);
  return names;
}

PPLCNET_INLINE AffineNames affine_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  if (form.affine.empty()) return {};
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  const std::string first = join({module, form.affine}), last = join({module, form.last_affine});
  return {first + ".scale", first + ".bias", last + ".scale", last + ".bias"};
}

PPLCNET_INLINE TrainingNames training_names(const Layer& layer, const Naming& naming) {
  const TrainingForm form = training_form(layer);
  const std::string module = text_of(naming::module_names(layer.name, naming).weights);
  TrainingNames names;
  for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
    ParameterNames& own = names.branches.emplace_back();
    if (!branch.identity) own.weight = join({module, branch.weight, ".weight"});
    if (!branch.norm.empty())
      naming::add_batch_norm(own, join({module, branch.norm}), naming.tensors);
  }
  if (!form.norm.empty())
    naming::add_batch_norm(names.after, join({module, form.norm}), naming.tensors);
  return names;
}

PPLCNET_INLINE std::vector<std::int64_t> weight_shape(const Layer& layer, const Naming& naming) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  const auto [height, width] = layer.kernel;
  const std::int64_t depth = layer.op == Operator::depthwise ? 1 : in;
  switch (layout_in(layer, naming)) {
    case Layout::out_in:
      return {out, in};
    case Layout::in_out:
      return {in, out};
    case Layout::none:
      return {};
    case Layout::line:
      return {out, depth, width};
    case Layout::vector:
      return {out / layer.repeats};
    case Layout::pixel:
      return {1, out / layer.repeats, 1, 1};
    case Layout::transposed: {
      std::int64_t side = 1;
      while (side * side < layer.repeats) ++side;
      return {in, out / layer.repeats, side, side};
    }
    case Layout::convolution:
      break;
  }
  return {out, depth, height, width};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NAMES_HPP
