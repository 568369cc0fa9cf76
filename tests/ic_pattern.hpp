#ifndef PPLCNET_TESTS_IC_PATTERN_HPP
#define PPLCNET_TESTS_IC_PATTERN_HPP

#include "pplcnet/networks/ic_resnet50.hpp"

namespace pplcnet_test {

/// The pattern that is published for detection (`pattern_zoo/detection/ic_resnet50_k9.json`).
inline constexpr pplcnet::IcPattern<4> kDetectionPattern = {{
    {{{42, 5, 1, 4}, {4, 0, 0, 0}, {3, 0, 1, 1}, {2, 0, 0, 1}}},
    {{{30, 6, 1, 1}, {9, 4, 1, 0}, {1, 0, 1, 0}, {5, 4, 0, 1}}},
    {{{41, 5, 0, 3}, {1, 0, 0, 1}, {3, 0, 0, 0}, {7, 1, 0, 2}}},
    {{{77, 9, 1, 3}, {4, 4, 4, 2}, {3, 1, 2, 3}, {8, 2, 2, 3}}},
    {{{65, 3, 3, 4}, {9, 7, 5, 1}, {2, 2, 2, 5}, {3, 2, 2, 13}}},
    {{{69, 5, 4, 6}, {5, 6, 0, 2}, {3, 2, 1, 1}, {5, 2, 1, 16}}},
    {{{57, 9, 12, 3}, {9, 6, 4, 2}, {4, 3, 2, 2}, {5, 3, 3, 4}}},
    {{{95, 29, 9, 6}, {26, 16, 11, 4}, {12, 7, 7, 7}, {11, 3, 4, 9}}},
    {{{84, 14, 8, 17}, {16, 7, 5, 6}, {9, 7, 9, 7}, {18, 5, 8, 36}}},
    {{{92, 11, 11, 17}, {15, 19, 1, 7}, {20, 5, 3, 8}, {12, 10, 5, 20}}},
    {{{88, 29, 8, 19}, {18, 8, 6, 7}, {12, 2, 2, 5}, {13, 8, 4, 27}}},
    {{{111, 14, 8, 16}, {15, 11, 6, 9}, {13, 2, 6, 9}, {14, 7, 3, 12}}},
    {{{105, 21, 6, 22}, {16, 7, 5, 7}, {11, 3, 2, 7}, {25, 2, 6, 11}}},
    {{{134, 53, 32, 23}, {66, 31, 15, 23}, {30, 20, 7, 10}, {33, 12, 10, 13}}},
    {{{143, 39, 22, 56}, {29, 19, 4, 14}, {23, 14, 6, 17}, {37, 14, 16, 59}}},
    {{{206, 32, 15, 63}, {46, 36, 3, 9}, {17, 5, 3, 8}, {30, 11, 4, 24}}},
}};

constexpr pplcnet::Graph ic_resnet50_for_detection(const pplcnet::WidthOptions& options) {
  return pplcnet::ic_resnet50(kDetectionPattern, options);
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_IC_PATTERN_HPP
