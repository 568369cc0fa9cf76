#ifndef PPLCNET_EXAMPLES_TRAIN_SESSION_HPP
#define PPLCNET_EXAMPLES_TRAIN_SESSION_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/any_trainer.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/train/early_stopping.hpp"
#include "pplcnet/weights/error.hpp"
#include "progress.hpp"
#include "train/batches.hpp"
#include "train/checkpoint.hpp"
#include "train/data_set.hpp"
#include "train/learner.hpp"

/// Training, from its first step or from a checkpoint to its end.
class Session {
 public:
  explicit Session(int threads) : threads_(threads), pool_(threads) {}
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() = default;

  /// Begins anew; chooses what the recipe does not say.
  pplcnet::Error begin(const Recipe& recipe);
  /// Continues from a checkpoint: the same bits follow as if it had not been stopped.
  pplcnet::Error resume(const std::string& path);

  /// Trains to the end. `say` gets a line about each epoch. After each there are a checkpoint and,
  /// where it is the best so far, the network; when something goes wrong, or the program is asked
  /// to end, those that were written stay.
  pplcnet::Error run(const std::function<void(const std::string&)>& say);

  const Checkpoint& state() const { return state_; }
  const DataSet& data() const { return data_; }
  /// Returns the bytes of a step's memory, and how many parameters are learnt.
  std::size_t memory_bytes() const { return trainer_->memory_bytes(); }
  std::int64_t parameters() const;
  /// Returns whether every picture could be read.
  bool complete() const { return data_.complete && (!batches_ || batches_->complete()); }
  std::string checkpoint_path() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool put_weights();
  pplcnet::Error claim_outputs() const;
  pplcnet::Error prepare();

  pplcnet::Error run_epoch(Progress& progress);
  pplcnet::Error end_epoch(Clock::time_point begin, std::int64_t seen_before);
  void measure(const pplcnet::AnyNetwork& network, EpochResult& result);
  pplcnet::Error make_network(std::optional<pplcnet::AnyNetwork>& network);
  pplcnet::Error write_network(const pplcnet::AnyNetwork& network);
  pplcnet::Error write_checkpoint();

  int threads_;
  pplcnet::ThreadPool pool_;
  Checkpoint state_;
  DataSet data_;
  pplcnet::Preprocessing preprocessing_;
  std::optional<pplcnet::AnyTrainer> trainer_;
  std::optional<Batches> batches_;
  std::optional<Learner> learner_;
  pplcnet::EarlyStopping stopping_;
  bool has_network_ = false;  // a network has been written
  Clock::time_point saved_ = Clock::now();
};

#endif  // PPLCNET_EXAMPLES_TRAIN_SESSION_HPP
