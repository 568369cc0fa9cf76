#ifndef PPLCNET_KERNELS_ISA_HPP
#define PPLCNET_KERNELS_ISA_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A copy of the kernels. `baseline` is what the compiler was told to assume, SSE2 on x86-64; where
/// that is at least AVX2, or on ARM, it is the only copy.
enum class Isa : unsigned char { baseline, avx2, avx512 };

/// Returns the best copy for this CPU, which is asked once.
PPLCNET_INLINE Isa best_isa() noexcept;

/// Returns whether the program has a copy that this CPU can run.
PPLCNET_INLINE bool has_isa(Isa isa) noexcept;

/// Returns a copy's name in Highway's terms ("AVX3" is AVX-512), for logs and reports.
PPLCNET_INLINE const char* isa_name(Isa isa = best_isa()) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

#include "pplcnet/kernels/detect_isa.hpp"

#endif  // PPLCNET_KERNELS_ISA_HPP
