// And those inside the stem.
// expect: Architecture::stem_middle: 0 with Stem::convolution, otherwise a multiple of 8
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.stem = pplcnet::Stem::branches, net.stem_middle = 12;
}>>;
static_assert(Net::parameter_count > 0);
