// No head is 0, not -1.
// expect: Options::head: a width, or 0 for no head
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.head = -1};
#else
constexpr pplcnet::Options kOptions = {.head = 0};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
