#ifndef PPLCNET_NETWORKS_NAMES_PICODET_HPP
#define PPLCNET_NETWORKS_NAMES_PICODET_HPP

#include <string_view>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

// What PaddleDetection calls the modules of PicoDet. The project's own names are these, without
// `.conv`, `.bn` and the like.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the names of modules whose batch norm is not called `.bn`.
constexpr ModuleNames picodet_module(const Name& own) {
  Name module = own;
  module.leaf = {};
  if (own.leaf == ".dwconv") return {own, module + ".bn1"};
  if (own.leaf == ".pwconv") return {own, module + ".bn2"};
  if (own.leaf.empty() && own.pattern.starts_with("head.conv_feat."))
    return {own + ".conv", own + ".norm"};
  return {own};
}

inline constexpr Naming kPicoDetNamings[] = {paddle_naming(tensors_of::kPaddleV1, picodet_module)};

/// Modules that a state dict has and the network does not use: scales of distances, the numbers
/// from 0 to 7, and second names of the last layers.
inline constexpr Name kPicoDetUnused[] = {"head.p3_feat",
                                          "head.p4_feat",
                                          "head.p5_feat",
                                          "head.p6_feat",
                                          "head.head_cls0",
                                          "head.head_cls1",
                                          "head.head_cls2",
                                          "head.head_cls3",
                                          "head.head_reg0",
                                          "head.head_reg1",
                                          "head.head_reg2",
                                          "head.head_reg3",
                                          "head.distribution_project"};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PICODET_HPP
