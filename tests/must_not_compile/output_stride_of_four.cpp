// Segmentation asks for maps of a stride of 32, 16 or 8.
// expect: BackboneOptions::output_stride: 32, 16 or 8
#include "pplcnet/models/pplcnet.hpp"

#ifdef MUST_NOT_COMPILE
constexpr pplcnet::BackboneOptions kOptions = {.output_stride = 4};
#else
constexpr pplcnet::BackboneOptions kOptions = {.output_stride = 16};
#endif

static_assert(pplcnet::PPLCNetBackbone<pplcnet::Scale::x0_25, kOptions>::parameter_count > 0);
