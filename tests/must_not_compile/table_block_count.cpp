// A table has room for so many blocks.
// expect: Architecture::block_count: from 1 to Architecture::kMaxBlocks
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.block_count = 33; }>>;
static_assert(Net::parameter_count > 0);
