#ifndef PPLCNET_WEIGHTS_MODULES_HPP
#define PPLCNET_WEIGHTS_MODULES_HPP

#include <string>
#include <string_view>

#include "pplcnet/layer.hpp"

// What a layer is called: by this project, and in the code of Paddle's four families.

namespace pplcnet::inline PPLCNET_ABI {

namespace naming {

inline std::string numbered(std::string_view prefix, int first, std::string_view between = "",
                            int second = -1) {
  std::string text = std::string(prefix) + std::to_string(first) + std::string(between);
  return second < 0 ? text : text + std::to_string(second);
}

/// V4's stem of branches, by index.
inline constexpr std::string_view kStemBranches[] = {"stem1", "stem2a", "stem2b", "stem3", "stem4"};

}  // namespace naming

/// The project's own name of a layer: that of Paddle's V1, where it has one.
inline std::string layer_name(const Layer& layer) {
  const std::string block = naming::numbered("blocks", layer.stage, ".", layer.index);
  switch (layer.part) {
    case Part::stem:
      return naming::numbered("conv", layer.index + 1);
    case Part::stem_pool:
      return "stem_pool";
    case Part::patches:
      return naming::numbered("conv", layer.index + 1) + ".patches";
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
    case Part::expansion:
      return block + ".expand";
    case Part::pointwise:
      return block + ".pw_conv";
    case Part::stage_head:
      return naming::numbered("blocks", layer.stage) + ".head";
    case Part::columns:
      return "columns";
    case Part::pool:
      return "avg_pool";
    case Part::head:
      return "last_conv";
    case Part::classifier:
      return "fc";
  }
  return "";
}

/// PaddleClas `pp_lcnet_v2.py`: the stem has a block of its own, and stages are counted from 0.
inline std::string v2_module_name(const Layer& layer, bool expanded) {
  const std::string block =
      layer.stage == 1 ? "stem.1" : naming::numbered("stages.", layer.stage - 2, ".", layer.index);
  switch (layer.part) {
    case Part::stem:
      return "stem.0";
    case Part::depthwise:
      return block + ".dw_conv";
    case Part::squeeze_reduce:
      return block + ".se.conv1";
    case Part::squeeze_expand:
      return block + ".se.conv2";
    case Part::squeeze_gate:
      return block + ".se";
    case Part::expansion:
      return block + ".pw_conv_1";
    case Part::pointwise:
      return block + (expanded ? ".pw_conv_2" : ".pw_conv");
    default:
      return layer_name(layer);
  }
}

/// PaddleOCR `rec_lcnetv4.py`: detection and recognition call stem and stages differently.
inline std::string v4_module_name(const Layer& layer, const Architecture& net) {
  const bool detection = net.ending == Ending::maps;
  const std::string block = detection
                                ? naming::numbered("blocks_s", layer.stage - 1, ".", layer.index)
                                : naming::numbered("blocks", layer.stage, ".", layer.index);
  switch (layer.part) {
    case Part::stem:
      if (net.stem == Stem::convolutions) return naming::numbered("conv1.", 2 * layer.index);
      return (detection ? "stem." : "conv1.") + std::string(naming::kStemBranches[layer.index]);
    case Part::depthwise:
      return block + ".token_mixer." + (layer.branches == Branches::v4 ? "rep_dw" : "dw_conv");
    case Part::squeeze_reduce:
      return block + ".token_mixer.se.conv1";
    case Part::squeeze_expand:
      return block + ".token_mixer.se.conv2";
    case Part::squeeze_gate:
      return block + ".token_mixer.se";
    case Part::expansion:
      return block + ".channel_mixer.expand";
    case Part::pointwise:
      return block + ".channel_mixer.compress";
    default:
      return layer_name(layer);
  }
}

/// The module that a layer is in Paddle's code.
inline std::string module_name(const Layer& layer, const Architecture& net) {
  switch (net.family) {
    case Family::v1:
      break;
    case Family::v2:
      return v2_module_name(layer, layer.block >= 0 && net.blocks[layer.block].expansion > 0);
    case Family::v3:
      if (layer.part == Part::stage_head) return naming::numbered("layer_list.", layer.index);
      break;
    case Family::v4:
      return v4_module_name(layer, net);
  }
  return layer_name(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_MODULES_HPP
