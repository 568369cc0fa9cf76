// In its pixels, too.
// expect: Block::shortcut: only with a stride of 1
#include "table.hpp"

using Net = pplcnet::NetworkOf<Changed<[](pplcnet::Architecture& net) {
  net.blocks[0].out = 16, net.blocks[1].in = 16, net.blocks[0].shortcut = pplcnet::Shortcut::input;
}>>;
static_assert(Net::parameter_count > 0);
