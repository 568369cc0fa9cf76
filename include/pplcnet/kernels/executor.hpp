#ifndef PPLCNET_KERNELS_EXECUTOR_HPP
#define PPLCNET_KERNELS_EXECUTOR_HPP

#include <memory>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A piece of work that an executor runs: `body(i)` does the i-th part. Cheap to copy; valid only
/// until the executor returns.
class Task {
 public:
  Task() = default;
  template <class Body>
  explicit Task(const Body& body) noexcept
      : body_(&body), call_([](const void* b, int i) { (*static_cast<const Body*>(b))(i); }) {}

  void operator()(int part) const noexcept { call_(body_, part); }

 private:
  const void* body_ = nullptr;
  void (*call_)(const void*, int) = nullptr;
};

/// Whoever owns threads lends them through this. It refers to any callable
/// `parallel_for(int parts, pplcnet::Task task)` that calls `task(0)` … `task(parts - 1)`, each
/// once, in any order, on any threads, and returns when all are done. By default everything runs
/// in the calling thread. The output has the same bits whatever the executor. It is called by
/// functions that are noexcept: an exception that leaves it ends the program (std::terminate), so
/// that no part is ever left out; what cannot be given to a thread, it does itself.
class Executor {
 public:
  constexpr Executor() = default;

  /// Splits work into at most `threads` parts; refers to `parallel_for`, which must outlive it.
  template <class ParallelFor>
  Executor(ParallelFor& parallel_for, int threads) noexcept
      : threads_(threads),
        context_(std::addressof(parallel_for)),
        run_([](void* context, int parts, Task task) {
          (*static_cast<ParallelFor*>(context))(parts, task);
        }) {}

  int threads() const noexcept { return threads_; }
  void operator()(int parts, Task task) const noexcept {
    if (run_ != nullptr && parts > 1) return run_(context_, parts, task);
    for (int i = 0; i < parts; ++i) task(i);
  }

 private:
  int threads_ = 1;
  void* context_ = nullptr;
  void (*run_)(void*, int, Task) = nullptr;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_EXECUTOR_HPP
