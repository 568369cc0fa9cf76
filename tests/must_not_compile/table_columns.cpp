// Columns are made of windows.
// expect: Ending::columns: the last map has at least 3 rows and 2 columns
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.input = {8, 32}, net.ending = pplcnet::Ending::columns, net.head = net.classes = 0;
}>>;
static_assert(Net::parameter_count > 0);
