// So do those between two pointwise layers.
// expect: Block::expansion: 0, or a multiple of 8, to 8192
#include "table.hpp"

using Net =
    pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.blocks[1].expansion = 100; }>>;
static_assert(Net::parameter_count > 0);
