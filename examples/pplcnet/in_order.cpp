#include "in_order.hpp"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Task = std::unique_ptr<OrderedTask>;

/// State shared by several threads that work on tasks and hand on their results in order.
class OrderedWork {
 public:
  explicit OrderedWork(int threads) : ahead_(kAhead * static_cast<std::size_t>(threads)) {}

  /// Ends everything, with the first reason that there is.
  void end(std::exception_ptr reason) {
    const std::scoped_lock lock(mutex_);
    at_end_ = true;
    if (!failure_) failure_ = std::move(reason);
    changed_.notify_all();
  }

  /// Takes tasks and works on them until there are no more.
  void run(const NextTask& next, int worker) {
    try {
      std::size_t place = 0;
      while (Task task = take(next, place)) {
        task->work(worker);
        const std::scoped_lock lock(mutex_);
        done_.emplace(place, std::move(task));
        changed_.notify_all();
      }
    } catch (...) {
      end(std::current_exception());
    }
    add_running(-1);
  }

  /// Counts the threads that run.
  void add_running(int change) {
    const std::scoped_lock lock(mutex_);
    running_ += change;
    changed_.notify_all();
  }

  /// Hands on results in order until there are no more, or one is the last that is requested.
  void emit_all() {
    try {
      while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_.contains(emitted_) || running_ == 0; });
        const auto found = done_.extract(emitted_);
        if (found.empty()) break;
        ++emitted_;
        changed_.notify_all();
        lock.unlock();
        if (!found.mapped()->emit()) break;
      }
      end(nullptr);
    } catch (...) {
      end(std::current_exception());
    }
  }

  /// Throws on what ended the work, if anything did; no thread runs any more.
  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  static constexpr std::size_t kAhead = 4;  // tasks of each thread that may wait for a slow one

  /// Takes the next task, unless too many wait for their turn.
  Task take(const NextTask& next, std::size_t& place) {
    const std::scoped_lock turn(taking_);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return at_end_ || taken_ < emitted_ + ahead_; });
      if (at_end_) return nullptr;
    }
    Task task = next();
    const std::scoped_lock lock(mutex_);
    if (task)
      place = taken_++;
    else
      at_end_ = true;
    return task;
  }

  const std::size_t ahead_;
  std::mutex taking_;  // held while a task is waited for
  std::mutex mutex_;   // of all that follows
  std::condition_variable changed_;
  std::map<std::size_t, Task> done_;
  std::size_t taken_ = 0, emitted_ = 0;
  bool at_end_ = false;
  int running_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void in_order(int threads, const NextTask& next) {
  OrderedWork shared(threads);
  std::vector<std::jthread> workers;
  try {
    for (int worker = 0; threads > 1 && worker < threads; ++worker) {
      shared.add_running(1);
      workers.emplace_back([&, worker] { shared.run(next, worker); });
    }
  } catch (...) {  // no thread is to be had: those that run are enough
    shared.add_running(-1);
  }
  if (workers.empty()) {
    while (const Task task = next()) {
      task->work(0);
      if (!task->emit()) return;
    }
    return;
  }
  shared.emit_all();
  workers.clear();  // waits for them
  shared.rethrow();
}
