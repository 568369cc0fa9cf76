// What is added has the shape of what it is added to.
// expect: Block::shortcut: only where
#include "table.hpp"

using Net = pplcnet::NetworkOf<
    Changed<[](pplcnet::Architecture& net) { net.blocks[1].shortcut = pplcnet::Shortcut::input; }>>;
static_assert(Net::parameter_count > 0);
