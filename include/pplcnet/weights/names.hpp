#ifndef PPLCNET_WEIGHTS_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMES_HPP

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Whose names a file uses. Each belongs to the dialect of the same name: the graphs differ too.
using Naming = Dialect;

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

inline ParameterNames parameters(const std::string& weights, const std::string& batch_norm,
                                 const Layer& layer, bool paddle) {
  ParameterNames names = {.weight = weights + ".weight"};
  if (layer.bias) names.bias = weights + ".bias";
  if (!layer.batch_norm) return names;
  names.gamma = batch_norm + ".weight";
  names.beta = batch_norm + ".bias";
  names.mean = batch_norm + (paddle ? "._mean" : ".running_mean");
  names.variance = batch_norm + (paddle ? "._variance" : ".running_var");
  return names;
}

inline std::string numbered(std::string_view prefix, int first, std::string_view between = "",
                            int second = -1) {
  std::string text = std::string(prefix) + std::to_string(first) + std::string(between);
  return second < 0 ? text : text + std::to_string(second);
}

}  // namespace naming

/// The project's own name of a layer: Paddle's, where Paddle has one.
inline std::string layer_name(const Layer& layer) {
  const std::string block = naming::numbered("blocks", layer.stage, ".", layer.index);
  switch (layer.part) {
    case Part::stem:
      return "conv1";
    case Part::depthwise:
      return block + ".dw_conv";
    case Part::squeeze_pool:
      return block + ".se.avg_pool";
    case Part::squeeze_reduce:
      return block + ".se.conv1";
    case Part::squeeze_expand:
      return block + ".se.conv2";
    case Part::squeeze_gate:
      return block + ".se";
    case Part::pointwise:
      return block + ".pw_conv";
    case Part::pool:
      return "avg_pool";
    case Part::head:
      return "last_conv";
    case Part::classifier:
      return "fc";
  }
  return "";
}

/// PaddleClas `pp_lcnet.py`.
inline ParameterNames paddle_names(const Layer& layer) {
  const std::string name = layer_name(layer);
  return naming::parameters(layer.batch_norm ? name + ".conv" : name, name + ".bn", layer, true);
}

/// timm `mobilenetv3.py`, as built by `_gen_lcnet`.
inline ParameterNames timm_names(const Layer& layer) {
  std::string block;
  if (layer.block >= 0 && layer.block < static_cast<int>(std::size(naming::kTimmBlocks))) {
    const auto& [stage, index] = naming::kTimmBlocks[layer.block];
    block = naming::numbered("blocks.", stage, ".", index) + ".";
  }
  switch (layer.part) {
    case Part::stem:
      return naming::parameters("conv_stem", "bn1", layer, false);
    case Part::depthwise:
      return naming::parameters(block + "conv_dw", block + "bn1", layer, false);
    case Part::squeeze_reduce:
      return naming::parameters(block + "se.conv_reduce", "", layer, false);
    case Part::squeeze_expand:
      return naming::parameters(block + "se.conv_expand", "", layer, false);
    case Part::pointwise:
      return naming::parameters(block + "conv_pw", block + "bn2", layer, false);
    case Part::head:
      return naming::parameters("conv_head", "", layer, false);
    case Part::classifier:
      return naming::parameters("classifier", "", layer, false);
    default:
      return {};
  }
}

/// ngnquan/PP-LCNet `pplcnet.py`: block i is `features.{2 + i}.conv`, a Sequential in which
/// squeeze-excite, where there is one, shifts what follows it.
inline ParameterNames pytorch_names(const Layer& layer, bool squeeze_excite) {
  const std::string block = naming::numbered("features.", layer.block + 2) + ".conv.";
  const std::string pointwise = block + (squeeze_excite ? "4" : "3");
  const std::string norm = block + (squeeze_excite ? "5" : "4");
  switch (layer.part) {
    case Part::stem:
      return naming::parameters("features.0", "", layer, false);
    case Part::depthwise:
      return naming::parameters(block + "0", block + "1", layer, false);
    case Part::squeeze_reduce:
      return naming::parameters(block + "3.fc.0", "", layer, false);
    case Part::squeeze_expand:
      return naming::parameters(block + "3.fc.2", "", layer, false);
    case Part::pointwise:
      return naming::parameters(pointwise, norm, layer, false);
    case Part::head:
      return naming::parameters("fc", "", layer, false);
    case Part::classifier:
      return naming::parameters("classifier", "", layer, false);
    default:
      return {};
  }
}

/// The names of a layer of `architecture` in files of its dialect.
inline ParameterNames parameter_names(const Layer& layer, const Architecture& architecture) {
  switch (architecture.dialect) {
    case Dialect::timm:
      return timm_names(layer);
    case Dialect::pytorch:
      return pytorch_names(layer,
                           layer.block >= 0 && architecture.blocks[layer.block].squeeze_excite);
    case Dialect::paddle:
      break;
  }
  return paddle_names(layer);
}

/// Shape of a layer's weight in files of a dialect: [out, in, kernel, kernel], in = 1 for
/// depthwise; the classifier is [out, in], but [in, out] in Paddle's.
inline std::vector<std::int64_t> weight_shape(const Layer& layer, Dialect dialect) {
  const std::int64_t in = layer.input.channels, out = layer.output.channels;
  if (layer.part == Part::classifier) {
    if (dialect == Dialect::paddle) return {in, out};
    return {out, in};
  }
  return {out, layer.op == Operator::depthwise ? 1 : in, layer.kernel, layer.kernel};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMES_HPP
