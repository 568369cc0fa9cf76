#ifndef PPLCNET_EXAMPLES_TRAIN_BATCHES_HPP
#define PPLCNET_EXAMPLES_TRAIN_BATCHES_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "example.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/train/augment/augmentation.hpp"

/// Pictures that are learnt from together.
struct Batch {
  std::vector<std::uint8_t> pixels;  ///< RGB, of the network's size, one picture after another
  std::vector<int> classes;          ///< of each picture

  int images() const { return static_cast<int>(classes.size()); }
};

/// Returns the batches of an epoch: what is left over is one of them if it is half of one or more,
/// as a small one has wild statistics. There is one at least.
std::size_t batch_count(std::size_t pictures, std::size_t batch);

/// Reads, changes and gathers the pictures of an epoch. All that is random depends on seed, epoch
/// and picture alone.
class Batches {
 public:
  Batches(std::span<const Example> examples, const pplcnet::Preprocessing& preprocessing,
          const pplcnet::Augmentation& augmentation, std::size_t batch, std::uint64_t seed)
      : examples_(examples),
        preprocessing_(preprocessing),
        augmentation_(augmentation),
        batch_(batch),
        seed_(seed) {}

  std::size_t count() const { return batch_count(examples_.size(), batch_); }

  /// Calls `learn` with the batches of an epoch from number `first` on, until it returns false, and
  /// meanwhile prepares the next ones on `threads` threads. A picture that cannot be read is
  /// reported once, and left out.
  void for_each(int epoch, std::size_t first, int threads,
                const std::function<bool(Batch& batch)>& learn);

  bool complete() const { return unread_.empty(); }

 private:
  class Chunk;

  std::span<const Example> examples_;
  const pplcnet::Preprocessing& preprocessing_;
  pplcnet::Augmentation augmentation_;
  std::size_t batch_;
  std::uint64_t seed_;
  std::set<std::string> unread_;
};

#endif  // PPLCNET_EXAMPLES_TRAIN_BATCHES_HPP
