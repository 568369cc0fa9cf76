#ifndef PPLCNET_WEIGHTS_MODEL_INFO_HPP
#define PPLCNET_WEIGHTS_MODEL_INFO_HPP

#include <string>
#include <vector>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Metadata that a network needs besides weights to be used; stored in the file.
struct ModelInfo {
  std::vector<std::string> labels;  ///< one per class, or none
  std::string preprocessing;        ///< name of a preset, or empty
  std::string model = {};           ///< name of a published model, or empty
  std::string output = {};          ///< what makes probabilities: softmax, sigmoid, or empty
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_MODEL_INFO_HPP
