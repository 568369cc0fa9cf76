// Heads of stages are for backbones.
// expect: Architecture::stage_heads: widths from 0 to 8192
#include "table.hpp"

using Net =
    pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.stage_heads[0] = 24; }>>;
static_assert(Net::parameter_count > 0);
