#ifndef PPLCNET_TRAIN_AUGMENT_ERASE_HPP
#define PPLCNET_TRAIN_AUGMENT_ERASE_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/augment/colour.hpp"
#include "pplcnet/train/random.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Random erasing (Zhong et al., 2017): with that probability a rectangle of a picture becomes
/// noise.
struct EraseOptions {
  double probability = 0;
  double least_area = 0.02, most_area = 1.0 / 3;  ///< shares of the picture
  double aspect = 0.3;  ///< height by width, or width by height: from this to 1
};

namespace erasing {

/// Fills a rectangle with noise: the sum of eight uniform bytes is nearly normal, and has whole
/// numbers alone. Its mean is grey, its deviation that of ImageNet's pixels.
inline void fill(Pixels pixels, ImageSize size, const CropWindow& window, Random& random) {
  for (int y = window.top; y < window.top + window.height; ++y) {
    const auto first = static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
                       static_cast<std::size_t>(window.left);
    std::uint8_t* value = pixels.data() + first * kImageChannels;
    for (int x = 0; x < window.width * kImageChannels; ++x) {
      int sum = 0;
      for (std::uint64_t bits = random.bits(); bits != 0; bits >>= 8)
        sum += static_cast<int>(bits & 0xff);
      constexpr int kMean = 8 * 255 / 2, kNumerator = 58, kDeviation = 209;
      *value++ = colours::to_byte(128 + (sum - kMean) * kNumerator / kDeviation);
    }
  }
}

}  // namespace erasing

/// Erases a rectangle. Ten are tried, and if none fits the picture stays.
inline void random_erase(const EraseOptions& options, Pixels pixels, ImageSize size,
                         Random& random) {
  if (!random.chance(options.probability)) return;
  constexpr int kAttempts = 10;
  const double whole = rounded(static_cast<double>(size.width) * size.height);
  for (int i = 0; i < kAttempts; ++i) {
    const double area = rounded(whole * random.uniform(options.least_area, options.most_area));
    const double part = random.uniform(options.aspect, 1);
    const double aspect = random.chance(0.5) ? part : 1 / part;
    CropWindow window;
    window.height = static_cast<int>(std::sqrt(rounded(area * aspect)));
    window.width = static_cast<int>(std::sqrt(area / aspect));
    if (window.width < 1 || window.height < 1 || window.width >= size.width ||
        window.height >= size.height)
      continue;
    window.left = static_cast<int>(random.integer(0, size.width - window.width));
    window.top = static_cast<int>(random.integer(0, size.height - window.height));
    return erasing::fill(pixels, size, window, random);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_ERASE_HPP
