#ifndef PPLCNET_EXAMPLES_SERVE_WORKER_POOL_HPP
#define PPLCNET_EXAMPLES_SERVE_WORKER_POOL_HPP

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "pplcnet/open/any_classifier.hpp"

/// Threads that compute, each with a network of its own, and what waits for them.
class WorkerPool {
 public:
  using Work = std::function<void(pplcnet::AnyClassifier&)>;
  enum class Outcome {
    done,
    full,  ///< too much is waiting already
    late,  ///< no worker was free in time
  };

  /// Begins `workers` threads, for which up to `most_waiting` pieces of work wait.
  WorkerPool(const pplcnet::AnyClassifier& classifier, int workers, std::size_t most_waiting);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  /// Works on a worker, and returns when that is done. An exception is thrown on.
  Outcome run(const Work& work, std::chrono::steady_clock::time_point deadline);

  std::size_t workers() const { return threads_.size(); }
  std::size_t waiting() const { return waiting_count_; }
  std::size_t busy() const { return busy_count_; }

 private:
  struct Job;
  void work(pplcnet::AnyClassifier& classifier);
  void end();

  const std::size_t most_waiting_;
  std::vector<pplcnet::AnyClassifier> classifiers_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job*> waiting_;
  std::atomic<std::size_t> waiting_count_ = 0, busy_count_ = 0;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

#endif  // PPLCNET_EXAMPLES_SERVE_WORKER_POOL_HPP
