// And those of the stem.
// expect: Architecture::stem_channels: a multiple of 8, from 8 to 8192
#include "table.hpp"

using Net = pplcnet::NetworkOf<
    Changed<[](pplcnet::Architecture& net) { net.stem_channels = net.blocks[0].in = 20; }>>;
static_assert(Net::parameter_count > 0);
