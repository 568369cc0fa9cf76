// A block says what it gets.
// expect: Block::in: the channels that the block gets, from the block before it or the stem
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.blocks[1].in = 64; }>>;
static_assert(Net::parameter_count > 0);
