#ifndef PPLCNET_TEXT_NETWORKS_HPP
#define PPLCNET_TEXT_NETWORKS_HPP

#include <optional>

#include "pplcnet/any_network.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/networks/widths.hpp"
#include "pplcnet/text/dictionary.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A network with its weights, and the function that it is for pictures of any size.
struct TextNetwork {
  AnyNetwork network;
  Graph (*graph)(const WidthOptions& options) = nullptr;
  WidthOptions options;

  /// Takes pictures of a size.
  Error resize(Extent input) {
    if (network.traits().input == input) return {};
    options.input = input;
    return network.resize([&] { return graph(options); });
  }
  /// Allocates what pictures of a size need.
  Error reserve(Extent input) {
    options.input = input;
    return network.reserve([&] { return graph(options); });
  }
};

/// The networks that read text.
struct TextNetworks {
  TextNetwork detector;    ///< such as `ocr_detection`
  TextNetwork recogniser;  ///< such as `ocr_recognition`, with the classes of the dictionary
  Dictionary dictionary;
  /// A classifier of lines, whose second class is upside down, and how it sees pictures.
  std::optional<AnyNetwork> orientation = {};
  Preprocessing orientation_preprocessing = kTextlineOrientation;

  /// Returns what is wrong if the networks are not for each other.
  Error check() const {
    const int found = recogniser.network.layers().back().output.channels;
    if (found != dictionary.classes())
      return Error::of("the recogniser has ", found, " classes, and the dictionary ",
                       dictionary.classes(), ", the blank and the space included");
    if (orientation && orientation->classes() != 2)
      return Error::of("the classifier of lines has ", orientation->classes(),
                       " classes, expected 2");
    return {};
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_NETWORKS_HPP
