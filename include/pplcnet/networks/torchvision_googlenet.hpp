#ifndef PPLCNET_NETWORKS_TORCHVISION_GOOGLENET_HPP
#define PPLCNET_NETWORKS_TORCHVISION_GOOGLENET_HPP

#include <cstddef>
#include <string_view>

#include "pplcnet/networks/blocks/inception.hpp"
#include "pplcnet/networks/googlenet.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace inception::v1 {

inline constexpr std::string_view kNames[] = {"inception3a", "inception3b", "inception4a",
                                              "inception4b", "inception4c", "inception4d",
                                              "inception4e", "inception5a", "inception5b"};
inline constexpr Name kAuxiliary[] = {"aux1", "aux2"};

}  // namespace inception::v1

/// Returns GoogLeNet of torchvision (`googlenet.py`), without the auxiliary classifiers: the
/// paper's, but for batch norms and for convolutions of 3×3 in the place of 5×5.
constexpr Graph torchvision_googlenet(const WidthOptions& options = {}) {
  using inception::v1::kNames;
  constexpr Activation kRelu = Activation::relu;
  constexpr Pool kHalve = {.kernel = 3, .stride = 2, .ceil_mode = true};
  Graph g = inception::network(options, "torchvision_googlenet");
  g.unused = inception::v1::kAuxiliary;
  Value x = g.conv(g.image(), 64, {.kernel = 7, .stride = 2, .activation = kRelu}, "conv1");
  x = g.max_pool(x, kHalve);
  x = g.conv(x, 64, {.activation = kRelu}, "conv2");
  x = g.conv(x, 192, {.kernel = 3, .activation = kRelu}, "conv3");
  x = g.max_pool(x, kHalve);
  std::size_t i = 0;
  for (const GoogLeNetRow& row : kGoogLeNetTable) {
    using enum inception::Reads;
    const inception::Branch branches[] = {
        {input, ".branch1", {{row.n1}}},
        {input, ".branch2.#", {{row.reduced3}, {row.n3, 3}}},
        {input, ".branch3.#", {{row.reduced5}, {row.n5, 3}}},
        {maximum, ".branch4.1", {{row.pooled}}},
    };
    x = inception::append(g, x, kNames[i], branches);
    g.output(x, Role::stage, kNames[i]);
    if (row.pools) x = g.max_pool(x, i < 2 ? kHalve : Pool{.ceil_mode = true});
    ++i;
  }
  x = g.output(g.global_mean(x), Role::stage, "avgpool");
  g.output(g.dense(x, options.classes, {}, "fc"));
  return g;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TORCHVISION_GOOGLENET_HPP
