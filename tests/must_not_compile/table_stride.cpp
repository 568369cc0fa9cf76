// Blocks have strides of 1 or 2.
// expect: Block::stride: 1 or 2, in both directions
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.blocks[1].stride = {1, 3};
}>>;
static_assert(Net::parameter_count > 0);
