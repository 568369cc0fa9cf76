#ifndef PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP
#define PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/renaming.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace paddle_ghostnet_names {

inline constexpr Renaming kParameters[] = {
    {"conv1", "conv1"},
    {".ghost_module_1.primary_conv", "_ghost_module_1_primary_conv"},
    {".ghost_module_1.cheap_operation", "_ghost_module_1_cheap_operation"},
    {".depthwise_conv", "_depthwise_depthwise"},
    {".se_block.squeeze", "_se_1"},
    {".se_block.excitation", "_se_2"},
    {".ghost_module_2.primary_conv", "_ghost_module_2_primary_conv"},
    {".ghost_module_2.cheap_operation", "_ghost_module_2_cheap_operation"},
    {".shortcut_depthwise", "_shortcut_depthwise_depthwise"},
    {".shortcut_conv", "_shortcut_conv"},
    {"conv_last", "conv_last"},
    {"fc_0", "fc_0"},
    {"fc_1", "fc_1"},
};

/// Returns what a graph calls the parameters of a module.
constexpr ModuleNames parameters(const Name& own) {
  return renamed(own, kParameters, {"_ghostbottleneck_#", own.numbers[0]});
}

inline constexpr Naming kNamings[] = {{.framework = "paddle",
                                       .what = "PaddleClas' GhostNet",
                                       .tensors = kOlderPaddleClas,
                                       .linear = Layout::in_out,
                                       .parameters = parameters}};

}  // namespace paddle_ghostnet_names

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_NAMES_PADDLE_GHOSTNET_HPP
