#ifndef PPLCNET_TESTS_MUST_NOT_COMPILE_GRAPH_HPP
#define PPLCNET_TESTS_MUST_NOT_COMPILE_GRAPH_HPP

#include "pplcnet/network.hpp"

/// A network of one's own: a stem, what `kMiddle` appends to its map, and two classes. With
/// MUST_NOT_COMPILE it is what `kMistake` appends.
template <auto kMiddle, auto kMistake>
constexpr pplcnet::Graph tiny() {
  pplcnet::Graph graph({32, 32});
  pplcnet::Value x = graph.conv(graph.image(), 16, {.kernel = 3, .stride = 2}, "stem");
#ifdef MUST_NOT_COMPILE
  x = kMistake(graph, x);
#else
  x = kMiddle(graph, x);
#endif
  graph.output(graph.dense(graph.global_mean(x), 2, {}, "classes"));
  return graph;
}

template <auto kMiddle, auto kMistake>
using Tiny = pplcnet::Network<tiny<kMiddle, kMistake>>;

using pplcnet::Graph;
using pplcnet::Value;

#endif  // PPLCNET_TESTS_MUST_NOT_COMPILE_GRAPH_HPP
