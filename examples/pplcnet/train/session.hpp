#ifndef PPLCNET_EXAMPLES_TRAIN_SESSION_HPP
#define PPLCNET_EXAMPLES_TRAIN_SESSION_HPP

#include <array>
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
#include "pplcnet/train/augment/mix.hpp"
#include "pplcnet/train/early_stopping.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/train/schedule.hpp"
#include "pplcnet/weights/error.hpp"
#include "progress.hpp"
#include "train/batches.hpp"
#include "train/checkpoint.hpp"
#include "train/data_set.hpp"
#include "train/teacher.hpp"

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

  pplcnet::Error prepare();
  pplcnet::Error open_teacher();
  pplcnet::Schedule schedule() const;
  bool is_frozen() const { return state_.epoch < state_.recipe.frozen_epochs; }

  pplcnet::Error run_epoch(Progress& progress);
  pplcnet::Error learn(Batch& batch);
  /// Mixes pictures and makes the network's input of them; returns how they were mixed.
  pplcnet::Mix make_input(Batch& batch);
  pplcnet::BatchLoss compute_loss(const Batch& batch, const pplcnet::Mix& mix);
  void average();
  pplcnet::Error diverged(const char* what) const;

  pplcnet::Error end_epoch(Clock::time_point begin, std::int64_t seen_before);
  pplcnet::Error make_network(std::optional<pplcnet::AnyNetwork>& network);
  pplcnet::Error write_network(const pplcnet::AnyNetwork& network);
  pplcnet::Error write_checkpoint();
  std::string line_of(const EpochResult& result) const;

  int threads_;
  pplcnet::ThreadPool pool_;
  Checkpoint state_;
  DataSet data_;
  pplcnet::Preprocessing preprocessing_;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables_ = {};
  std::optional<pplcnet::AnyTrainer> trainer_;
  std::optional<Batches> batches_;
  Teacher teacher_;
  pplcnet::EarlyStopping stopping_;
  std::vector<float> class_weights_, factors_, head_factors_, input_, taught_, shares_;
  std::vector<std::int32_t> labels_, second_labels_;
  std::vector<double> loss_scratch_;
  int head_step_ = 0;
  bool has_network_ = false;  // a network has been written
  Clock::time_point saved_ = Clock::now();
};

#endif  // PPLCNET_EXAMPLES_TRAIN_SESSION_HPP
