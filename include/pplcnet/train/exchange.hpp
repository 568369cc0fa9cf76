#ifndef PPLCNET_TRAIN_EXCHANGE_HPP
#define PPLCNET_TRAIN_EXCHANGE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/train/scratch.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What processes that train one network tell each other: each has some images of every batch, and
/// all learn the same, to the bit, as a single process with the whole batch. `MpiExchange` is one.
/// All of them take the same steps with the same parameters.
class TrainingExchange {
 public:
  static constexpr int kMostRanks = kTrainingParts;

  TrainingExchange(const TrainingExchange&) = delete;
  TrainingExchange& operator=(const TrainingExchange&) = delete;
  virtual ~TrainingExchange() = default;

  /// Returns the number of this process, from 0 to ranks() - 1.
  int rank() const noexcept { return rank_; }
  int ranks() const noexcept { return ranks_; }

  /// Returns which images of a batch this process has.
  TrainingRows images(int batch) const noexcept { return of_rank(batch, rank_); }

  /// Gathers the numbers of all processes: of `count` things of `floats` numbers each every process
  /// has those that `images(count)` says, which are in their place. All processes call it.
  void gather(float* numbers, int count, std::size_t floats) noexcept;

  /// Returns memory for so many numbers, which lasts until the next call; null, and an error, where
  /// there is none.
  float* memory(std::size_t floats) noexcept;

  /// Returns what went wrong first. After that nothing is exchanged, and nothing is learnt.
  const Error& error() const noexcept { return error_; }

  /// Returns whether all is well, and this process has the images of a batch that it should have.
  bool expects(int images, int batch) noexcept;

 protected:
  /// Of each process: how many numbers it has, and where they begin.
  using Places = std::array<std::size_t, kMostRanks>;

  TrainingExchange(int rank, int ranks) : rank_(rank), ranks_(ranks) {}
  TrainingExchange(TrainingExchange&&) = default;
  TrainingExchange& operator=(TrainingExchange&&) = default;

  /// Returns an error where a number of processes has no shares of batches.
  static Error check_ranks(int ranks) {
    if (ranks <= kMostRanks && std::has_single_bit(static_cast<unsigned>(ranks))) return {};
    return Error::of("training: expected 1, 2, 4, 8 or 16 processes, found ", ranks);
  }

  /// Fills the numbers of the other processes in.
  virtual Error fill(float* numbers, const Places& counts, const Places& begins) = 0;

 private:
  TrainingRows of_rank(std::int64_t count, int rank) const noexcept {
    return {count * rank / ranks_, count * (rank + 1) / ranks_};
  }

  int rank_, ranks_;
  Error error_;
  std::unique_ptr<float[]> memory_;
  std::size_t memory_floats_ = 0;
};

inline void TrainingExchange::gather(float* numbers, int count, std::size_t floats) noexcept {
  if (error_) return;
  Places counts = {}, begins = {};
  for (int rank = 0; rank < ranks_; ++rank) {
    const TrainingRows own = of_rank(count, rank);
    counts[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.count()) * floats;
    begins[static_cast<std::size_t>(rank)] = static_cast<std::size_t>(own.begin) * floats;
  }
  error_ = fill(numbers, counts, begins);
}

inline float* TrainingExchange::memory(std::size_t floats) noexcept {
  if (error_) return nullptr;
  if (floats > memory_floats_) {
    memory_.reset(new (std::nothrow) float[floats]());
    memory_floats_ = memory_ == nullptr ? 0 : floats;
    if (memory_ == nullptr)
      error_ = Error::of("training: no memory for ", floats, " numbers of all processes");
  }
  return memory_.get();
}

inline bool TrainingExchange::expects(int images, int batch) noexcept {
  const auto own = this->images(batch).count();
  if (!error_ && batch < ranks_)
    error_ = Error::of("training: expected a batch of an image for each of ", ranks_,
                       " processes, found ", batch, " images");
  if (!error_ && images != own)
    error_ = Error::of("training: expected ", own, " images of a batch of ", batch, " in process ",
                       rank_, ", found ", images);
  return !error_;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_EXCHANGE_HPP
