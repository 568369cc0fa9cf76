#ifndef PPLCNET_ABI_HPP
#define PPLCNET_ABI_HPP

// Files of one program may be compiled with different -march. Their copies of an inline function
// are different code under one name, of which the linker keeps a single one: the wrong one for
// somebody. So everything lives in an inline namespace named after the instruction set that the
// compiler was given; nobody ever writes it, but the linker keeps the copies apart.
#if defined(__AVX512BF16__)
#define PPLCNET_ABI v1_avx512_bf16
#elif defined(__AVX512VBMI2__)
#define PPLCNET_ABI v1_avx512_vbmi2
#elif defined(__AVX512F__)
#define PPLCNET_ABI v1_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define PPLCNET_ABI v1_avx2
#elif defined(__AVX2__)
#define PPLCNET_ABI v1_avx2_without_fma
#elif defined(__AVX__)
#define PPLCNET_ABI v1_avx
#elif defined(__SSE4_1__)
#define PPLCNET_ABI v1_sse4
#elif defined(__SSSE3__)
#define PPLCNET_ABI v1_ssse3
#elif defined(__ARM_FEATURE_SVE)
#define PPLCNET_ABI v1_sve
#else
#define PPLCNET_ABI v1
#endif

/// The library. Everything is in this namespace; the inline one inside it is never written.
namespace pplcnet {
inline namespace PPLCNET_ABI {}
}  // namespace pplcnet

#endif  // PPLCNET_ABI_HPP
