#include "worker_pool.hpp"

#include <algorithm>
#include <exception>

/// A piece of work, on the stack of who waits for it.
struct WorkerPool::Job {
  const Work& work;
  bool is_done = false;
  std::exception_ptr thrown = {};
  std::condition_variable done = {};
};

WorkerPool::WorkerPool(const pplcnet::AnyClassifier& classifier, int workers,
                       std::size_t most_waiting)
    : most_waiting_(most_waiting), classifiers_(static_cast<std::size_t>(workers), classifier) {
  try {
    for (pplcnet::AnyClassifier& own : classifiers_)
      threads_.emplace_back([this, &own] { work(own); });
  } catch (...) {
    end();
    throw;
  }
}

WorkerPool::~WorkerPool() { end(); }

void WorkerPool::end() {
  {
    const std::scoped_lock lock(mutex_);
    is_over_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

WorkerPool::Outcome WorkerPool::run(const Work& work,
                                    std::chrono::steady_clock::time_point deadline) {
  Job job{work};
  std::unique_lock lock(mutex_);
  if (waiting_.size() >= most_waiting_ && busy_count_ + waiting_.size() >= workers())
    return Outcome::full;
  waiting_.push_back(&job);
  waiting_count_ = waiting_.size();
  arrived_.notify_one();
  while (!job.is_done) {
    const auto place = std::ranges::find(waiting_, &job);
    if (place == waiting_.end()) {  // a worker is at it
      job.done.wait(lock);
    } else if (job.done.wait_until(lock, deadline) == std::cv_status::timeout) {
      const auto now = std::ranges::find(waiting_, &job);
      if (now == waiting_.end()) continue;
      waiting_.erase(now);
      waiting_count_ = waiting_.size();
      return Outcome::late;
    }
  }
  if (job.thrown) std::rethrow_exception(job.thrown);
  return Outcome::done;
}

void WorkerPool::work(pplcnet::AnyClassifier& classifier) {
  std::unique_lock lock(mutex_);
  for (;;) {
    arrived_.wait(lock, [&] { return is_over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Job& job = *waiting_.front();
    waiting_.pop_front();
    waiting_count_ = waiting_.size();
    ++busy_count_;
    lock.unlock();
    try {
      job.work(classifier);
    } catch (...) {
      job.thrown = std::current_exception();
    }
    lock.lock();
    --busy_count_;
    job.is_done = true;
    job.done.notify_one();
  }
}
