#ifndef PPLCNET_IMAGE_TURN_EVIDENCE_HPP
#define PPLCNET_IMAGE_TURN_EVIDENCE_HPP

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

/// How far looks are believed. A look may be wrong for reasons of its own, but looks at one picture
/// are wrong for the same ones, too; both are measured on pictures that nothing was learnt from.
struct LookTrust {
  double doubt = 0;      ///< the part of a look's answer that is not believed
  double sharpness = 1;  ///< the part of a look's evidence that is its own
};

/// What many looks at a picture say together about how it is turned: by quarters, or of two by
/// halves, clockwise.
template <std::size_t kTurns>
class TurnEvidence {
  static_assert(kTurns == 2 || kTurns == 4);

 public:
  explicit TurnEvidence(const LookTrust& trust = {}) : trust_(trust) {}

  /// Adds the probabilities of a look at the picture when that was turned `turn` times more.
  void add(std::span<const float, kTurns> probabilities, std::size_t turn = 0) {
    for (std::size_t i = 0; i < kTurns; ++i)
      sum_[i] += std::log((1 - trust_.doubt) * double{probabilities[(i + turn) % kTurns]} +
                          trust_.doubt / kTurns);
  }

  /// Looks at a part of the picture in every turn, for what a network says about a picture and
  /// about the same upside down does not always agree. `look(view)` gives the probabilities.
  template <class Look>
  void add_looks(ImageView part, const Look& look) {
    constexpr std::array kExif = {1, 6, 3, 8};  // what asks for that many quarters clockwise
    std::vector<std::uint8_t> storage;
    for (std::size_t turn = 0; turn < kTurns; ++turn) {
      const std::span<const float> answer =
          look(oriented(part, kExif[turn * (kExif.size() / kTurns)], storage));
      add(answer.first<kTurns>(), turn);
    }
  }

  /// Probabilities of the turns: equal ones without a look.
  std::array<double, kTurns> probabilities() const {
    std::array<double, kTurns> result = {};
    const double most = *std::ranges::max_element(sum_);
    double total = 0;
    for (std::size_t i = 0; i < kTurns; ++i)
      total += result[i] = std::exp((sum_[i] - most) * trust_.sharpness);
    for (double& one : result) one /= total;
    return result;
  }

 private:
  LookTrust trust_;
  std::array<double, kTurns> sum_ = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_TURN_EVIDENCE_HPP
