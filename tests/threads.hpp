#ifndef PPLCNET_TESTS_THREADS_HPP
#define PPLCNET_TESTS_THREADS_HPP

#include <atomic>
#include <thread>
#include <vector>

#include "pplcnet/kernels/executor.hpp"

namespace pplcnet_test {

/// Threads for an Executor: started once, they share the parts of each task with the caller, in an
/// order that changes from task to task. Running a task allocates nothing.
class Threads {
 public:
  /// `count` threads, the caller among them.
  explicit Threads(int count) : count_(count) {
    for (int i = 1; i < count; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;
  ~Threads() {
    next_round(nullptr);
    for (std::thread& worker : workers_) worker.join();
  }

  void operator()(int parts, pplcnet::Task task) {
    parts_ = parts;
    busy_ = count_ - 1;
    next_round(&task);
    share(0);
    while (const int busy = busy_) wait(busy_, busy);
  }

  pplcnet::Executor executor() { return {*this, count_}; }

 private:
  /// Waits until a number is another one.
  static void wait(const std::atomic<int>& number, int old) {
#if defined(_WIN32)  // where libstdc++ 12 may lose a wake-up
    while (number == old) std::this_thread::yield();
#else
    number.wait(old);
#endif
  }

  void next_round(const pplcnet::Task* task) {
    task_ = task;
    ++round_;
    round_.notify_all();
  }

  void work(int thread) {
    for (int round = 0;; ++round) {
      wait(round_, round);
      if (task_ == nullptr) return;
      share(thread);
      if (--busy_ == 0) busy_.notify_one();
    }
  }

  void share(int thread) const {
    for (int i = thread; i < parts_; i += count_) (*task_)((i + round_) % parts_);
  }

  int count_, parts_ = 0;
  const pplcnet::Task* task_ = nullptr;
  std::atomic<int> round_ = 0, busy_ = 0;
  std::vector<std::thread> workers_;  // the last member: its threads use the others
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_THREADS_HPP
