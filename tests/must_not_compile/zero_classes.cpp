// A classifier has at least one class.
// expect: Options::classes: at least one class
#include "pplcnet/network.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.classes = 0};
#else
constexpr pplcnet::Options kOptions = {.classes = 1};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
