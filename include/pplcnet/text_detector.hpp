#ifndef PPLCNET_TEXT_DETECTOR_HPP
#define PPLCNET_TEXT_DETECTOR_HPP

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/input.hpp"
#include "pplcnet/text/text_boxes.hpp"
#include "pplcnet/text_networks.hpp"
#include "pplcnet/text_options.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Finds the lines of text in pictures. What a picture needs of memory stays for those after it.
/// Copies have memory of their own: one copy for each thread.
class TextDetector {
 public:
  TextDetector(TextNetwork network, const TextReaderOptions& options)
      : network_(std::move(network)),
        longest_side_(options.longest_side),
        shortest_side_(options.shortest_side),
        options_(options.boxes),
        tables_(normalisation_tables(detector_preprocessing({}).normalisation)) {}

  /// Finds the lines of a picture in reading order; they stay until the next call.
  Error find(ImageView picture, std::span<const TextBox>& boxes, const RunOptions& run = {}) {
    boxes = {};
    if (picture.empty()) return Error::of("the picture has no pixels");
    const ImageView seen = with_least_size(picture, padded_);
    const Extent input = detector_input(seen.size(), longest_side_, shortest_side_);
    if (auto error = network_.resize(input)) return error;
    const Preprocessing preprocessing = detector_preprocessing(input);
    resize_and_crop(preprocessing, seen, scratch_);
    if (auto error = compute_result("the detector of text", network_.network, preprocessing,
                                    tables_, scratch_, values_, run))
      return error;
    boxes = finder_.find(values_, input.height, input.width, picture.size(), options_);
    return {};
  }

  /// Allocates all that pictures up to a size need: for each input of the network, as which one
  /// needs most depends on its plan.
  Error reserve(ImageSize picture) {
    const Extent most = largest_detector_input(picture, longest_side_, shortest_side_);
    for (Extent input = most; input.height > 0; input.height -= kDetectorStep)
      for (input.width = most.width; input.width > 0; input.width -= kDetectorStep)
        if (auto error = network_.reserve(input)) return error;
    values_.reserve(static_cast<std::size_t>(most.height) * static_cast<std::size_t>(most.width));
    finder_.reserve(most.height, most.width, options_.most);
    padded_.resize({kTinySides, kTinySides});
    resize_and_crop(detector_preprocessing(most), padded_.view(), scratch_);
    return {};
  }

  const TextNetwork& network() const { return network_; }

 private:
  TextNetwork network_;
  int longest_side_, shortest_side_;
  TextBoxOptions options_;
  TextBoxFinder finder_;
  std::array<ByteTable, kImageChannels> tables_;
  PreprocessScratch scratch_;
  RgbImage padded_;
  std::vector<float> values_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_DETECTOR_HPP
