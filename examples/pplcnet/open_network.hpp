#ifndef PPLCNET_EXAMPLES_OPEN_NETWORK_HPP
#define PPLCNET_EXAMPLES_OPEN_NETWORK_HPP

#include <optional>
#include <string>
#include <utility>

#include "catalogue.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "weight_file.hpp"

/// Weights in their network.
struct Opened {
  const Published* published = nullptr;  ///< what it is, or was made from
  pplcnet::AnyNetwork network;
  pplcnet::ModelInfo info;  ///< what the file says

  /// Whether it has the classes that were published.
  bool is_published() const {
    return network.architecture().classes == published->architecture.classes;
  }
};

/// Finds the network that weights fit: the published model of that name (which there is), or the
/// one that takes them, of those with classes or of all. Any of them may have other classes than
/// were published, and a native file another input.
pplcnet::Error open_network(const WeightFile& file, const std::string& model, bool classifiers_only,
                            std::optional<Opened>& result);

#endif  // PPLCNET_EXAMPLES_OPEN_NETWORK_HPP
