#ifndef PPLCNET_KERNELS_WORK_HPP
#define PPLCNET_KERNELS_WORK_HPP

#include <cstdint>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What takes longer than it computes counts for so many multiply-adds: a weight that comes from
/// L3, and a value of a map that is used once.
inline constexpr std::int64_t kWeightWork = 8, kPixelWork = 4;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_WORK_HPP
