// Strides are 1 or 2.
// expect: Options::strides: each is 1 or 2, in both directions
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.strides = {2, 2, {2, 3}, 2, 2}};
#else
constexpr pplcnet::Options kOptions = {.strides = {2, 2, {2, 1}, 2, 2}};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
