// So many classes are a mistake.
// expect: Architecture::classes: from 0 to 4194304
#include "table.hpp"

using Net =
    pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) { net.classes = 2000000000; }>>;
static_assert(Net::parameter_count > 0);
