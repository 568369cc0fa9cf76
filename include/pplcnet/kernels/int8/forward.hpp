#ifndef PPLCNET_KERNELS_INT8_FORWARD_HPP
#define PPLCNET_KERNELS_INT8_FORWARD_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/kernels/isa.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Runs a plan in bytes with the kernels of one instruction set, or the best one that this CPU has.
/// All give the same bits.
PPLCNET_QUANTISED_INLINE void forward_quantised(const QuantisedRun& run, Isa isa) noexcept;

}  // namespace pplcnet::inline PPLCNET_ABI

#include "pplcnet/kernels/int8/kernels.hpp"

#endif  // PPLCNET_KERNELS_INT8_FORWARD_HPP
