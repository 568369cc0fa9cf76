// A width multiplier has to have a name of the enumeration.
// expect: x0_3
#include "pplcnet/networks/scale.hpp"

#ifdef MUST_NOT_COMPILE
constexpr auto kScale = pplcnet::Scale::x0_3;
#else
constexpr auto kScale = pplcnet::Scale::x0_35;
#endif

static_assert(static_cast<int>(kScale) == 35);
