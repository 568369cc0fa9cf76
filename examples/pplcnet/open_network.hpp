#ifndef PPLCNET_EXAMPLES_OPEN_NETWORK_HPP
#define PPLCNET_EXAMPLES_OPEN_NETWORK_HPP

#include <optional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/weights/error.hpp"
#include "weight_file.hpp"

/// What a network is wanted for, which is evidence of what a file is.
enum class Purpose {
  any,          ///< classifiers and backbones
  classes,      ///< classifiers
  orientation,  ///< classifiers whose classes are turns
};

/// Weights in their network, and what belongs to it.
struct Opened {
  const Published* published = nullptr;  ///< what it is, or was made from
  bool is_published = false;             ///< it has the classes that were published
  pplcnet::Adaptation adaptation;        ///< what is otherwise than published
  pplcnet::AnyNetwork network;
  pplcnet::Output output = pplcnet::Output::softmax;
  std::vector<std::string> labels;       ///< by class, or none
  pplcnet::Preprocessing preprocessing;  ///< without a name if no preset is like it
  std::vector<std::string> assumed;      ///< what the file does not say: input, labels, …
};

/// Finds the network that weights fit: the published model of that name (which there is), or, if it
/// is empty, the one that all evidence of the file leaves. A number of classes is no evidence: the
/// networks for 1000 classes may have any, those for a task its own. An error names all models that
/// are left, if their answers differ.
pplcnet::Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                            std::optional<Opened>& result);

#endif  // PPLCNET_EXAMPLES_OPEN_NETWORK_HPP
