#ifndef PPLCNET_TESTS_THREADS_HPP
#define PPLCNET_TESTS_THREADS_HPP

#include <condition_variable>
#include <mutex>
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
    next_round(&task);
    share(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
  }

  pplcnet::Executor executor() { return {*this, count_}; }

 private:
  void next_round(const pplcnet::Task* task) {
    {
      const std::lock_guard lock(mutex_);
      task_ = task;
      busy_ = count_ - 1;
      ++round_;
    }
    begun_.notify_all();
  }

  void work(int thread) {
    for (int round = 1;; ++round) {
      {
        std::unique_lock lock(mutex_);
        begun_.wait(lock, [&] { return round_ == round; });
      }
      if (task_ == nullptr) return;
      share(thread);
      const std::lock_guard lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  void share(int thread) const {
    for (int i = thread; i < parts_; i += count_) (*task_)((i + round_) % parts_);
  }

  int count_, parts_ = 0;
  const pplcnet::Task* task_ = nullptr;
  int round_ = 0, busy_ = 0;
  std::mutex mutex_;
  std::condition_variable begun_, done_;
  std::vector<std::thread> workers_;  // the last member: its threads use the others
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_THREADS_HPP
