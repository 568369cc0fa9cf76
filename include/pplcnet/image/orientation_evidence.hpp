#ifndef PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP
#define PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/image/view.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Calibration of the predictions on parts of one picture. They are correlated, which the exponent
/// corrects for; both numbers are fitted on a validation set.
struct EvidenceCalibration {
  double uniform_weight = 0;  ///< share of the uniform distribution mixed into each prediction
  double exponent = 1;        ///< factor of the summed log-probabilities: an inverse temperature
};

/// Combines the predictions on parts of a picture into probabilities of its orientation: 4
/// rotations by quarters, or 2 by halves, clockwise.
template <std::size_t kRotations>
class OrientationEvidence {
  static_assert(kRotations == 2 || kRotations == 4);

 public:
  explicit OrientationEvidence(const EvidenceCalibration& calibration = {})
      : calibration_(calibration) {}

  /// Adds the probabilities of the picture rotated by `rotation` more steps.
  void add(std::span<const float, kRotations> probabilities, std::size_t rotation = 0) {
    for (std::size_t i = 0; i < kRotations; ++i)
      sum_[i] += std::log((1 - calibration_.uniform_weight) *
                              double{probabilities[(i + rotation) % kRotations]} +
                          calibration_.uniform_weight / kRotations);
  }

  /// Adds the predictions on a part of the picture in every rotation, for a network's predictions
  /// on a picture and on the same upside down do not always agree. `predict(view)` returns the
  /// probabilities.
  template <class Predict>
  void add_rotations(ImageView part, const Predict& predict) {
    constexpr std::array kExif = {1, 6, 3, 8};  // the tags of so many quarters clockwise
    std::vector<std::uint8_t> storage;
    for (std::size_t rotation = 0; rotation < kRotations; ++rotation) {
      const std::span<const float> prediction =
          predict(oriented(part, kExif[rotation * (kExif.size() / kRotations)], storage));
      add(prediction.first<kRotations>(), rotation);
    }
  }

  /// Returns the probabilities of the rotations; equal ones if nothing was added.
  std::array<double, kRotations> probabilities() const {
    std::array<double, kRotations> result = {};
    const double most = *std::ranges::max_element(sum_);
    double total = 0;
    for (std::size_t i = 0; i < kRotations; ++i)
      total += result[i] = std::exp((sum_[i] - most) * calibration_.exponent);
    for (double& one : result) one /= total;
    return result;
  }

 private:
  EvidenceCalibration calibration_;
  std::array<double, kRotations> sum_ = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_ORIENTATION_EVIDENCE_HPP
