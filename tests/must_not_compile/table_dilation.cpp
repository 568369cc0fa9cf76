// Taps are at least a pixel apart.
// expect: Block::dilation: from 1 to 1024
#include "table.hpp"

using Net =
    pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.blocks[1].dilation = 0; }>>;
static_assert(Net::parameter_count > 0);
