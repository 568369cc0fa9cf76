// A classifier has classes; a network without one has 0.
// expect: Options::classes: a number, or 0 for no classifier
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.classes = -1};
#else
constexpr pplcnet::Options kOptions = {.classes = 0};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
