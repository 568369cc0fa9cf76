#ifndef PPLCNET_TRAIN_EARLY_STOPPING_HPP
#define PPLCNET_TRAIN_EARLY_STOPPING_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What an epoch has reached on pictures that are not learnt from.
struct Score {
  double accuracy = 0;
  double loss = 0;

  /// Returns whether it is better: more are right, or as many with less loss.
  constexpr bool is_better_than(const Score& other) const {
    return accuracy > other.accuracy || (accuracy == other.accuracy && loss < other.loss);
  }
};

/// Remembers the best epoch, and says when none has been better for long enough.
class EarlyStopping {
 public:
  /// Ends `patience` epochs after the best one; 0: never.
  constexpr explicit EarlyStopping(int patience = 0) : patience_(patience) {}

  /// Takes an epoch's score; returns whether it is the best one so far.
  constexpr bool add(int epoch, const Score& score) {
    last_epoch_ = epoch;
    if (best_epoch_ >= 0 && !score.is_better_than(best_)) return false;
    best_ = score;
    best_epoch_ = epoch;
    return true;
  }

  constexpr bool is_over() const {
    return patience_ > 0 && best_epoch_ >= 0 && last_epoch_ - best_epoch_ >= patience_;
  }
  constexpr int best_epoch() const { return best_epoch_; }  ///< -1: none yet
  constexpr const Score& best() const { return best_; }

 private:
  int patience_, best_epoch_ = -1, last_epoch_ = -1;
  Score best_ = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_EARLY_STOPPING_HPP
