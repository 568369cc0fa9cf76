#ifndef PPLCNET_TRAIN_AUGMENT_AUGMENTATION_HPP
#define PPLCNET_TRAIN_AUGMENT_AUGMENTATION_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/train/augment/colour.hpp"
#include "pplcnet/train/augment/erase.hpp"
#include "pplcnet/train/augment/rand_augment.hpp"
#include "pplcnet/train/augment/random_crop.hpp"
#include "pplcnet/train/augment/warp.hpp"
#include "pplcnet/train/random.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How a picture is changed at random before a network learns from it, in this order. By default
/// nothing changes.
struct Augmentation {
  bool crops = false;  ///< else it is cropped as it is when the network is used
  CropRange crop = {};
  double mirror = 0;  ///< the probability that left and right are exchanged
  RandAugmentOptions rand = {};
  double degrees = 0;  ///< it is turned by up to so many, either way
  double brightness = 0, contrast = 0, saturation = 0;  ///< the factor: from 1 - x to 1 + x
  EraseOptions erase = {};
};

/// Makes the RGB bytes in `scratch.pixels`, as many as the network's input has, of a picture that
/// is changed at random: the same bytes for the same numbers, on every machine. False if the
/// picture is empty or, where it is not cropped at random, too narrow (see resize_and_crop).
inline bool augment(const Preprocessing& preprocessing, const Augmentation& how, ImageView image,
                    Random random, PreprocessScratch& scratch, AugmentScratch& more) {
  if (image.empty()) return false;
  Preprocessing resizing = preprocessing;
  ImageView seen = image;
  if (how.crops) {
    resizing.geometry = Geometry::direct;
    seen = part_of(image, random_crop(image.size(), how.crop, random));
  }
  if (random.chance(how.mirror)) seen = mirrored(seen);
  if (!resize_and_crop(resizing, seen, scratch)) return false;
  const ImageSize size = {preprocessing.width, preprocessing.height};
  const Pixels pixels = scratch.pixels;
  rand_augment(how.rand, pixels, size, random, more);
  if (how.degrees > 0)
    augmenting::warp_in_place(pixels, size,
                              Warp::rotation(random.uniform(-how.degrees, how.degrees)), more);
  const auto factor = [&](double range) { return random.uniform(1 - range, 1 + range); };
  if (how.brightness > 0) change_brightness(pixels, factor(how.brightness));
  if (how.contrast > 0) change_contrast(pixels, factor(how.contrast));
  if (how.saturation > 0) change_saturation(pixels, factor(how.saturation));
  random_erase(how.erase, pixels, size, random);
  return true;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_AUGMENTATION_HPP
