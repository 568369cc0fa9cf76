#ifndef PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP
#define PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP

#include "pplcnet/networks/inception.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::resnet_v2 {

inline constexpr Unit kMixed5b[] = {{input, ".branch0", 96},     {input, ".branch1.0", 48},
                                    {last, ".branch1.1", 64, 5}, {input, ".branch2.0", 64},
                                    {last, ".branch2.1", 96, 3}, {last, ".branch2.2", 96, 3},
                                    {mean, ".branch3.1", 64}};
inline constexpr Unit kBlock35[] = {{input, ".branch0", 32},     {input, ".branch1.0", 32},
                                    {last, ".branch1.1", 32, 3}, {input, ".branch2.0", 32},
                                    {last, ".branch2.1", 48, 3}, {last, ".branch2.2", 64, 3}};
inline constexpr Unit kMixed6a[] = {{input, ".branch0", 384, 3, 2},
                                    {input, ".branch1.0", 256},
                                    {last, ".branch1.1", 256, 3},
                                    {last, ".branch1.2", 384, 3, 2},
                                    {halve}};
inline constexpr Unit kBlock17[] = {{input, ".branch0", 192},
                                    {input, ".branch1.0", 128},
                                    {last, ".branch1.1", 160, k1x7},
                                    {last, ".branch1.2", 192, k7x1}};
inline constexpr Unit kMixed7a[] = {
    {input, ".branch0.0", 256},      {last, ".branch0.1", 384, 3, 2},
    {input, ".branch1.0", 256},      {last, ".branch1.1", 288, 3, 2},
    {input, ".branch2.0", 256},      {last, ".branch2.1", 288, 3},
    {last, ".branch2.2", 320, 3, 2}, {halve}};
inline constexpr Unit kBlock8[] = {{input, ".branch0", 192},
                                   {input, ".branch1.0", 192},
                                   {last, ".branch1.1", 224, k1x3},
                                   {last, ".branch1.2", 256, k3x1}};
inline constexpr Unit kLast[] = {{input, "", 1536}};

/// Modules that are repeated, and what their residual is multiplied by; 0: there is none.
struct Row {
  std::string_view name;
  std::span<const Unit> units;
  int times = 1, percent = 0;
  Activation after = Activation::relu;
};
inline constexpr Row kTable[] = {{"mixed_5b", kMixed5b},
                                 {"repeat.#", kBlock35, 10, 17},
                                 {"mixed_6a", kMixed6a},
                                 {"repeat_1.#", kBlock17, 20, 10},
                                 {"mixed_7a", kMixed7a},
                                 {"repeat_2.#", kBlock8, 9, 20},
                                 {"block8", kBlock8, 1, 100, Activation::none},
                                 {"conv2d_7b", kLast}};

}  // namespace inception::resnet_v2

/// Inception-ResNet v2. Source: light_cnns `inception_v2.py`, where it is called so; names are
/// those of Cadene's pretrained models and of timm.
constexpr Graph inception_resnet_v2(const WidthOptions& options = {.input = {299, 299}}) {
  Graph g = inception::network(options, "inception_resnet_v2");
  Value x = inception::append_stem(g, {"conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a",
                                       "conv2d_3b", "conv2d_4a", "maxpool_5a"});
  for (const auto& [module, units, times, percent, after] : inception::resnet_v2::kTable)
    for (int i = 0; i < times; ++i) {
      const Name name(module, i);
      Value y = inception::append(g, x, name, units, false);
      if (percent > 0) {
        y = g.conv(y, x.shape.channels, {.norm = false, .bias = true, .output_percent = percent},
                   name + ".conv2d");
        y = g.add(x, y, after);
      }
      x = g.output(y, Role::stage, name);
    }
  g.output(g.dense(g.global_mean(x), options.classes, {}, "classif"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP
