// A definition is in floats: a network in bytes is made from it.
// expect: Options::precision: of PPLCNet<...>; a definition is in float32
// errors: 1
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.precision = pplcnet::Precision::int8};
#else
constexpr pplcnet::Options kOptions = {};
#endif

struct Own : pplcnet::V1<pplcnet::Scale::x0_25, kOptions> {};
static_assert(pplcnet::NetworkOf<Own>::classes == 1000);
