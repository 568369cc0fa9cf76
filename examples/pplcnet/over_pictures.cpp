#include "over_pictures.hpp"

#include <array>
#include <cstdint>
#include <exception>
#include <vector>

#include "command.hpp"
#include "in_order.hpp"
#include "interruption.hpp"
#include "pplcnet/image/orientation.hpp"
#include "progress.hpp"

namespace {

/// State shared by all pictures.
struct PictureBatch {
  Progress progress;
  bool good = true;
};

class BatchTask final : public OrderedTask {
 public:
  BatchTask(std::unique_ptr<PictureTask> task, PictureBatch& batch)
      : task_(std::move(task)), batch_(batch) {}

  void work(int worker) override {
    try {
      task_->work(worker);
    } catch (const std::exception& problem) {
      task_->error() = pplcnet::Error::of(task_->path(), ": ", words_of(problem));
    }
  }

  bool emit() override {
    batch_.progress.advance();
    const bool go_on = task_->error() || task_->emit();
    if (task_->error()) {
      batch_.progress.clear();
      report(task_->error());
      batch_.good = false;
    }
    return go_on;
  }

 private:
  std::unique_ptr<PictureTask> task_;
  PictureBatch& batch_;
};

}  // namespace

pplcnet::Error see_picture(const std::string& path,
                           const std::function<pplcnet::Error(pplcnet::ImageView)>& see,
                           const Picture::Options& options) {
  Picture picture;
  if (auto error = Picture::read(path, picture, options)) return error;
  return see(picture.view());
}

pplcnet::Error see_example(const Example& example,
                           const std::function<pplcnet::Error(pplcnet::ImageView)>& see) {
  constexpr std::array kExif = {1, 6, 3, 8};  // the tags of so many quarters clockwise
  return see_picture(example.path, [&](pplcnet::ImageView image) {
    std::vector<std::uint8_t> rotated;
    return see(pplcnet::oriented(image, kExif[example.quarters % kExif.size()], rotated));
  });
}

bool over_picture_tasks(int threads, std::size_t count,
                        const std::function<std::unique_ptr<PictureTask>()>& next) {
  PictureBatch batch = {.progress = Progress(count)};
  in_order(threads, [&]() -> std::unique_ptr<OrderedTask> {
    auto task = interruption::happened() ? nullptr : next();
    return task ? std::make_unique<BatchTask>(std::move(task), batch) : nullptr;
  });
  return batch.good;
}
