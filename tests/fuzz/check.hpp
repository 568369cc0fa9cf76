#ifndef PPLCNET_TESTS_FUZZ_CHECK_HPP
#define PPLCNET_TESTS_FUZZ_CHECK_HPP

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string_view>

#include "pplcnet/weights/error.hpp"

/// What is asked of every reader, whatever it reads. For one file of a program: it replaces `new`.
namespace pplcnet_test {

inline std::size_t requested_bytes = 0;                  ///< of all memory so far, freed or not
inline std::size_t held_bytes = 0, most_held_bytes = 0;  ///< at one time

inline std::uint64_t file_index = 0;  ///< which of the damaged files is being read

/// The same arguments with a COUNT just above that index end in the same failure.
inline void require(bool condition, std::string_view what) {
  if (condition) return;
  std::fprintf(stderr, "FAILED at file %llu: %.*s\n", static_cast<unsigned long long>(file_index),
               static_cast<int>(what.size()), what.data());
  std::abort();
}

/// What a reader made of a file.
struct Outcome {
  bool read = false;                    ///< not refused
  bool complete = false;                ///< a graph has the network in it; other formats: as `read`
  std::size_t requested = 0, held = 0;  ///< memory: in all, and at most at one time
};

inline constexpr const char* kPath = "fuzzed";

inline void check_message(const pplcnet::Error& error) {
  const std::string_view message = error.message();
  require(message.starts_with(kPath) && message.size() < 1000, "the message");
  require(std::ranges::all_of(message, [](char c) { return c >= ' ' && c <= '~'; }),
          "a message that cannot be printed");
}

/// Reads with `Error parse(Result&)`. What is read is checked with `bool check(const Result&)`,
/// which also says whether it is complete.
template <typename Result, typename Parse, typename Check>
Outcome run(Parse&& parse, Check&& check) {
  Result result;
  const std::size_t requested = requested_bytes, held = held_bytes;
  most_held_bytes = held_bytes;
  const pplcnet::Error error = parse(result);
  Outcome outcome = {.requested = requested_bytes - requested, .held = most_held_bytes - held};
  if (error) {
    check_message(error);
  } else {
    outcome.read = true;
    outcome.complete = check(result);
  }
  return outcome;
}

}  // namespace pplcnet_test

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* memory = std::malloc(size);
  pplcnet_test::requested_bytes += size;
  pplcnet_test::held_bytes += malloc_usable_size(memory);
  pplcnet_test::most_held_bytes = std::max(pplcnet_test::most_held_bytes, pplcnet_test::held_bytes);
  return memory;
}
// Not inlined: g++ warns of a new that ends in free when it sees through one of them alone.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* memory = operator new(size, std::nothrow);
  if (!memory) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  pplcnet_test::held_bytes -= malloc_usable_size(memory);
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
[[gnu::noinline]] void operator delete(void* memory, const std::nothrow_t&) noexcept {
  operator delete(memory);
}

#endif  // PPLCNET_TESTS_FUZZ_CHECK_HPP
