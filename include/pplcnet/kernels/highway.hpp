#ifndef PPLCNET_KERNELS_HIGHWAY_HPP
#define PPLCNET_KERNELS_HIGHWAY_HPP

#include "pplcnet/compiled.hpp"

#if PPLCNET_HAS_DEFINITIONS || PPLCNET_HAS_QUANTISED_DEFINITIONS || PPLCNET_HAS_TRAINING_DEFINITIONS
#if !__has_include(<hwy/highway.h>)
#error "pplcnet needs the headers of Google Highway (Debian: apt install libhwy-dev)"
#endif
#ifdef HIGHWAY_HWY_FOREACH_TARGET_H_
#error "include pplcnet before hwy/foreach_target.h"
#endif
#if defined(__arm__) && !defined(__ARM_FP16_FORMAT_IEEE)
#error "pplcnet on 32-bit ARM: compile with -mfpu=neon-vfpv4 -mfp16-format=ieee"
#include "-mfp16-format=ieee"  // Is not there, which ends the compilation before other errors.
#endif
// Highway 1.0 refuses -march=native on Ice Lake and newer unless AVX3_DL is asked for.
#if defined(__AVX512VBMI2__) && !defined(HWY_WANT_AVX3_DL)
#define HWY_WANT_AVX3_DL
#endif
#include <hwy/highway.h>

// The one rule. x86 with a compiler target below AVX2: the kernels are compiled for the baseline,
// AVX2 and AVX-512, but for what HWY_DISABLED_TARGETS leaves out, and the CPU chooses at run time.
// Anything else (-march=…, ARM): one copy. Highway numbers better targets lower.
#if HWY_ARCH_X86 && !HWY_IDE && (HWY_STATIC_TARGET > HWY_AVX2)
#define PPLCNET_HAS_AVX2 ((HWY_TARGETS & HWY_AVX2) != 0)
#define PPLCNET_HAS_AVX512 ((HWY_TARGETS & HWY_AVX3) != 0)
#else
#define PPLCNET_HAS_AVX2 0
#define PPLCNET_HAS_AVX512 0
#endif
#define PPLCNET_CHOOSE_ISA (PPLCNET_HAS_AVX2 || PPLCNET_HAS_AVX512)

// The target of the baseline's kernels. They keep vectors in arrays, so their size must be known:
// an ARM with SVE runs them as NEON. Every 64-bit x86 has SSE2, which Highway knows from 1.0.7 on:
// before, the kernels have it from sse2-inl.hpp.
#if defined(HWY_COMPILE_ONLY_SCALAR) || defined(HWY_COMPILE_ONLY_EMU128)
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#elif HWY_ARCH_ARM_A64
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_NEON
#define PPLCNET_BASELINE_NAMESPACE N_NEON
#elif HWY_ARCH_X86_64 && (HWY_STATIC_TARGET >= HWY_EMU128) && !defined(HWY_SSE2)
#define PPLCNET_OWN_SSE2 1
#define PPLCNET_BASELINE (1LL << 14)  // Highway's number for it
#define PPLCNET_BASELINE_NAMESPACE N_SSE2
#else
#define PPLCNET_OWN_SSE2 0
#define PPLCNET_BASELINE HWY_STATIC_TARGET
#define PPLCNET_BASELINE_NAMESPACE HWY_NAMESPACE
#endif

// Whether a multiply-add of single numbers is one instruction.
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__riscv_flen)
#define PPLCNET_SCALAR_FMA 1
#else
#define PPLCNET_SCALAR_FMA 0
#endif

// Has the loop after it unrolled where a compiler would not, or not by itself.
#if defined(__GNUC__) || defined(__clang__)
#define PPLCNET_UNROLL _Pragma("GCC unroll 8")
#else
#define PPLCNET_UNROLL
#endif
#endif  // any definitions

#endif  // PPLCNET_KERNELS_HIGHWAY_HPP
