#ifndef PPLCNET_TESTS_MUST_NOT_COMPILE_TABLE_HPP
#define PPLCNET_TESTS_MUST_NOT_COMPILE_TABLE_HPP

#include "pplcnet/network.hpp"

/// A table of one's own: a stem and two blocks.
constexpr pplcnet::Architecture table() {
  pplcnet::Architecture net;
  net.input = {32, 32};
  net.blocks[0] = {2, 3, 16, 32, 2, false};
  net.blocks[1] = {3, 5, 32, 64, 1, true};
  net.block_count = 2;
  return net;
}

/// A network in which something is changed, if the mistake is to be made.
template <auto kChange>
struct Changed {
  static constexpr pplcnet::Architecture architecture = [] {
    pplcnet::Architecture net = table();
#ifdef MUST_NOT_COMPILE
    kChange(net);
#endif
    return net;
  }();
};

#endif  // PPLCNET_TESTS_MUST_NOT_COMPILE_TABLE_HPP
