#ifndef PPLCNET_KERNELS_HIGHWAY_HPP
#define PPLCNET_KERNELS_HIGHWAY_HPP

#include "pplcnet/compiled.hpp"

#if PPLCNET_HAS_DEFINITIONS
#if !__has_include(<hwy/highway.h>)
#error "pplcnet needs the headers of Google Highway (Debian: apt install libhwy-dev)"
#endif
#ifdef HIGHWAY_HWY_FOREACH_TARGET_H_
#error "include pplcnet before hwy/foreach_target.h"
#endif
// Highway 1.0 refuses -march=native on Ice Lake and newer unless AVX3_DL is asked for.
#if defined(__AVX512VBMI2__) && !defined(HWY_WANT_AVX3_DL)
#define HWY_WANT_AVX3_DL
#endif
#include <hwy/highway.h>

// The one rule. x86 with a compiler target below AVX2: the kernels are compiled for the baseline,
// AVX2 and AVX-512, and the CPU chooses at run time. Anything else (-march=…, ARM): one copy.
// Highway numbers better targets lower.
#if HWY_ARCH_X86 && !HWY_IDE && (HWY_STATIC_TARGET > HWY_AVX2)
#define PPLCNET_CHOOSE_ISA 1
#include <cpuid.h>
#else
#define PPLCNET_CHOOSE_ISA 0
#endif

// The target of the baseline's kernels. They keep vectors in arrays, so their size must be known:
// an ARM with SVE runs them as NEON.
#if HWY_ARCH_ARM_A64
#define PPLCNET_BASELINE HWY_NEON
#define PPLCNET_BASELINE_NAMESPACE N_NEON
#else
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#endif
#endif  // PPLCNET_HAS_DEFINITIONS

#endif  // PPLCNET_KERNELS_HIGHWAY_HPP
