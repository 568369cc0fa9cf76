// A network of 250 operators, planned by the compiler within its usual limits.
#include "pplcnet/network.hpp"

constexpr int kOperators = 250;

constexpr pplcnet::Graph large() {
  pplcnet::Graph g(pplcnet::Extent{64, 64});
  pplcnet::Value x = g.conv(g.image(), 16, {.kernel = 3, .stride = 2});
  while (g.node_count < kOperators - 2) {
    const pplcnet::Value y = g.depthwise(x, {.kernel = 3});
    x = g.add(x, g.conv(y, 16, {}));
  }
  g.output(g.dense(g.global_mean(x), 10, {}));
  return g;
}

using Net = pplcnet::Network<large>;
static_assert(Net::Definition::graph().node_count >= kOperators);
static_assert(Net::layer_count > kOperators / 2);
static_assert(Net::classes == 10);
