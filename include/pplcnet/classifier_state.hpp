#ifndef PPLCNET_CLASSIFIER_STATE_HPP
#define PPLCNET_CLASSIFIER_STATE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/huge_pages.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/models/defaults.hpp"
#include "pplcnet/picture.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Makes probabilities of logits, in place, by the function of the network's model.
template <class Net>
void to_probabilities(std::span<float> logits) noexcept {
  if constexpr (output_of<Net>() == Output::sigmoid) {
    sigmoid(logits);
  } else {
    softmax(logits);
  }
}

/// Buffers of one thread that classifies pictures.
template <class Net>
struct ClassifierState : InHugePages {
  PreprocessScratch scratch = {};
  std::array<std::vector<std::uint8_t>, kChunk> pixels = {};  ///< of pictures, resized
  typename Net::Workspace workspace;
  std::array<float, std::size_t{kChunk} * Net::classes> logits;

  /// Resizes a picture into the buffer `place`, and gives it as the network sees it; nothing if
  /// that cannot be (see `resize_and_crop`).
  std::optional<Picture> see(const auto& weights, ImageView image, std::size_t place) {
    if (!resize_and_crop(weights.preprocessing(), image, scratch)) return std::nullopt;
    std::swap(scratch.pixels, pixels[place]);
    return weights.picture(pixels[place].data());
  }

  /// Calls visit(i, probabilities) for each of images [begin, end) that has any; kChunk at most.
  void compute(const auto& weights, std::span<const ImageView> images, std::size_t begin,
               std::size_t end, Isa isa, const auto& visit) {
    std::array<Picture, kChunk> pictures;
    std::array<std::size_t, kChunk> whose = {};
    std::size_t count = 0;
    for (std::size_t i = begin; i < end; ++i)
      if (const auto picture = see(weights, images[i], count)) {
        pictures[count] = *picture;
        whose[count++] = i;
      }
    Net::forward_batch(*weights.weights(), std::span<const Picture>(pictures.data(), count),
                       workspace, std::span<float>(logits), {.isa = isa});
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = std::span<float>(logits).subspan(i * Net::classes, Net::classes);
      to_probabilities<Net>(row);
      visit(whose[i], row);
    }
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CLASSIFIER_STATE_HPP
