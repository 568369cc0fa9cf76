#ifndef PPLCNET_WEIGHTS_NAMING_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_NAMES_HPP

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/layer.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/modules.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Whose names a file uses. The first four belong to the dialect of the same name; Hugging Face's
/// PP-LCNet has the graph of Paddle's.
enum class Naming : unsigned char { paddle, timm, pytorch, light_cnns, hugging_face };

constexpr Naming naming_of(Dialect dialect) { return static_cast<Naming>(dialect); }

/// The names of a layer's tensors in a file; empty where the layer has no such tensor.
struct ParameterNames {
  std::string weight = {}, bias = {}, gamma = {}, beta = {}, mean = {}, variance = {};
};

namespace naming {

/// timm counts a block by stage and index of its own (`_gen_lcnet`): blocks5 is split in two.
inline constexpr struct TimmBlock {
  int stage, index;
} kTimmBlocks[] = {{0, 0}, {1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 0}, {3, 1},
                   {4, 0}, {4, 1}, {4, 2}, {4, 3}, {5, 0}, {5, 1}};

/// A batch norm's four.
inline void add_batch_norm(ParameterNames& names, std::string_view module, bool paddle) {
  names.gamma = join({module, ".weight"});
  names.beta = join({module, ".bias"});
  names.mean = join({module, paddle ? "._mean" : ".running_mean"});
  names.variance = join({module, paddle ? "._variance" : ".running_var"});
}

inline ParameterNames parameters(std::string_view weights, std::string_view batch_norm,
                                 const Layer& layer, bool paddle) {
  ParameterNames names;
  names.weight = join({weights, ".weight"});
  if (layer.bias) names.bias = join({weights, ".bias"});
  if (layer.batch_norm) add_batch_norm(names, batch_norm, paddle);
  return names;
}

/// Where a layer's weights and its batch norm are, behind the name of its block; nothing for a
/// layer without weights.
struct Paths {
  std::string_view weights, batch_norm;
};

inline ParameterNames torch_parameters(std::string_view block, const Paths& paths,
                                       const Layer& layer) {
  if (paths.weights.empty()) return {};
  return parameters(join({block, paths.weights}), join({block, paths.batch_norm}), layer, false);
}

constexpr Paths timm_paths(Part part) {
  switch (part) {
    case Part::stem:
      return {"conv_stem", "bn1"};
    case Part::depthwise:
      return {"conv_dw", "bn1"};
    case Part::squeeze_reduce:
      return {"se.conv_reduce", ""};
    case Part::squeeze_expand:
      return {"se.conv_expand", ""};
    case Part::pointwise:
      return {"conv_pw", "bn2"};
    case Part::head:
      return {"conv_head", ""};
    case Part::classifier:
      return {"classifier", ""};
    default:
      return {};
  }
}

/// Squeeze-excite, where there is one, shifts what follows it.
constexpr Paths pytorch_paths(Part part, bool squeeze_excite) {
  switch (part) {
    case Part::stem:
      return {"features.0", ""};
    case Part::depthwise:
      return {"conv.0", "conv.1"};
    case Part::squeeze_reduce:
      return {"conv.3.fc.0", ""};
    case Part::squeeze_expand:
      return {"conv.3.fc.2", ""};
    case Part::pointwise:
      return squeeze_excite ? Paths{"conv.4", "conv.5"} : Paths{"conv.3", "conv.4"};
    case Part::head:
      return {"fc", ""};
    case Part::classifier:
      return {"classifier", ""};
    default:
      return {};
  }
}

constexpr Paths light_cnns_paths(Part part) {
  switch (part) {
    case Part::stem:
      return {"conv1.conv", "conv1.bn"};
    case Part::depthwise:
      return {"dw_conv.conv", "dw_conv.bn"};
    case Part::squeeze_reduce:
      return {"se.conv1", ""};
    case Part::squeeze_expand:
      return {"se.conv2", ""};
    case Part::pointwise:
      return {"pw_conv.conv", "pw_conv.bn"};
    case Part::head:
      return {"last_conv", ""};
    case Part::classifier:
      return {"f", ""};
    default:
      return {};
  }
}

constexpr Paths hugging_face_paths(Part part) {
  switch (part) {
    case Part::stem:
      return {"encoder.convolution.convolution", "encoder.convolution.normalization"};
    case Part::depthwise:
      return {"depthwise_convolution.convolution", "depthwise_convolution.normalization"};
    case Part::squeeze_reduce:
      return {"squeeze_excitation_module.convolutions.0", ""};
    case Part::squeeze_expand:
      return {"squeeze_excitation_module.convolutions.2", ""};
    case Part::pointwise:
      return {"pointwise_convolution.convolution", "pointwise_convolution.normalization"};
    case Part::head:
      return {"last_convolution", ""};
    case Part::classifier:
      return {"head", ""};
    default:
      return {};
  }
}

}  // namespace naming

/// PaddleClas and PaddleOCR, all families. Where a layer has branches these are the names of its
/// deployed form.
inline ParameterNames paddle_names(const Layer& layer, const Architecture& net) {
  const std::string module = module_name(layer, net);
  switch (layer.branches) {
    case Branches::none:
      break;
    case Branches::batch_norm:
      if (layer.part == Part::stem) return naming::parameters(module + ".conv", "", layer, true);
      return naming::parameters(module, "", layer, true);
    case Branches::v2:
      return naming::parameters(module, "", layer, true);
    case Branches::v3:
    case Branches::v4:
      return naming::parameters(module + ".reparam_conv", "", layer, true);
  }
  // PaddleClas' RecModel keeps the neck beside the backbone.
  if (layer.part == Part::head) return naming::parameters(module, "neck.feat_bn", layer, true);
  return naming::parameters(layer.batch_norm ? module + ".conv" : module, module + ".bn", layer,
                            true);
}

/// timm `mobilenetv3.py`, as built by `_gen_lcnet`.
inline ParameterNames timm_names(const Layer& layer) {
  std::string block;
  if (layer.block >= 0 && layer.block < static_cast<int>(std::size(naming::kTimmBlocks))) {
    const auto& [stage, index] = naming::kTimmBlocks[layer.block];
    block = join({"blocks.", stage, ".", index, "."});
  }
  return naming::torch_parameters(block, naming::timm_paths(layer.part), layer);
}

/// ngnquan/PP-LCNet `pplcnet.py`: block i is `features.{2 + i}`, behind the stem and its
/// activation.
inline ParameterNames pytorch_names(const Layer& layer, bool squeeze_excite) {
  const std::string block =
      layer.block < 0 ? std::string() : join({"features.", layer.block + 2, "."});
  return naming::torch_parameters(block, naming::pytorch_paths(layer.part, squeeze_excite), layer);
}

/// light_cnns `lcnet.py`: the blocks of all stages are counted through.
inline ParameterNames light_cnns_names(const Layer& layer) {
  const std::string block = layer.block < 0 ? std::string() : join({"blocks.", layer.block, ".0."});
  return naming::torch_parameters(block, naming::light_cnns_paths(layer.part), layer);
}

/// Hugging Face transformers `models/pp_lcnet`, as of today (see `older_hugging_face_name`).
inline ParameterNames hugging_face_names(const Layer& layer) {
  const std::string block =
      layer.block < 0 ? std::string()
                      : join({"encoder.blocks.", layer.stage - 2, ".layers.", layer.index, "."});
  return naming::torch_parameters(block, naming::hugging_face_paths(layer.part), layer);
}

/// What today's name was in older files of Hugging Face; the same name where nothing has changed.
inline std::string older_hugging_face_name(std::string name) {
  constexpr struct {
    std::string_view now, before;
  } kRenamed[] = {{"encoder.convolution.", "embedder.convolution."},
                  {".convolutions.0.", ".convolution1."},
                  {".convolutions.2.", ".convolution2."},
                  {"head.", "fc."}};
  for (const auto& [now, before] : kRenamed)
    if (const auto place = name.find(now); place != name.npos)
      return name.replace(place, now.size(), before);
  return name;
}

/// Returns the name of the batch norm after a layer whose tensors have names of their own.
inline std::string norm_name(const Layer& layer, const TensorNames& tensors) {
  if (!layer.norm_name.empty()) return text_of(layer.norm_name);
  Name name = layer.name;
  if (tensors.norm_is_next) ++name.numbers[static_cast<std::size_t>(name.count() - 1)];
  return text_of(name).append(tensors.norm);
}

/// Returns the names of a layer of a graph.
inline ParameterNames graph_names(const Layer& layer, const TensorNames& tensors) {
  ParameterNames names;
  std::string module = text_of(layer.name);
  if (layer.batch_norm) module += tensors.weights;
  names.weight = module + ".weight";
  if (layer.bias) names.bias = module + ".bias";
  if (!layer.batch_norm) return names;
  const std::string norm = norm_name(layer, tensors);
  names.gamma = norm + ".weight";
  names.beta = norm + ".bias";
  names.mean = join({norm, tensors.mean});
  names.variance = join({norm, tensors.variance});
  return names;
}

/// The names of a layer of `architecture` in files of a naming.
inline ParameterNames parameter_names(const Layer& layer, const Architecture& architecture,
                                      Naming naming) {
  if (architecture.family == Family::other) return graph_names(layer, architecture.tensor_names);
  switch (naming) {
    case Naming::timm:
      return timm_names(layer);
    case Naming::pytorch:
      return pytorch_names(layer,
                           layer.block >= 0 && architecture.blocks[layer.block].squeeze_excite);
    case Naming::light_cnns:
      return light_cnns_names(layer);
    case Naming::hugging_face:
      return hugging_face_names(layer);
    case Naming::paddle:
      break;
  }
  return paddle_names(layer, architecture);
}
inline ParameterNames parameter_names(const Layer& layer, const Architecture& architecture) {
  return parameter_names(layer, architecture, naming_of(architecture.dialect));
}

/// Shape of a layer's weight in files: [out, in, kernel, kernel], in = 1 for depthwise; the
/// classifier is [out, in], but [in, out] in Paddle's.
inline std::vector<std::int64_t> weight_shape(const Layer& layer, Naming naming) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  const auto [height, width] = layer.kernel;
  if (layer.part == Part::named && layer.layout == Layout::out_in) return {out, in};
  if (layer.part == Part::named && layer.layout == Layout::in_out) return {in, out};
  if (layer.part == Part::classifier) {
    if (naming == Naming::paddle) return {in, out};
    return {out, in};
  }
  // A pointwise layer with a kernel reads patches.
  const bool patches = layer.op == Operator::pointwise;
  return {out, layer.op == Operator::depthwise ? 1 : in / (patches ? height * width : 1), height,
          width};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_NAMES_HPP
