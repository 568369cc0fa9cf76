#ifndef PPLCNET_ABI_HPP
#define PPLCNET_ABI_HPP

#include "pplcnet/version.hpp"

#if (defined(_MSVC_LANG) ? _MSVC_LANG : __cplusplus) < 202002L
#error "pplcnet needs C++20: compile with -std=c++20 (g++ 12, clang 14 or newer)"
#include "C++20"  // Is not there, which ends the compilation before hundreds of other errors.
#endif

// <windows.h> has macros of these names. It has those of the first two no more after NOMINMAX.
#if defined(_WIN32) && !defined(NOMINMAX)
#define NOMINMAX
#endif
#undef min
#undef max
#undef small

// Compilers that may reorder sums or ignore NaN change the bits of preprocessing, and rank NaN
// first among predictions. (A compiler does not tell of every single option of this kind.)
#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#define PPLCNET_FAST_MATH_SUFFIX _fast_math
#ifndef PPLCNET_ALLOW_FAST_MATH
#error \
    "pplcnet: -ffast-math changes outputs; compile this file without it, or define \
PPLCNET_ALLOW_FAST_MATH if outputs need not have the bits of other builds"
#endif
#else
#define PPLCNET_FAST_MATH_SUFFIX
#endif

// Files of one program may be compiled with different -march, or with different versions of this
// header. Their copies of an inline function are different code under one name, of which the linker
// keeps a single one: the wrong one for some files. So everything lives in an inline namespace
// named after the version and the instruction set that the compiler was given, such as v0_2_0_avx2;
// it is never written out, but the linker keeps the copies apart.
#if defined(__AVX512BF16__)
#define PPLCNET_ISA_SUFFIX _avx512_bf16
#elif defined(__AVX512VBMI2__)
#define PPLCNET_ISA_SUFFIX _avx512_vbmi2
#elif defined(__AVX512F__)
#define PPLCNET_ISA_SUFFIX _avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define PPLCNET_ISA_SUFFIX _avx2
#elif defined(__AVX2__)
#define PPLCNET_ISA_SUFFIX _avx2_without_fma
#elif defined(__AVX__)
#define PPLCNET_ISA_SUFFIX _avx
#elif defined(__SSE4_1__)
#define PPLCNET_ISA_SUFFIX _sse4
#elif defined(__SSSE3__)
#define PPLCNET_ISA_SUFFIX _ssse3
#elif defined(__ARM_FEATURE_SVE)
#define PPLCNET_ISA_SUFFIX _sve
#elif defined(__arm__) && defined(__ARM_NEON) && defined(__ARM_FEATURE_FMA)
#define PPLCNET_ISA_SUFFIX _vfpv4
#elif defined(__arm__) && defined(__ARM_NEON)
#define PPLCNET_ISA_SUFFIX _neon
#else
#define PPLCNET_ISA_SUFFIX
#endif

#define PPLCNET_JOIN_ABI(major, minor, patch, isa, math) v##major##_##minor##_##patch##isa##math
#define PPLCNET_JOIN_EXPANDED_ABI(major, minor, patch, isa, math) \
  PPLCNET_JOIN_ABI(major, minor, patch, isa, math)
#define PPLCNET_ABI                                                                              \
  PPLCNET_JOIN_EXPANDED_ABI(PPLCNET_VERSION_MAJOR, PPLCNET_VERSION_MINOR, PPLCNET_VERSION_PATCH, \
                            PPLCNET_ISA_SUFFIX, PPLCNET_FAST_MATH_SUFFIX)

/// The library. Everything is in this namespace; the inline one inside it is never written.
namespace pplcnet {
inline namespace PPLCNET_ABI {}
}  // namespace pplcnet

#endif  // PPLCNET_ABI_HPP
