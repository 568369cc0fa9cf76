// A backbone has no classes.
// expect: Architecture::head: from 0 to 65536, 0 unless the ending is Ending::classifier
#include "table.hpp"

using Net = pplcnet::NetworkOf<
    Changed<[](pplcnet::Architecture& net) { net.ending = pplcnet::Ending::maps; }>>;
static_assert(Net::parameter_count > 0);
