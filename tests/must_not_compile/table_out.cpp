// Channels come in eights.
// expect: Block::out: a multiple of 8, from 8 to 8192
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.blocks[1].out = 60; }>>;
static_assert(Net::parameter_count > 0);
