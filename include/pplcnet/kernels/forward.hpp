#ifndef PPLCNET_KERNELS_FORWARD_HPP
#define PPLCNET_KERNELS_FORWARD_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/kernels/run.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Runs a plan with the kernels of one instruction set, or the best one that this CPU has. All that
/// a network needs of the kernels is this function. The plan needs no kernels but `kNeeds`, which
/// by default are all.
template <Needs kNeeds = Needs{}>
void forward(const Run& run, Isa isa) noexcept;

#if defined(PPLCNET_COMPILED)
/// Computes the same where the kernels are compiled once, which are all.
void forward(const Run& run, Isa isa) noexcept;
#endif

}  // namespace pplcnet::inline PPLCNET_ABI

#include "pplcnet/kernels/kernels.hpp"

namespace pplcnet::inline PPLCNET_ABI {

template <Needs kNeeds>
void forward(const Run& run, Isa isa) noexcept {
#if defined(PPLCNET_COMPILED)
  forward(run, isa);
#else
  forward_by_isa<kNeeds>(run, isa);
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_FORWARD_HPP
