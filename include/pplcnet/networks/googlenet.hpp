#ifndef PPLCNET_NETWORKS_GOOGLENET_HPP
#define PPLCNET_NETWORKS_GOOGLENET_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Channels of an Inception module of the paper's table 1; `pools`: a max pool follows.
struct GoogLeNetRow {
  int n1, reduced3, n3, reduced5, n5, pooled;
  bool pools = false;
};
inline constexpr GoogLeNetRow kGoogLeNetTable[] = {
    {64, 96, 128, 16, 32, 32},           {128, 128, 192, 32, 96, 64, true},
    {192, 96, 208, 16, 48, 64},          {160, 112, 224, 24, 64, 64},
    {128, 128, 256, 24, 64, 64},         {112, 144, 288, 32, 64, 64},
    {256, 160, 320, 32, 128, 128, true}, {256, 160, 320, 32, 128, 128},
    {384, 192, 384, 48, 128, 128},
};

/// Returns GoogLeNet. Source: light_cnns `inception_v1.py`. Unlike the paper's it begins with three
/// convolutions at the picture's full size, which makes 26 billion multiply-adds, and has two
/// convolutions of 3×3 for one of 5×5; the batch norm after the first of the two has the number of
/// its channels for an epsilon.
constexpr Graph light_cnns_googlenet(const WidthOptions& options = {}) {
  constexpr Activation kRelu = Activation::relu;
  constexpr Pool kHalve = {.kernel = 3, .stride = 2, .padding = 1};
  Graph g(options.input, kTorchSequence, "light_cnns_googlenet");
  check_only_width(g, options);
  Value x = g.conv(g.image(), 64, {.kernel = 3, .activation = kRelu}, {"prelayer.#", 0});
  x = g.conv(x, 64, {.kernel = 3, .activation = kRelu}, {"prelayer.#", 3});
  x = g.conv(x, 192, {.kernel = 3, .activation = kRelu}, {"prelayer.#", 6});
  x = g.max_pool(g.output(x, Role::stage, "prelayer"), kHalve);
  int i = 1;
  for (const GoogLeNetRow& row : kGoogLeNetTable) {
    const auto conv = [&](Value from, int channels, int kernel, int branch, int module) {
      return g.conv(from, channels, {.kernel = kernel, .activation = kRelu, .bias = true},
                    {"b#.b#.#", i, branch, module});
    };
    const Value one = conv(x, row.n1, 1, 1, 0);
    const Value three = conv(conv(x, row.reduced3, 1, 2, 0), row.n3, 3, 2, 3);
    Value five = conv(x, row.reduced5, 1, 3, 0);
    g.norm_epsilon = row.n5;
    five = conv(five, row.n5, 3, 3, 3);
    g.norm_epsilon = kBatchNormEpsilon;
    five = conv(five, row.n5, 3, 3, 6);
    const Value pooled = g.max_pool(x, {.kernel = 3, .stride = 1, .padding = 1});
    x = g.concat({one, three, five, conv(pooled, row.pooled, 1, 4, 1)});
    g.output(x, Role::stage, {"b#", i++});
    if (row.pools) x = g.max_pool(x, kHalve);
  }
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "linear"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_GOOGLENET_HPP
