#ifndef PPLCNET_PLAN_FIRST_OF_HPP
#define PPLCNET_PLAN_FIRST_OF_HPP

#include <algorithm>
#include <array>
#include <cstddef>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the first elements of an array: of a plan, which has room for those of any network, what
/// a program needs.
template <int kCount, class Element>
constexpr std::array<Element, std::size_t{kCount}> first_of(const Element* elements) {
  std::array<Element, std::size_t{kCount}> copy;
  std::copy_n(elements, kCount, copy.begin());
  return copy;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_FIRST_OF_HPP
