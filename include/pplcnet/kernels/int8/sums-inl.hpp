// The kernels that sum products of bytes. Compiled once per instruction set.
#include "pplcnet/kernels/int8/dot-inl.hpp"
// The file above is used by those below.
#include "pplcnet/kernels/int8/ending-inl.hpp"
// This one, too.
#include "pplcnet/kernels/int8/byte_tile-inl.hpp"
// And this one.
#include "pplcnet/kernels/int8/product-inl.hpp"
// This one, too.
#include "pplcnet/kernels/int8/depthwise-inl.hpp"
// This one, too.
#if PPLCNET_PANEL_LANES
#include "pplcnet/kernels/int8/depthwise_strips-inl.hpp"
#endif
// These two.
#include "pplcnet/kernels/int8/panel_lanes-inl.hpp"
// The file above is used by those below.
#include "pplcnet/kernels/int8/wide_depthwise-inl.hpp"
// This one, too.
#include "pplcnet/kernels/int8/tall_depthwise-inl.hpp"
// Both of them.
#include "pplcnet/kernels/int8/side_panels-inl.hpp"
// All of them.
#include "pplcnet/kernels/int8/byte_depthwise-inl.hpp"
