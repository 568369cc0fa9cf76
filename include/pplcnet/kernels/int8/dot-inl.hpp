// Sums of four products of a byte and a signed byte each, and what becomes of them: a few
// operations that all instruction sets have in some form. Compiled once per instruction set.
#undef PPLCNET_PANEL_LANES
#define PPLCNET_PANEL_LANES (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2)  // vectors have several lanes
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
#include "pplcnet/kernels/int8/plain-inl.hpp"
#elif HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
#include "pplcnet/kernels/int8/avx512-inl.hpp"
#elif HWY_ARCH_X86 && HWY_TARGET == HWY_AVX2
#include "pplcnet/kernels/int8/avx2-inl.hpp"
#elif HWY_ARCH_X86
#include "pplcnet/kernels/int8/sse-inl.hpp"
#elif HWY_ARCH_ARM && defined(__ARM_NEON)
#include "pplcnet/kernels/int8/neon-inl.hpp"
#else
#include "pplcnet/kernels/int8/plain-inl.hpp"
#endif
