#ifndef PPLCNET_QUANTISE_LAYER_LOSSES_HPP
#define PPLCNET_QUANTISE_LAYER_LOSSES_HPP

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How far the layers of a network in bytes are from the same in floats, over pictures.
class LayerLosses {
 public:
  /// Energies of a layer's output, and of its difference.
  struct Loss {
    double signal = 0, noise = 0;

    /// Returns the ratio of both in decibels; infinite without noise.
    double decibels() const { return 10 * std::log10(signal / noise); }
  };

  /// Adds one picture.
  void add(const LayerOutputs& floats, const LayerOutputs& bytes) {
    losses_.resize(floats.size());
    for (std::size_t i = 0; i < losses_.size(); ++i) {
      const std::span<const float> real = floats.of(i), own = bytes.of(i);
      Loss sum;
      for (std::size_t k = 0; k < real.size(); ++k) {
        const double difference = double{own[k]} - double{real[k]};
        sum.signal += rounded(double{real[k]} * double{real[k]});
        sum.noise += rounded(difference * difference);
      }
      losses_[i].signal += sum.signal;
      losses_[i].noise += sum.noise;
    }
  }
  /// Adds what another one has seen; sums of more than two depend on their order in the last bits.
  void merge(const LayerLosses& other) {
    losses_.resize(other.losses_.size());
    for (std::size_t i = 0; i < losses_.size(); ++i) {
      losses_[i].signal += other.losses_[i].signal;
      losses_[i].noise += other.losses_[i].noise;
    }
  }

  /// Returns one for each layer; none before the first picture.
  std::span<const Loss> losses() const { return losses_; }

 private:
  std::vector<Loss> losses_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_LAYER_LOSSES_HPP
