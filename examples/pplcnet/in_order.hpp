#ifndef PPLCNET_EXAMPLES_IN_ORDER_HPP
#define PPLCNET_EXAMPLES_IN_ORDER_HPP

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

/// Works on items with several threads, and hands on the results in the order of the items.
/// `next()` gives an optional item, none at the end; `work(worker, item)` a result, on thread
/// `worker`; `emit(item, result)` is called by this thread, and ends everything with false.
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
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::size_t, std::pair<Item, Result>> done;
  std::size_t taken = 0, emitted = 0;
  bool at_end = false;
  int running = threads;
  const auto run = [&](int worker) {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [&] {
        return at_end || taken < emitted + kAhead * static_cast<std::size_t>(threads);
      });
      if (at_end) break;
      std::optional<Item> item = next();
      if (!item) {
        at_end = true;
        break;
      }
      const std::size_t place = taken++;
      lock.unlock();
      Result result = work(worker, *item);
      lock.lock();
      done.emplace(place, std::pair(std::move(*item), std::move(result)));
      changed.notify_all();
    }
    --running;
    changed.notify_all();
  };
  std::vector<std::jthread> workers;
  for (int i = 0; i < threads; ++i) workers.emplace_back(run, i);
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return done.contains(emitted) || (running == 0 && done.empty()); });
    const auto found = done.extract(emitted);
    if (found.empty()) return;
    ++emitted;
    lock.unlock();
    const bool go_on = emit(found.mapped().first, std::move(found.mapped().second));
    lock.lock();
    if (!go_on) at_end = true;
    changed.notify_all();
    if (!go_on) return;
  }
}

#endif  // PPLCNET_EXAMPLES_IN_ORDER_HPP
