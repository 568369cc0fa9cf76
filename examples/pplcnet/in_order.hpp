#ifndef PPLCNET_EXAMPLES_IN_ORDER_HPP
#define PPLCNET_EXAMPLES_IN_ORDER_HPP

#include <functional>
#include <memory>

/// One of many pieces of work, whose results are handed on in order.
class OrderedTask {
 public:
  OrderedTask() = default;
  OrderedTask(const OrderedTask&) = delete;
  OrderedTask& operator=(const OrderedTask&) = delete;
  virtual ~OrderedTask() = default;

  /// Does the work, on thread `worker`.
  virtual void work(int worker) = 0;
  /// Hands on the result, on the thread that called `in_order`; false ends everything.
  virtual bool emit() = 0;
};

/// Gives the next task, none at the end.
using NextTask = std::function<std::unique_ptr<OrderedTask>()>;

/// Works on tasks with several threads, and hands on the results in their order. `next` is called
/// on one thread at a time. There are fewer threads where the system starts no more. An exception
/// ends everything and is thrown on.
void in_order(int threads, const NextTask& next);

#endif  // PPLCNET_EXAMPLES_IN_ORDER_HPP
