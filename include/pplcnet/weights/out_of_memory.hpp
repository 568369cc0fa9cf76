#ifndef PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP
#define PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Handles out of memory where neither an error nor null can be returned.
[[noreturn]] inline void fail_allocation() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  std::abort();
#endif
}

/// Says that there is no memory for `name`; without the name, if there is none for the sentence.
PPLCNET_INLINE Error out_of_memory(std::string_view name) noexcept;

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error out_of_memory(std::string_view name) noexcept {
#if defined(__cpp_exceptions)
  try {
    return Error::of(name, ": there is not enough memory");
  } catch (const std::bad_alloc&) {
    return Error("out of memory");  // so short that a string keeps it in itself
  }
#else
  static_cast<void>(name);
  return Error("out of memory");
#endif
}
#endif  // PPLCNET_HAS_DEFINITIONS

/// Returns the error that `work` returns, or that memory ended while it was at work. (Compiled with
/// -fno-exceptions, only large objects can fail so: std::vector and std::string end the program.)
template <class Work>
Error with_memory_for(std::string_view name, const Work& work) {
#if defined(__cpp_exceptions)
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return out_of_memory(name);
  }
#else
  static_cast<void>(name);
  return work();
#endif
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_OUT_OF_MEMORY_HPP
