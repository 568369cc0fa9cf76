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
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Paddle's names of a V1 network's tensors inside a graph (`conv2d_0.w_0`, `batch_norm2d_26.b_0`),
/// each with the name that the same tensor has in a state dict; sorted by code points, which is
/// the order of their records in a `.pdiparams` file (Paddle `static/io.py`, `static/pir_io.py`).
inline std::vector<std::pair<std::string, std::string>> graph_names(std::span<const Layer> layers) {
  std::vector<std::pair<std::string, std::string>> names;
  constexpr Architecture v1;
  int convolutions = 0, norms = 0;
  for (const Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    const ParameterNames state = paddle_names(layer, v1);
    const std::string weights = layer.part == Part::classifier ? std::string("linear_0")
                                                               : join({"conv2d_", convolutions++});
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
inline Error name_pdiparams(TensorFile& file, std::span<const Layer> layers) {
  const auto names = graph_names(layers);
  if (names.size() != file.tensors.size()) {
    // The two releases of PP-LCNet_x0_25_textline_ori differ in this.
    const bool head = std::ranges::find(layers, Part::head, &Layer::part) != layers.end();
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
