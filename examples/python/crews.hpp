#ifndef PPLCNET_EXAMPLES_PYTHON_CREWS_HPP
#define PPLCNET_EXAMPLES_PYTHON_CREWS_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "pplcnet/thread_pool.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

/// Threads with a copy of a tool each, such as a classifier, which share its weights.
template <class Tool>
class Crew {
 public:
  Crew(const Tool& tool, int threads)
      : pool_(std::make_unique<pplcnet::ThreadPool>(threads)),
        tools_(static_cast<std::size_t>(pool_->threads()), tool) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew() {
    if (getpid() != owner_) static_cast<void>(pool_.release());  // a fork has none of its threads
  }

  /// Calls `work(tool, i)`, which returns an Error, for each i < errors.size(), in any order, until
  /// `is_interrupted()`, which this thread asks.
  template <class Work, class IsInterrupted>
  void for_each(std::vector<pplcnet::Error>& errors, const Work& work,
                IsInterrupted& is_interrupted) {
    std::atomic<std::size_t> next = 0;
    const auto part = [&, caller = std::this_thread::get_id()](int thread) {
      Tool& tool = tools_[static_cast<std::size_t>(thread)];
      for (std::size_t i; (i = next.fetch_add(1)) < errors.size();) {
        errors[i] = pplcnet::with_memory_for("pictures", [&] { return work(tool, i); });
        if (std::this_thread::get_id() == caller && is_interrupted()) next = errors.size();
      }
    };
    const std::size_t parts = std::min(tools_.size(), errors.size());
    pool_->executor()(static_cast<int>(parts), pplcnet::Task(part));
  }

 private:
  std::unique_ptr<pplcnet::ThreadPool> pool_;
  const pid_t owner_ = getpid();
  std::vector<Tool> tools_;
};

/// Crews of one tool: a call has one for itself, so that threads of Python do not wait for each
/// other.
template <class Tool>
class Crews {
 public:
  Crews(Tool tool, int threads) : tool_(std::move(tool)), threads_(threads) {
    give_back(std::make_unique<Crew<Tool>>(tool_, threads_));
  }

  /// Returns the tool that the others are copies of, which does no work itself.
  const Tool& tool() const { return tool_; }
  int threads() const { return threads_; }

  /// Does work as Crew::for_each.
  template <class Work, class IsInterrupted>
  void for_each(std::vector<pplcnet::Error>& errors, const Work& work,
                IsInterrupted& is_interrupted) {
    std::unique_ptr<Crew<Tool>> crew = take();
    if (crew == nullptr) crew = std::make_unique<Crew<Tool>>(tool_, threads_);
    crew->for_each(errors, work, is_interrupted);
    give_back(std::move(crew));
  }

 private:
  std::unique_ptr<Crew<Tool>> take() {
    const std::scoped_lock lock(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Crew<Tool>> crew = std::move(idle_.back());
    idle_.pop_back();
    return crew;
  }

  void give_back(std::unique_ptr<Crew<Tool>> crew) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(crew));
  }

  const Tool tool_;
  const int threads_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Crew<Tool>>> idle_;
};

#endif  // PPLCNET_EXAMPLES_PYTHON_CREWS_HPP
