#ifndef PPLCNET_KERNELS_WORK_HPP
#define PPLCNET_KERNELS_WORK_HPP

#include <algorithm>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/executor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What takes longer than it computes counts for so many multiply-adds: a weight that comes from
/// L3, and a value of a map that is used once.
inline constexpr std::int64_t kWeightWork = 8, kPixelWork = 4;

/// Splits `count` units into at most so many parts as there are threads, if there is work enough,
/// and runs `body(part, begin, end)` for each.
template <class AnyRun, class Body>
void split(const AnyRun& run, std::int64_t work, int count, const Body& body) {
  const int parts = work < run.shared_work ? 1 : std::min(run.threads, count);
  if (parts <= 1) return body(0, 0, count);
  const auto part = [&](int i) { body(i, count * i / parts, count * (i + 1) / parts); };
  run.executor(parts, Task(part));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_WORK_HPP
