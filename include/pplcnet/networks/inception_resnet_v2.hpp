#ifndef PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP
#define PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP

#include "pplcnet/networks/blocks/inception.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::resnet_v2 {

inline constexpr Branch kMixed5b[] = {{input, ".branch0", {{96}}},
                                      {input, ".branch1.#", {{48}, {64, 5}}},
                                      {input, ".branch2.#", {{64}, {96, 3}, {96, 3}}},
                                      {mean, ".branch3.1", {{64}}}};
inline constexpr Branch kBlock35[] = {{input, ".branch0", {{32}}},
                                      {input, ".branch1.#", {{32}, {32, 3}}},
                                      {input, ".branch2.#", {{32}, {48, 3}, {64, 3}}}};
inline constexpr Branch kMixed6a[] = {{input, ".branch0", {{384, 3, 2}}},
                                      {input, ".branch1.#", {{256}, {256, 3}, {384, 3, 2}}},
                                      {halve}};
inline constexpr Branch kBlock17[] = {{input, ".branch0", {{192}}},
                                      {input, ".branch1.#", {{128}, {160, k1x7}, {192, k7x1}}}};
inline constexpr Branch kMixed7a[] = {{input, ".branch0.#", {{256}, {384, 3, 2}}},
                                      {input, ".branch1.#", {{256}, {288, 3, 2}}},
                                      {input, ".branch2.#", {{256}, {288, 3}, {320, 3, 2}}},
                                      {halve}};
inline constexpr Branch kBlock8[] = {{input, ".branch0", {{192}}},
                                     {input, ".branch1.#", {{192}, {224, k1x3}, {256, k3x1}}}};
inline constexpr Branch kLast[] = {{input, "", {{1536}}}};

inline constexpr Module kTable[] = {{"mixed_5b", kMixed5b},
                                    {"repeat.#", kBlock35, 0, 10, 17},
                                    {"mixed_6a", kMixed6a},
                                    {"repeat_1.#", kBlock17, 0, 20, 10},
                                    {"mixed_7a", kMixed7a},
                                    {"repeat_2.#", kBlock8, 0, 9, 20},
                                    {"block8", kBlock8, 0, 1, 100, Activation::none},
                                    {"conv2d_7b", kLast}};

}  // namespace inception::resnet_v2

/// Returns Inception-ResNet v2. Source: light_cnns `inception_v2.py`, where it is called so; names
/// are those of Cadene's pretrained models and of timm.
constexpr Graph inception_resnet_v2(const WidthOptions& options = {.input = {299, 299}}) {
  Graph g = inception::network(options, "inception_resnet_v2");
  Value x = inception::append_stem(g, {"conv2d_1a", "conv2d_2a", "conv2d_2b", "maxpool_3a",
                                       "conv2d_3b", "conv2d_4a", "maxpool_5a"});
  x = inception::append(g, x, inception::resnet_v2::kTable);
  g.output(g.dense(g.global_mean(x), options.classes, {}, "classif"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_RESNET_V2_HPP
