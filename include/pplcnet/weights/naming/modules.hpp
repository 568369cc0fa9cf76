#ifndef PPLCNET_WEIGHTS_NAMING_MODULES_HPP
#define PPLCNET_WEIGHTS_NAMING_MODULES_HPP

#include <string>
#include <string_view>

#include "pplcnet/layer.hpp"
#include "pplcnet/weights/join.hpp"

// What a layer is called: by this project, and in the code of Paddle's four families.

namespace pplcnet::inline PPLCNET_ABI {

namespace naming {

/// What stands behind the name of a block, or of nothing.
constexpr std::string_view v1_part(Part part) {
  switch (part) {
    case Part::stem:
      return "conv";
    case Part::stem_pool:
      return "stem_pool";
    case Part::patches:
      return "patches";
    case Part::depthwise:
      return ".dw_conv";
    case Part::squeeze_pool:
      return ".se.avg_pool";
    case Part::squeeze_reduce:
      return ".se.conv1";
    case Part::squeeze_expand:
      return ".se.conv2";
    case Part::squeeze_gate:
      return ".se";
    case Part::expansion:
      return ".expand";
    case Part::pointwise:
      return ".pw_conv";
    case Part::stage_head:
      return "head";
    case Part::columns:
      return "columns";
    case Part::pool:
      return "avg_pool";
    case Part::head:
      return "last_conv";
    case Part::classifier:
      return "fc";
    case Part::named:
      break;
  }
  return "";
}

/// PaddleClas `pp_lcnet_v2.py`.
constexpr std::string_view v2_part(Part part, bool expanded) {
  if (part == Part::expansion) return ".pw_conv_1";
  return part == Part::pointwise && expanded ? ".pw_conv_2" : v1_part(part);
}

/// PaddleOCR `rec_lcnetv4.py`.
constexpr std::string_view v4_part(Part part, Branches branches) {
  switch (part) {
    case Part::depthwise:
      return branches == Branches::v4 ? ".token_mixer.rep_dw" : ".token_mixer.dw_conv";
    case Part::squeeze_reduce:
      return ".token_mixer.se.conv1";
    case Part::squeeze_expand:
      return ".token_mixer.se.conv2";
    case Part::squeeze_gate:
      return ".token_mixer.se";
    case Part::expansion:
      return ".channel_mixer.expand";
    case Part::pointwise:
      return ".channel_mixer.compress";
    default:
      return v1_part(part);
  }
}

/// V4's stem of branches, by index.
inline constexpr std::string_view kStemBranches[] = {"stem1", "stem2a", "stem2b", "stem3", "stem4"};

}  // namespace naming

/// Returns a name as one string.
inline std::string text_of(const Name& name) {
  std::string text;
  std::size_t next = 0;
  for (const char c : name.pattern) {
    if (c == '#')
      text += std::to_string(name.numbers[next++]);
    else
      text += c;
  }
  return text.append(name.leaf);
}

/// The project's own name of a layer: that of Paddle's V1, where it has one.
inline std::string layer_name(const Layer& layer) {
  if (layer.group_count > 1) return join({text_of(layer.name), ".group", layer.group});
  if (!layer.name.empty()) return text_of(layer.name);
  const std::string_view part = naming::v1_part(layer.part);
  if (layer.block >= 0) return join({"blocks", layer.stage, ".", layer.index, part});
  if (layer.part == Part::stage_head) return join({"blocks", layer.stage, ".", part});
  if (layer.part == Part::stem) return join({part, layer.index + 1});
  if (layer.part == Part::patches) return join({"conv", layer.index + 1, ".", part});
  return std::string(part);
}

/// PaddleClas `pp_lcnet_v2.py`: the stem has a block of its own, and stages are counted from 0.
inline std::string v2_module_name(const Layer& layer, bool expanded) {
  const std::string_view part = naming::v2_part(layer.part, expanded);
  if (layer.part == Part::stem) return "stem.0";
  if (layer.block < 0) return std::string(part);
  if (layer.stage == 1) return join({"stem.1", part});
  return join({"stages.", layer.stage - 2, ".", layer.index, part});
}

/// PaddleOCR `rec_lcnetv4.py`: detection and recognition call stem and stages differently.
inline std::string v4_module_name(const Layer& layer, const Architecture& net) {
  const bool detection = net.ending == Ending::maps;
  const std::string_view part = naming::v4_part(layer.part, layer.branches);
  if (layer.part == Part::stem) {
    if (net.stem == Stem::convolutions) return join({"conv1.", 2 * layer.index});
    return join({detection ? "stem." : "conv1.", naming::kStemBranches[layer.index]});
  }
  if (layer.block < 0) return std::string(part);
  if (detection) return join({"blocks_s", layer.stage - 1, ".", layer.index, part});
  return join({"blocks", layer.stage, ".", layer.index, part});
}

/// The module that a layer is in Paddle's code.
inline std::string module_name(const Layer& layer, const Architecture& net) {
  switch (net.family) {
    case Family::v1:
      break;
    case Family::v2:
      return v2_module_name(layer, layer.block >= 0 && net.blocks[layer.block].expansion > 0);
    case Family::v3:
      if (layer.part == Part::stage_head) return join({"layer_list.", layer.index});
      break;
    case Family::v4:
      return v4_module_name(layer, net);
    case Family::other:
      break;
  }
  return layer_name(layer);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_MODULES_HPP
