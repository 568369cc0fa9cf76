// The kernels that sum products of bytes. Compiled once per instruction set. Each file uses those
// above it:
// clang-format off
#include "pplcnet/kernels/int8/dot-inl.hpp"
#include "pplcnet/kernels/int8/ending-inl.hpp"
#include "pplcnet/kernels/int8/byte_tile-inl.hpp"
#include "pplcnet/kernels/int8/product-inl.hpp"
#include "pplcnet/kernels/int8/depthwise-inl.hpp"
#if PPLCNET_PANEL_LANES
#include "pplcnet/kernels/int8/depthwise_strips-inl.hpp"
#endif
#include "pplcnet/kernels/int8/panel_lanes-inl.hpp"
#include "pplcnet/kernels/int8/side_sums-inl.hpp"
#include "pplcnet/kernels/int8/wide_depthwise-inl.hpp"
#include "pplcnet/kernels/int8/tall_depthwise-inl.hpp"
#include "pplcnet/kernels/int8/side_panels-inl.hpp"
#include "pplcnet/kernels/int8/byte_depthwise-inl.hpp"
// clang-format on
