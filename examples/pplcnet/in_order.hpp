#ifndef PPLCNET_EXAMPLES_IN_ORDER_HPP
#define PPLCNET_EXAMPLES_IN_ORDER_HPP

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

/// What several threads share that work on items and hand on the results in the order of the items.
template <class Item, class Result>
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

  /// Takes items and works on them until there are no more.
  template <class Next, class Work>
  void run(Next& next, const Work& work) {
    try {
      std::size_t place = 0;
      while (std::optional<Item> item = take(next, place)) {
        Result result = work(*item);
        const std::scoped_lock lock(mutex_);
        done_.emplace(place, std::pair(std::move(*item), std::move(result)));
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

  /// Hands on results in order until there are no more, or `emit` has enough.
  template <class Emit>
  void emit_all(Emit& emit) {
    try {
      while (true) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return done_.contains(emitted_) || running_ == 0; });
        auto found = done_.extract(emitted_);
        if (found.empty()) break;
        ++emitted_;
        changed_.notify_all();
        lock.unlock();
        if (!emit(found.mapped().first, std::move(found.mapped().second))) break;
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
  static constexpr std::size_t kAhead = 4;  // items of each thread that may wait for a slow one

  /// Takes the next item, unless too many wait for their turn.
  template <class Next>
  std::optional<Item> take(Next& next, std::size_t& place) {
    const std::scoped_lock turn(taking_);
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return at_end_ || taken_ < emitted_ + ahead_; });
      if (at_end_) return std::nullopt;
    }
    std::optional<Item> item = next();
    const std::scoped_lock lock(mutex_);
    if (item)
      place = taken_++;
    else
      at_end_ = true;
    return item;
  }

  const std::size_t ahead_;
  std::mutex taking_;  // held while an item is waited for
  std::mutex mutex_;   // of all that follows
  std::condition_variable changed_;
  std::map<std::size_t, std::pair<Item, Result>> done_;
  std::size_t taken_ = 0, emitted_ = 0;
  bool at_end_ = false;
  int running_ = 0;
  std::exception_ptr failure_;
};

/// Works on items with several threads, and hands on the results in the order of the items.
/// `next()` gives an optional item, none at the end, on one thread at a time; `work(worker, item)`
/// a result, on thread `worker`; `emit(item, result)` is called by this thread, and ends everything
/// with false. There are fewer threads where the system starts no more. An exception of any of the
/// three ends everything and is thrown on.
template <class Next, class Work, class Emit>
void in_order(int threads, Next next, Work work, Emit emit) {
  using Item = typename decltype(next())::value_type;
  using Result = decltype(work(0, std::declval<const Item&>()));
  if (threads <= 1) {
    while (auto item = next())
      if (!emit(*item, work(0, *item))) return;
    return;
  }
  OrderedWork<Item, Result> shared(threads);
  std::vector<std::jthread> workers;
  try {
    for (int worker = 0; worker < threads; ++worker) {
      shared.add_running(1);
      workers.emplace_back(
          [&, worker] { shared.run(next, [&](const Item& item) { return work(worker, item); }); });
    }
  } catch (...) {  // no thread is to be had: those that run are enough
    shared.add_running(-1);
  }
  if (workers.empty()) return in_order(1, next, work, emit);
  shared.emit_all(emit);
  workers.clear();  // waits for them
  shared.rethrow();
}

#endif  // PPLCNET_EXAMPLES_IN_ORDER_HPP
