#ifndef PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the naming of a network whose parameters Paddle numbers in the order of its layers; null
/// if it does not, or if that is not known.
inline const Naming* numbered_naming(const NetworkTraits& traits) {
  const auto found = std::ranges::find_if(traits.namings, [](const Naming& one) {
    return one.framework == "paddle" && one.module == nullptr;
  });
  return found == traits.namings.end() || traits.classes == 0 ? nullptr : &*found;
}

/// Returns Paddle's names of a network's tensors inside a graph (`conv2d_0.w_0`,
/// `batch_norm2d_26.b_0`), each with the name that the same tensor has in a state dict; sorted by
/// code points, which is the order of their records in a `.pdiparams` file (Paddle `static/io.py`,
/// `static/pir_io.py`).
inline std::vector<std::pair<std::string, std::string>> graph_names(std::span<const Layer> layers,
                                                                    const Naming& naming) {
  std::vector<std::pair<std::string, std::string>> names;
  int convolutions = 0, linears = 0, norms = 0;
  for (const Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    const ParameterNames state = parameter_names(layer, naming);
    const std::string weights = layer.layout == Layout::convolution
                                    ? join({"conv2d_", convolutions++})
                                    : join({"linear_", linears++});
    names.emplace_back(weights + ".w_0", state.weight);
    if (layer.bias) names.emplace_back(weights + ".b_0", state.bias);
    if (!layer.batch_norm) continue;
    const std::string norm = join({"batch_norm2d_", norms++});
    names.emplace_back(norm + ".w_0", state.gamma);
    names.emplace_back(norm + ".b_0", state.beta);
    names.emplace_back(norm + ".w_1", state.mean);
    names.emplace_back(norm + ".w_2", state.variance);
  }
  std::ranges::sort(names);
  return names;
}

/// Gives the nameless tensors of a `.pdiparams` file the names of a state dict; the shapes are
/// checked by whoever reads them by name.
inline Error name_pdiparams(TensorFile& file, std::span<const Layer> layers,
                            const NetworkTraits& traits) {
  const Naming* const naming = numbered_naming(traits);
  if (naming == nullptr)
    return Error::of(file.path,
                     ": a .pdiparams file, which does not name its tensors, fits classifiers ",
                     "of V1 with Dialect::paddle only; the type is ", what_of(traits));
  const auto names = graph_names(layers, *naming);
  if (names.size() != file.tensors.size()) {
    // The two releases of PP-LCNet_x0_25_textline_ori differ in this.
    const bool head = traits.embedding != traits.pooled;
    const std::size_t with_other_head = head ? names.size() - 1 : names.size() + 1;
    return Error::of(file.path, ": holds ", file.tensors.size(),
                     " tensors, the type's network has ", names.size(),
                     file.tensors.size() != with_other_head ? ""
                     : head ? "; without a head (Options::head = 0) it has as many"
                            : "; with a head (Options::head = 1280) it has as many");
  }
  for (std::size_t i = 0; i < names.size(); ++i) file.tensors[i].name = names[i].second;
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
