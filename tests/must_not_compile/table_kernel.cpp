// Kernels have 3 × 3 or 5 × 5 taps.
// expect: Block::kernel: 3 or 5
#include "table.hpp"

using Net =
    pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.blocks[1].kernel = 7; }>>;
static_assert(Net::parameter_count > 0);
