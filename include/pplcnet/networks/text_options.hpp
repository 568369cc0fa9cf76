#ifndef PPLCNET_NETWORKS_TEXT_OPTIONS_HPP
#define PPLCNET_NETWORKS_TEXT_OPTIONS_HPP

#include "pplcnet/graph/shape.hpp"
#include "pplcnet/graph/storage.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a user chooses of the backbones of text detection and recognition, V3 and V4.
struct TextOptions {
  /// Height and width; 0: 640 × 640 for detection, 48 × 320 for recognition.
  Extent input = {0, 0};
  Storage storage = Storage::single;

  constexpr bool operator==(const TextOptions&) const = default;
};

/// Returns the size of the pictures that the published text detectors and recognisers were trained
/// on, or that of the options.
constexpr Extent text_input(const TextOptions& options, bool detection) {
  if (options.input != Extent{0, 0}) return options.input;
  return detection ? Extent{640, 640} : Extent{48, 320};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_TEXT_OPTIONS_HPP
