// V2's features for retrieval are the output: no classes follow them.
// expect: V2Options::features: there is no classifier after them (classes = 0)
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::V2Options kOptions = {.classes = 10, .features = true};
#else
constexpr pplcnet::V2Options kOptions = {.classes = 0, .features = true};
#endif

static_assert(pplcnet::PPLCNetV2<pplcnet::V2::base, kOptions>::parameter_count > 0);
