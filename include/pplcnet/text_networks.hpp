#ifndef PPLCNET_TEXT_NETWORKS_HPP
#define PPLCNET_TEXT_NETWORKS_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/image/view.hpp"
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

/// Computes the result of a network, which stays in `values`: finite numbers, or it is an error,
/// which says what the network is.
inline Error compute_result(const char* what, AnyNetwork& network, const Picture& picture,
                            std::vector<float>& values, const RunOptions& run) {
  const int result = network.plan().outputs[0];
  const Layer& layer = network.layers()[static_cast<std::size_t>(result)];
  values.resize(static_cast<std::size_t>(layer.output.size()));
  network.run(picture, result, values, run);
  if (all_finite(values)) return {};
  return Error::of("the output of ", what, " is no finite number; its weights may be damaged");
}

/// Computes the same for the pixels that `preprocessing` has left in `scratch`; `tables` are those
/// of its normalisation.
inline Error compute_result(const char* what, AnyNetwork& network,
                            const Preprocessing& preprocessing,
                            const std::array<ByteTable, kImageChannels>& tables,
                            const PreprocessScratch& scratch, std::vector<float>& values,
                            const RunOptions& run) {
  const Shape shape = network.input_shape();
  const Picture picture = Picture::interleaved(scratch.pixels.data(), tables.data(), shape);
  const bool bgr = preprocessing.channel_order == ChannelOrder::bgr;
  return compute_result(what, network, bgr ? picture.reversed(shape) : picture, values, run);
}

/// Returns what is wrong if a dictionary is not that of a recogniser.
inline Error check_dictionary(const TextNetwork& recogniser, const Dictionary& dictionary) {
  const int found = recogniser.network.layers().back().output.channels;
  if (found == dictionary.classes()) return {};
  return Error::of("the recogniser has ", found, " classes, and the dictionary ",
                   dictionary.classes(), ", the blank and the space included");
}

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
    if (auto error = check_dictionary(recogniser, dictionary)) return error;
    if (orientation && orientation->classes() != 2)
      return Error::of("the classifier of lines has ", orientation->classes(),
                       " classes, expected 2");
    return {};
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_NETWORKS_HPP
