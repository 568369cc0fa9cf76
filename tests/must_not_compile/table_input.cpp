// A picture has pixels, and not too many.
// expect: Architecture::input: height and width from 1 to 32768, at most 2^26 pixels
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.input = {20000, 20000};
}>>;
static_assert(Net::parameter_count > 0);
