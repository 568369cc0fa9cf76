#ifndef PPLCNET_BENCH_PEERS_PLANNED_NETWORK_HPP
#define PPLCNET_BENCH_PEERS_PLANNED_NETWORK_HPP

#include <memory>
#include <optional>
#include <string_view>

#include "../synthetic_network.hpp"
#include "pplcnet/any_network.hpp"

namespace bench {

/// Returns the network of that name with synthetic weights, planned as the program runs; nothing if
/// there is none.
inline std::optional<pplcnet::AnyNetwork> planned_network(std::string_view requested) {
  std::optional<pplcnet::AnyNetwork> network;
  for_each_definition([&]<class Definition>(std::string_view name) {
    if (name != requested) return;
    network.emplace(*std::make_unique<pplcnet::Graph>(Definition::graph()));
    fill_with_synthetic_weights(network->layers(), network->weights());
  });
  return network;
}

}  // namespace bench

#endif  // PPLCNET_BENCH_PEERS_PLANNED_NETWORK_HPP
