#ifndef PPLCNET_NETWORKS_INCEPTION_V3_HPP
#define PPLCNET_NETWORKS_INCEPTION_V3_HPP

#include "pplcnet/networks/blocks/inception.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::v3 {

/// Modules of the paper's figures 5 (a), 6 (c) and 7 (e); those after a and c halve a map.
inline constexpr Branch kA[] = {{input, ".branch1x1", {{64}}},
                                {input, ".branch5x5_#", {{48}, {64, 5}}},
                                {input, ".branch3x3dbl_#", {{64}, {96, 3}, {96, 3}}},
                                {mean, ".branch_pool", {{kVaries}}}};
inline constexpr Branch kHalvedA[] = {{input, ".branch3x3", {{384, 3, 2}}},
                                      {input, ".branch3x3dbl_#", {{64}, {96, 3}, {96, 3, 2}}},
                                      {halve}};
inline constexpr Branch kC[] = {
    {input, ".branch1x1", {{192}}},
    {input, ".branch7x7_#", {{kVaries}, {kVaries, k1x7}, {192, k7x1}}},
    {input,
     ".branch7x7dbl_#",
     {{kVaries}, {kVaries, k7x1}, {kVaries, k1x7}, {kVaries, k7x1}, {192, k1x7}}},
    {mean, ".branch_pool", {{192}}}};
inline constexpr Branch kHalvedC[] = {
    {input, ".branch3x3_#", {{192}, {320, 3, 2}}},
    {input, ".branch7x7x3_#", {{192}, {192, k1x7}, {192, k7x1}, {192, 3, 2}}},
    {halve}};
inline constexpr Branch kE[] = {{input, ".branch1x1", {{320}}},
                                {input, ".branch3x3_1", {{384}}},
                                {last, ".branch3x3_2a", {{384, k1x3}}},
                                {beside, ".branch3x3_2b", {{384, k3x1}}},
                                {input, ".branch3x3dbl_#", {{448}, {384, 3}}},
                                {last, ".branch3x3dbl_3a", {{384, k1x3}}},
                                {beside, ".branch3x3dbl_3b", {{384, k3x1}}},
                                {mean, ".branch_pool", {{192}}}};
inline constexpr Module kTable[] = {
    {"Mixed_5b", kA, 32},   {"Mixed_5c", kA, 64},  {"Mixed_5d", kA, 64},  {"Mixed_6a", kHalvedA},
    {"Mixed_6b", kC, 128},  {"Mixed_6c", kC, 160}, {"Mixed_6d", kC, 160}, {"Mixed_6e", kC, 192},
    {"Mixed_7a", kHalvedC}, {"Mixed_7b", kE},      {"Mixed_7c", kE}};

/// The auxiliary classifier, which torchvision's checkpoints have.
inline constexpr Name kAuxiliary[] = {"AuxLogits"};

}  // namespace inception::v3

/// Returns Inception v3 of torchvision (`inception.py`) and light_cnns (`inception_v3.py`), without
/// the auxiliary classifier.
constexpr Graph inception_v3(const WidthOptions& options = {.input = {299, 299}}) {
  Graph g = inception::network(options, "inception_v3");
  g.unused = inception::v3::kAuxiliary;
  Value x = inception::append_stem(g, {"Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Pool1",
                                       "Conv2d_3b_1x1", "Conv2d_4a_3x3", "Pool2"});
  x = inception::append(g, x, inception::v3::kTable, {.count_padding = true, .first_number = 1});
  g.output(g.dense(g.global_mean(x), options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_INCEPTION_V3_HPP
