#ifndef PPLCNET_NETWORKS_INCEPTION_V4_HPP
#define PPLCNET_NETWORKS_INCEPTION_V4_HPP

#include "pplcnet/networks/blocks/inception.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::v4 {

/// The paper's figures 3 (the stem), 4 (a), 5 (b) and 6 (c); those after a and b halve a map.
inline constexpr Branch kStem0[] = {{input, "", {{32, 3, 2}}}},
                        kStem1[] = {{input, "", {{32, 3, 1, kNone}}}},
                        kStem2[] = {{input, "", {{64, 3}}}};
inline constexpr Branch kStem3[] = {{halve}, {input, ".conv", {{96, 3, 2}}}};
inline constexpr Branch kStem4[] = {
    {input, ".branch0.#", {{64}, {96, 3, 1, kNone}}},
    {input, ".branch1.#", {{64}, {64, k1x7}, {64, k7x1}, {96, 3, 1, kNone}}}};
inline constexpr Branch kStem5[] = {{input, ".conv", {{192, 3, 2}}}, {halve}};
inline constexpr Branch kA[] = {{input, ".branch0", {{96}}},
                                {input, ".branch1.#", {{64}, {96, 3}}},
                                {input, ".branch2.#", {{64}, {96, 3}, {96, 3}}},
                                {mean, ".branch3.1", {{96}}}};
inline constexpr Branch kHalvedA[] = {{input, ".branch0", {{384, 3, 2}}},
                                      {input, ".branch1.#", {{192}, {224, 3}, {256, 3, 2}}},
                                      {halve}};
inline constexpr Branch kB[] = {
    {input, ".branch0", {{384}}},
    {input, ".branch1.#", {{192}, {224, k1x7}, {256, k7x1}}},
    {input, ".branch2.#", {{192}, {192, k7x1}, {224, k1x7}, {224, k7x1}, {256, k1x7}}},
    {mean, ".branch3.1", {{128}}}};
inline constexpr Branch kHalvedB[] = {
    {input, ".branch0.#", {{192}, {192, 3, 2}}},
    {input, ".branch1.#", {{256}, {256, k1x7}, {320, k7x1}, {320, 3, 2}}},
    {halve}};
inline constexpr Branch kC[] = {{input, ".branch0", {{256}}},
                                {input, ".branch1_0", {{384}}},
                                {last, ".branch1_1a", {{256, k1x3}}},
                                {beside, ".branch1_1b", {{256, k3x1}}},
                                {input, ".branch2_#", {{384}, {448, k3x1}, {512, k1x3}}},
                                {last, ".branch2_3a", {{256, k1x3}}},
                                {beside, ".branch2_3b", {{256, k3x1}}},
                                {mean, ".branch3.1", {{256}}}};
inline constexpr Module kTable[] = {
    {"features.#", kStem0},   {"features.#", kStem1},   {"features.#", kStem2},
    {"features.#", kStem3},   {"features.#", kStem4},   {"features.#", kStem5},
    {"features.#", kA, 0, 4}, {"features.#", kHalvedA}, {"features.#", kB, 0, 7},
    {"features.#", kHalvedB}, {"features.#", kC, 0, 3}};

}  // namespace inception::v4

/// Returns Inception v4 of light_cnns (`inception_v4.py`), with the names of Cadene's and of timm.
constexpr Graph inception_v4(const WidthOptions& options = {.input = {299, 299}}) {
  Graph g = inception::network(options, "inception_v4");
  const Value x = inception::append(g, g.image(), inception::v4::kTable);
  g.output(g.dense(g.global_mean(x), options.classes, {}, "last_linear"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_V4_HPP
