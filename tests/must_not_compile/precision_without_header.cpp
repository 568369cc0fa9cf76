// Networks in bytes have a header of their own, which nobody else pays for.
// expect: Precision::int8: the program needs pplcnet/quantised.hpp
// errors: 1
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.precision = pplcnet::Precision::int8};
#else
constexpr pplcnet::Options kOptions = {};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::classes == 1000);
