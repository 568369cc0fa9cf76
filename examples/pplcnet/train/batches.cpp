#include "train/batches.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <numeric>
#include <utility>

#include "command.hpp"
#include "in_order.hpp"
#include "interruption.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/train/random.hpp"

namespace {

using pplcnet::Error;

constexpr std::size_t kChunk = 16;  // pictures that one thread reads

}  // namespace

/// Some pictures of a batch.
class Batches::Chunk final : public OrderedTask {
 public:
  /// What one thread keeps.
  struct Scratch {
    pplcnet::PreprocessScratch preprocess;
    pplcnet::AugmentScratch augment;
  };

  /// `places`: which examples; `last`: the batch is complete with them.
  Chunk(Batches& batches, int epoch, std::vector<std::size_t> places, bool last,
        std::vector<Scratch>& scratch, Batch& batch, const std::function<bool(Batch& batch)>& learn)
      : batches_(batches),
        epoch_(epoch),
        places_(std::move(places)),
        last_(last),
        scratch_(scratch),
        batch_(batch),
        learn_(learn) {}

  void work(int worker) override {
    for (const std::size_t place : places_) {
      const Example& example = batches_.examples_[place];
      Error error;
      try {
        error = read(example, place, scratch_[static_cast<std::size_t>(worker)]);
      } catch (const std::exception& problem) {
        error = Error::of(example.path, ": ", words_of(problem));
      }
      if (error) errors_.emplace_back(example.path, std::move(error));
    }
  }

  bool emit() override {
    for (auto& [path, error] : errors_)
      if (batches_.unread_.insert(path).second) report(error);
    batch_.pixels.insert(batch_.pixels.end(), pixels_.begin(), pixels_.end());
    batch_.classes.insert(batch_.classes.end(), classes_.begin(), classes_.end());
    if (!last_) return true;
    const bool goes_on = batch_.images() == 0 || learn_(batch_);
    batch_.pixels.clear();
    batch_.classes.clear();
    return goes_on;
  }

 private:
  /// Reads a picture and adds it.
  Error read(const Example& example, std::size_t place, Scratch& scratch) {
    const pplcnet::Random random(batches_.seed_, pplcnet::RandomPurpose::picture,
                                 static_cast<std::uint64_t>(epoch_), place);
    return see_example(example, [&](pplcnet::ImageView image) {
      if (!pplcnet::augment(batches_.preprocessing_, batches_.augmentation_, image, random,
                            scratch.preprocess, scratch.augment))
        return too_narrow(example.path);
      const std::vector<std::uint8_t>& pixels = scratch.preprocess.pixels;
      pixels_.insert(pixels_.end(), pixels.begin(), pixels.end());
      classes_.push_back(example.class_id);
      return Error();
    });
  }

  Batches& batches_;
  int epoch_;
  std::vector<std::size_t> places_;
  bool last_;
  std::vector<Scratch>& scratch_;
  Batch& batch_;
  const std::function<bool(Batch& batch)>& learn_;
  std::vector<std::uint8_t> pixels_;
  std::vector<int> classes_;
  std::vector<std::pair<std::string, Error>> errors_;
};

std::size_t batch_count(std::size_t pictures, std::size_t batch) {
  const std::size_t rest = pictures % batch;
  return std::max<std::size_t>(1, pictures / batch + (2 * rest >= batch ? 1 : 0));
}

void Batches::for_each(int epoch, std::size_t first, int threads,
                       const std::function<bool(Batch& batch)>& learn) {
  std::vector<std::size_t> order(examples_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  pplcnet::Random(seed_, pplcnet::RandomPurpose::order, static_cast<std::uint64_t>(epoch))
      .shuffle(std::span(order));
  std::vector<Chunk::Scratch> scratch(static_cast<std::size_t>(threads));
  Batch batch;
  std::size_t place = first * batch_;
  const std::size_t end = std::min(order.size(), count() * batch_);
  in_order(threads, [&]() -> std::unique_ptr<OrderedTask> {
    if (place >= end || interruption::happened()) return nullptr;
    const std::size_t batch_end = std::min(end, (place / batch_ + 1) * batch_);
    const std::size_t next = std::min(batch_end, place + kChunk);
    std::vector<std::size_t> places(order.begin() + static_cast<std::ptrdiff_t>(place),
                                    order.begin() + static_cast<std::ptrdiff_t>(next));
    place = next;
    return std::make_unique<Chunk>(*this, epoch, std::move(places), next == batch_end, scratch,
                                   batch, learn);
  });
}
