#ifndef PPLCNET_THREAD_POOL_HPP
#define PPLCNET_THREAD_POOL_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/executor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <exception>
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
#include <immintrin.h>
#endif
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Threads for those who have none: an executor for `RunOptions`. One caller at a time.
///
///   pplcnet::ThreadPool pool(2);
///   Net::forward(weights, image, workspace, logits, {.executor = pool.executor()});
///
/// The caller works too, and takes over parts whose thread has not come yet, so that a busy
/// machine delays nothing. A thread that finds no work looks for some for about 50 microseconds,
/// longer than the gaps inside a forward pass, and then sleeps; a caller that has waited for so
/// long for the last part lets others have its core: one of them may be whose part it is.
class ThreadPool {
 public:
  /// Starts threads - 1 threads: the caller is one of them. Where the system has no more of them,
  /// there are fewer (see `threads`). Compiled with -fno-exceptions, that ends the program.
  explicit ThreadPool(int threads);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  ~ThreadPool();

  /// Returns the number of threads, the caller included.
  int threads() const noexcept { return static_cast<int>(workers_.size()) + 1; }
  Executor executor() noexcept { return {*this, threads()}; }

  /// Calls task(0) … task(parts - 1), each once, and returns when all are done.
  void operator()(int parts, Task task) noexcept;

 private:
  static constexpr int kSpins = 2000;

  void start(int count);

  static void pause() noexcept;

  /// Offers `parts` parts under a new ticket.
  void publish(std::uint32_t parts) noexcept;

  /// Takes one part of the current job and does it; false if there is none left. The job's number
  /// is in the same word as the parts left: whoever takes a part has seen that job's task, which
  /// stays until its last part is finished.
  bool do_part() noexcept;

  void work() noexcept;

  // Apart from each other, so that threads do not take the line from one another needlessly.
  alignas(64) std::atomic<std::uint64_t> tickets_ = 0;  // job << 32 | parts not taken yet
  alignas(64) std::atomic<int> unfinished_ = 0;
  alignas(64) Task task_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::size_t> ended_ = 0;  // threads that touch nothing here any more
  std::vector<std::thread> workers_;
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE ThreadPool::ThreadPool(int threads) {
#if defined(__cpp_exceptions)
  try {
    start(threads - 1);
  } catch (const std::exception&) {
    // Those that have been started do the work.
  }
#else
  start(threads - 1);
#endif
}

PPLCNET_INLINE ThreadPool::~ThreadPool() {
  stopping_.store(true, std::memory_order_relaxed);
  // libstdc++ 12 may lose a wake-up where a system has no futex, such as Windows.
  while (ended_.load(std::memory_order_acquire) < workers_.size()) {
    publish(0);
    std::this_thread::yield();
  }
  for (std::thread& worker : workers_) worker.join();
}

PPLCNET_INLINE void ThreadPool::operator()(int parts, Task task) noexcept {
  if (parts < 1) return;
  const int offered = parts - 1;  // the last one is the caller's, who has its data near from before
  if (offered > 0) {
    task_ = task;
    unfinished_.store(offered, std::memory_order_relaxed);
    publish(static_cast<std::uint32_t>(offered));
  }
  task(offered);
  while (do_part()) {
  }
  for (int i = 1; unfinished_.load(std::memory_order_acquire) > 0; ++i) {
    pause();
    if (i % kSpins == 0) std::this_thread::yield();
  }
}

PPLCNET_INLINE void ThreadPool::start(int count) {
  for (int i = 0; i < count; ++i) workers_.emplace_back([this] { work(); });
}

PPLCNET_INLINE void ThreadPool::pause() noexcept {
#if defined(__x86_64__) || defined(__i386__) || defined(_M_X64) || defined(_M_IX86)
  _mm_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

PPLCNET_INLINE void ThreadPool::publish(std::uint32_t parts) noexcept {
  const std::uint64_t job = (tickets_.load(std::memory_order_relaxed) >> 32) + 1;
  tickets_.store(job << 32 | parts, std::memory_order_release);
  tickets_.notify_all();
}

PPLCNET_INLINE bool ThreadPool::do_part() noexcept {
  std::uint64_t tickets = tickets_.load(std::memory_order_acquire);
  do {
    if (static_cast<std::uint32_t>(tickets) == 0) return false;
  } while (!tickets_.compare_exchange_weak(tickets, tickets - 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  task_(static_cast<int>(static_cast<std::uint32_t>(tickets)) - 1);
  unfinished_.fetch_sub(1, std::memory_order_release);
  return true;
}

PPLCNET_INLINE void ThreadPool::work() noexcept {
  while (!stopping_.load(std::memory_order_relaxed)) {
    if (do_part()) continue;
    std::uint64_t seen = tickets_.load(std::memory_order_acquire);
    for (int i = 0; i < kSpins && static_cast<std::uint32_t>(seen) == 0; ++i) {
      pause();
      seen = tickets_.load(std::memory_order_acquire);
    }
    if (static_cast<std::uint32_t>(seen) == 0 && !stopping_.load(std::memory_order_relaxed))
      tickets_.wait(seen, std::memory_order_acquire);
  }
  ended_.fetch_add(1, std::memory_order_release);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_THREAD_POOL_HPP
