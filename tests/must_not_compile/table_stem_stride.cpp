// The stem has a stride of 1 or 2.
// expect: Architecture::stem_stride: 1 or 2, in both directions
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.stem_stride = {3, 2};
}>>;
static_assert(Net::parameter_count > 0);
