#ifndef PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
#define PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Counts a network's weights that have a tensor of their shape: of several networks that a file
/// without names is not, the nearest has most. A matrix may be either way round.
inline std::size_t likeness(std::span<const Tensor> tensors, std::span<const Layer> layers) {
  using Sizes = std::vector<std::int64_t>;
  const auto matrix_or_map = [](Sizes shape) {
    while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
    if (shape.size() == 2 && shape[0] > shape[1]) std::swap(shape[0], shape[1]);
    return shape;
  };
  std::multiset<Sizes> found;
  for (const Tensor& tensor : tensors)
    if (tensor.shape.size() == 2 || tensor.shape.size() == 4)
      found.insert(matrix_or_map(tensor.shape));
  std::size_t both = 0;
  for (const Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    const auto place = found.find(matrix_or_map(weight_shape(layer, Naming{})));
    if (place == found.end()) continue;
    found.erase(place);
    ++both;
  }
  return both;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
