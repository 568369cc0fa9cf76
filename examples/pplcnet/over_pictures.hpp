#ifndef PPLCNET_EXAMPLES_OVER_PICTURES_HPP
#define PPLCNET_EXAMPLES_OVER_PICTURES_HPP

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "example.hpp"
#include "picture.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/weights/error.hpp"

/// Result for one picture.
template <class Value>
struct Outcome {
  pplcnet::Error error;
  Value value;
};

inline const std::string& path_of(const std::string& path) { return path; }
inline const std::string& path_of(const Example& example) { return example.path; }

/// Reads a picture, and returns the Error of `see(image)`.
pplcnet::Error see_picture(const std::string& path,
                           const std::function<pplcnet::Error(pplcnet::ImageView)>& see,
                           const Picture::Options& options = {});

/// Reads the picture of an example, rotated as it says.
pplcnet::Error see_example(const Example& example,
                           const std::function<pplcnet::Error(pplcnet::ImageView)>& see);

/// Work on one picture of many.
class PictureTask {
 public:
  PictureTask() = default;
  PictureTask(const PictureTask&) = delete;
  PictureTask& operator=(const PictureTask&) = delete;
  virtual ~PictureTask() = default;

  virtual const std::string& path() const = 0;
  /// Works on thread `worker`.
  virtual void work(int worker) = 0;
  /// Returns the errors so far.
  virtual pplcnet::Error& error() = 0;
  /// Hands on the result; false ends everything.
  virtual bool emit() = 0;
};

/// Works on the pictures that `next` gives until there are no more, as `over_pictures` below.
bool over_picture_tasks(int threads, std::size_t count,
                        const std::function<std::unique_ptr<PictureTask>()>& next);

/// Works on pictures with several threads, each with a copy of a classifier or another `tool`, and
/// hands on what became of them in their order; one bad picture is reported and does not stop the
/// others. False if there was one. An interruption ends it.
///
/// `next()` gives an optional item, `count` of them (0: not known); `work(tool, item)` an Outcome;
/// `emit(item, outcome)` is called for those without an error, may give them one, and ends
/// everything with false. An exception in the work on a picture is an error of that picture.
template <class Tool, class Next, class Work, class Emit>
bool over_pictures(const Tool& tool, int threads, std::size_t count, Next next, const Work& work,
                   Emit emit) {
  using Item = typename decltype(next())::value_type;
  class Task final : public PictureTask {
   public:
    Task(Item item, std::vector<Tool>& copies, const Work& work, Emit& emit)
        : item_(std::move(item)), copies_(copies), work_(work), emit_(emit) {}
    const std::string& path() const override { return path_of(item_); }
    void work(int worker) override {
      outcome_ = work_(copies_[static_cast<std::size_t>(worker)], item_);
    }
    pplcnet::Error& error() override { return outcome_.error; }
    bool emit() override { return emit_(item_, outcome_); }

   private:
    Item item_;
    std::vector<Tool>& copies_;
    const Work& work_;
    Emit& emit_;
    decltype(work_(std::declval<Tool&>(), item_)) outcome_;
  };
  std::vector<Tool> copies(static_cast<std::size_t>(threads), tool);
  return over_picture_tasks(threads, count, [&]() -> std::unique_ptr<PictureTask> {
    auto item = next();
    return item ? std::make_unique<Task>(*std::move(item), copies, work, emit) : nullptr;
  });
}

/// Items of a list, one after the other.
template <class Item>
auto one_by_one(const std::vector<Item>& items) {
  return [&items, taken = std::size_t{0}]() mutable {
    return taken < items.size() ? std::optional<Item>(items[taken++]) : std::nullopt;
  };
}

#endif  // PPLCNET_EXAMPLES_OVER_PICTURES_HPP
