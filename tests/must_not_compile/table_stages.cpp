// And for so many stages.
// expect: Block::stage: at most Architecture::kMaxStages stages
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  for (int i = 0; i < 9; ++i) net.blocks[i] = {i, 3, 16, 16, 1, false};
  net.block_count = 9;
}>>;
static_assert(Net::parameter_count > 0);
