#ifndef PPLCNET_TRAIN_AUGMENT_MIX_HPP
#define PPLCNET_TRAIN_AUGMENT_MIX_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/random.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// With which probability the pictures of a batch are mixed, in one of two ways.
struct MixOptions {
  double mixup = 0;   ///< a picture shines through another one (Zhang et al., 2017)
  double cutmix = 0;  ///< a rectangle of it is another one's (Yun et al., 2019)
};

/// How the pictures of a batch are mixed: the first with the last, the second with the one before
/// the last, and so on.
struct Mix {
  enum class Kind : unsigned char { none, mixup, cutmix };
  static constexpr int kWhole = 256;

  Kind kind = Kind::none;
  int weight = kWhole;     ///< of its own pixels, of kWhole
  CropWindow window = {};  ///< of cutmix: what is the other one's
  double share = 1;        ///< of its own class in the target; the rest is the other one's

  /// Returns which picture one is mixed with; the one in the middle with itself.
  static constexpr int partner(int image, int images) { return images - 1 - image; }
};

/// Draws how a batch is mixed. Shares are uniform, which is Beta(1, 1).
inline Mix draw_mix(const MixOptions& options, ImageSize size, Random random) {
  const double choice = random.uniform();
  Mix mix;
  if (choice < options.mixup) {
    mix.kind = Mix::Kind::mixup;
    mix.weight = static_cast<int>(random.integer(0, Mix::kWhole));
    mix.share = static_cast<double>(mix.weight) / Mix::kWhole;
  } else if (choice < options.mixup + options.cutmix) {
    mix.kind = Mix::Kind::cutmix;
    const double side = std::sqrt(random.uniform());
    mix.window.width = static_cast<int>(rounded(size.width * side));
    mix.window.height = static_cast<int>(rounded(size.height * side));
    mix.window.left = static_cast<int>(random.integer(0, size.width - mix.window.width));
    mix.window.top = static_cast<int>(random.integer(0, size.height - mix.window.height));
    const double cut = static_cast<double>(mix.window.width) * mix.window.height;
    mix.share = 1 - cut / (static_cast<double>(size.width) * size.height);
  }
  return mix;
}

/// Mixes two RGB pictures of that size, rows without gaps, with each other.
inline void mix_pictures(const Mix& mix, ImageSize size, std::span<std::uint8_t> one,
                         std::span<std::uint8_t> other) {
  if (mix.kind == Mix::Kind::mixup) {
    const int rest = Mix::kWhole - mix.weight;
    for (std::size_t i = 0; i < one.size(); ++i) {
      const int a = one[i], b = other[i];
      one[i] = static_cast<std::uint8_t>((a * mix.weight + b * rest + Mix::kWhole / 2) >> 8);
      other[i] = static_cast<std::uint8_t>((b * mix.weight + a * rest + Mix::kWhole / 2) >> 8);
    }
  } else if (mix.kind == Mix::Kind::cutmix) {
    const auto width = static_cast<std::size_t>(mix.window.width) * kImageChannels;
    for (int y = mix.window.top; y < mix.window.top + mix.window.height; ++y) {
      const std::size_t first =
          (static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
           static_cast<std::size_t>(mix.window.left)) *
          kImageChannels;
      for (std::size_t i = first; i < first + width; ++i) std::swap(one[i], other[i]);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_AUGMENT_MIX_HPP
