#ifndef PPLCNET_NETWORKS_INCEPTION_V4_HPP
#define PPLCNET_NETWORKS_INCEPTION_V4_HPP

#include "pplcnet/networks/inception.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::v4 {

/// The paper's figures 3 (the stem), 4 (a), 5 (b) and 6 (c); those after a and b halve a map.
inline constexpr Unit kStem0[] = {{input, "", 32, 3, 2}}, kStem1[] = {{input, "", 32, 3, 1, kNone}},
                      kStem2[] = {{input, "", 64, 3}},
                      kStem3[] = {{halve}, {input, ".conv", 96, 3, 2}},
                      kStem4[] = {{input, ".branch0.0", 64},
                                  {last, ".branch0.1", 96, 3, 1, kNone},
                                  {input, ".branch1.0", 64},
                                  {last, ".branch1.1", 64, k1x7},
                                  {last, ".branch1.2", 64, k7x1},
                                  {last, ".branch1.3", 96, 3, 1, kNone}},
                      kStem5[] = {{input, ".conv", 192, 3, 2}, {halve}};
inline constexpr Unit kA[] = {{input, ".branch0", 96},     {input, ".branch1.0", 64},
                              {last, ".branch1.1", 96, 3}, {input, ".branch2.0", 64},
                              {last, ".branch2.1", 96, 3}, {last, ".branch2.2", 96, 3},
                              {mean, ".branch3.1", 96}};
inline constexpr Unit kHalvedA[] = {{input, ".branch0", 384, 3, 2},
                                    {input, ".branch1.0", 192},
                                    {last, ".branch1.1", 224, 3},
                                    {last, ".branch1.2", 256, 3, 2},
                                    {halve}};
inline constexpr Unit kB[] = {{input, ".branch0", 384},        {input, ".branch1.0", 192},
                              {last, ".branch1.1", 224, k1x7}, {last, ".branch1.2", 256, k7x1},
                              {input, ".branch2.0", 192},      {last, ".branch2.1", 192, k7x1},
                              {last, ".branch2.2", 224, k1x7}, {last, ".branch2.3", 224, k7x1},
                              {last, ".branch2.4", 256, k1x7}, {mean, ".branch3.1", 128}};
inline constexpr Unit kHalvedB[] = {{input, ".branch0.0", 192},
                                    {last, ".branch0.1", 192, 3, 2},
                                    {input, ".branch1.0", 256},
                                    {last, ".branch1.1", 256, k1x7},
                                    {last, ".branch1.2", 320, k7x1},
                                    {last, ".branch1.3", 320, 3, 2},
                                    {halve}};
inline constexpr Unit kC[] = {
    {input, ".branch0", 256},           {input, ".branch1_0", 384},
    {last, ".branch1_1a", 256, k1x3},   {beside, ".branch1_1b", 256, k3x1},
    {input, ".branch2_0", 384},         {last, ".branch2_1", 448, k3x1},
    {last, ".branch2_2", 512, k1x3},    {last, ".branch2_3a", 256, k1x3},
    {beside, ".branch2_3b", 256, k3x1}, {mean, ".branch3.1", 256}};
inline constexpr std::span<const Unit> kTable[] = {
    kStem0, kStem1, kStem2, kStem3, kStem4, kStem5, kA, kA,       kA, kA, kHalvedA,
    kB,     kB,     kB,     kB,     kB,     kB,     kB, kHalvedB, kC, kC, kC};

}  // namespace inception::v4

/// Inception v4. Source: light_cnns `inception_v4.py`, whose names are those of Cadene's pretrained
/// models and of timm.
constexpr Graph inception_v4(const WidthOptions& options = {.input = {299, 299}}) {
  Graph g = inception::network(options, "inception_v4");
  Value x = g.image();
  int i = 0;
  for (const auto units : inception::v4::kTable) {
    const Name name("features.#", i++);
    x = g.output(inception::append(g, x, name, units, false), Role::stage, name);
  }
  g.output(g.dense(g.global_mean(x), options.classes, {}, "last_linear"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_V4_HPP
