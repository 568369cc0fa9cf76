// A picture has pixels.
// expect: Options::input: height and width are at least 1
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::Options kOptions = {.input = {0, 224}};
#else
constexpr pplcnet::Options kOptions = {.input = {1, 224}};
#endif

static_assert(pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
