#ifndef PPLCNET_TRAIN_AUGMENT_RAND_AUGMENT_HPP
#define PPLCNET_TRAIN_AUGMENT_RAND_AUGMENT_HPP

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/augment/colour.hpp"
#include "pplcnet/train/augment/warp.hpp"
#include "pplcnet/train/random.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The operations of RandAugment (Cubuk et al., 2019; PaddleClas' list, without those that
/// turn the meaning of a picture around).
enum class RandOperation : unsigned char {
  stretch_contrast,
  equalise,
  rotate,
  solarise,
  saturation,
  posterise,
  contrast,
  brightness,
  sharpness,
  shear_x,
  shear_y,
  shift_x,
  shift_y,
};
inline constexpr int kRandOperations = static_cast<int>(RandOperation::shift_y) + 1;

/// So many operations one after another, with a magnitude from 0 to 10; with that probability, or
/// else none.
struct RandAugmentOptions {
  double probability = 0;
  int operations = 2;
  double magnitude = 5;
};

/// What augmentation keeps between pictures.
struct AugmentScratch {
  std::vector<std::uint8_t> pixels;
};

namespace augmenting {

/// Warps a picture; what comes from outside has the mean colour of its border, such as paper.
inline void warp_in_place(Pixels pixels, ImageSize size, const Warp& how, AugmentScratch& scratch) {
  scratch.pixels.assign(pixels.begin(), pixels.end());
  warp(scratch.pixels, size, how, border_colour(pixels, size), pixels);
}

/// Does one operation; `level` is from 0 to 1, `sign` 1 or -1: which way.
inline void apply(RandOperation operation, double level, int sign, Pixels pixels, ImageSize size,
                  AugmentScratch& scratch) {
  const double factor = 1 + rounded(0.9 * level) * sign;
  const auto warped = [&](const Warp& how) { warp_in_place(pixels, size, how, scratch); };
  switch (operation) {
    case RandOperation::stretch_contrast:
      return stretch_contrast(pixels);
    case RandOperation::equalise:
      return equalise(pixels);
    case RandOperation::rotate:
      return warped(Warp::rotation(30 * level * sign));
    case RandOperation::solarise:
      return solarise(pixels, 256 - static_cast<int>(round_half_even(256 * level)));
    case RandOperation::saturation:
      return change_saturation(pixels, factor);
    case RandOperation::posterise:
      return posterise(pixels, 8 - static_cast<int>(round_half_even(4 * level)));
    case RandOperation::contrast:
      return change_contrast(pixels, factor);
    case RandOperation::brightness:
      return change_brightness(pixels, factor);
    case RandOperation::sharpness:
      return change_sharpness(pixels, size, factor, scratch.pixels);
    case RandOperation::shear_x:
      return warped(Warp::shear_x(rounded(0.3 * level) * sign));
    case RandOperation::shear_y:
      return warped(Warp::shear_y(rounded(0.3 * level) * sign));
    case RandOperation::shift_x:
      return warped(Warp::shift(rounded(rounded(0.3 * level) * size.width) * sign, 0));
    case RandOperation::shift_y:
      return warped(Warp::shift(0, rounded(rounded(0.3 * level) * size.height) * sign));
  }
}

}  // namespace augmenting

/// Changes an RGB picture by operations at random.
inline void rand_augment(const RandAugmentOptions& options, Pixels pixels, ImageSize size,
                         Random& random, AugmentScratch& scratch) {
  if (!random.chance(options.probability)) return;
  for (int i = 0; i < options.operations; ++i) {
    const auto operation = static_cast<RandOperation>(random.integer(0, kRandOperations - 1));
    const int sign = random.chance(0.5) ? 1 : -1;
    augmenting::apply(operation, options.magnitude / 10, sign, pixels, size, scratch);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_RAND_AUGMENT_HPP
