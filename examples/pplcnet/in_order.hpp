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
  constexpr std::size_t kAhead = 4;  // items of each thread that may wait for a slow one
  std::mutex taking;                 // held while an item is waited for
  std::mutex mutex;                  // of all that follows
  std::condition_variable changed;
  std::map<std::size_t, std::pair<Item, Result>> done;
  std::size_t taken = 0, emitted = 0;
  bool at_end = false;
  int running = 0;
  std::exception_ptr failure;
  const auto end = [&](std::exception_ptr reason) {
    const std::scoped_lock lock(mutex);
    at_end = true;
    if (!failure) failure = std::move(reason);
    changed.notify_all();
  };
  const auto take = [&](std::size_t& place) {
    const std::scoped_lock turn(taking);
    std::optional<Item> item;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] {
        return at_end || taken < emitted + kAhead * static_cast<std::size_t>(threads);
      });
      if (at_end) return item;
    }
    item = next();
    const std::scoped_lock lock(mutex);
    if (item)
      place = taken++;
    else
      at_end = true;
    return item;
  };
  const auto run = [&](int worker) {
    try {
      std::size_t place = 0;
      while (std::optional<Item> item = take(place)) {
        Result result = work(worker, *item);
        const std::scoped_lock lock(mutex);
        done.emplace(place, std::pair(std::move(*item), std::move(result)));
        changed.notify_all();
      }
    } catch (...) {
      end(std::current_exception());
    }
    const std::scoped_lock lock(mutex);
    --running;
    changed.notify_all();
  };
  std::vector<std::jthread> workers;
  try {
    for (int i = 0; i < threads; ++i) {
      {
        const std::scoped_lock lock(mutex);
        ++running;
      }
      workers.emplace_back(run, i);
    }
  } catch (...) {  // no thread is to be had: those that run are enough
    const std::scoped_lock lock(mutex);
    --running;
  }
  if (workers.empty()) return in_order(1, next, work, emit);
  try {
    while (true) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return done.contains(emitted) || running == 0; });
      auto found = done.extract(emitted);
      if (found.empty()) break;
      ++emitted;
      changed.notify_all();
      lock.unlock();
      if (!emit(found.mapped().first, std::move(found.mapped().second))) break;
    }
    end(nullptr);
  } catch (...) {
    end(std::current_exception());
  }
  workers.clear();  // waits for them
  if (failure) std::rethrow_exception(failure);
}

#endif  // PPLCNET_EXAMPLES_IN_ORDER_HPP
