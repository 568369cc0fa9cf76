#ifndef PPLCNET_NETWORKS_NAMES_DEEPLAB_V3P_HPP
#define PPLCNET_NETWORKS_NAMES_DEEPLAB_V3P_HPP

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace deeplab {

inline constexpr Renaming kBackbone[] = {
    {"conv#", "backbone.net.conv1.conv", "backbone.net.conv1.bn"},
    {".dw_conv", ".dw_conv.conv", ".dw_conv.bn"},
    {".se.conv1", ".se.conv1"},
    {".se.conv2", ".se.conv2"},
    {".pw_conv", ".pw_conv.conv", ".pw_conv.bn"},
};
inline constexpr Renaming kHead[] = {
    {".depthwise", ".depthwise_conv._conv", ".depthwise_conv._batch_norm"},
    {".pointwise", ".piontwise_conv._conv", ".piontwise_conv._batch_norm"},
};

/// Returns what PaddleSeg's `deeplab.py` calls a module, with PaddleDetection's `lcnet.py` as the
/// backbone `net`.
constexpr ModuleNames paddle_module(const Name& own) {
  if (!own.pattern.starts_with("head."))
    return renamed(own, kBackbone, {"backbone.net.blocks#.#", own.numbers[0], own.numbers[1]});
  if (own.pattern == "head.decoder.conv") return {own};
  if (own.leaf.empty()) return {own + "._conv", own + "._batch_norm"};
  Name module = own;
  module.leaf = {};
  return renamed(own, kHead, module);
}

inline constexpr Naming kNamings[] = {
    {.framework = "paddle",
     .what = tensors_of::kPaddleV1,  // those of the backbone
     .tensors = {.mean = kPaddleClas.mean, .variance = kPaddleClas.variance},
     .module = paddle_module}};

}  // namespace deeplab
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_DEEPLAB_V3P_HPP
