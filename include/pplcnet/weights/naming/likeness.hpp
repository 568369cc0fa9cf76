#ifndef PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
#define PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How many of a network's weights have a tensor of their shape: of several networks that a file
/// without names is not, the nearest has most. A matrix may be either way round.
inline std::size_t likeness(std::span<const Tensor> tensors, std::span<const Layer> layers) {
  using Sizes = std::vector<std::int64_t>;
  const auto matrix_or_map = [](Sizes shape) {
    while (shape.size() > 2 && shape.back() == 1) shape.pop_back();
    if (shape.size() == 2) std::ranges::sort(shape);
    return shape;
  };
  std::vector<Sizes> found, wanted;
  for (const Tensor& tensor : tensors)
    if (tensor.shape.size() == 2 || tensor.shape.size() == 4)
      found.push_back(matrix_or_map(tensor.shape));
  for (const Layer& layer : layers)
    if (layer.has_weights()) wanted.push_back(matrix_or_map(weight_shape(layer, Naming{})));
  std::ranges::sort(found);
  std::ranges::sort(wanted);
  std::vector<Sizes> both;
  std::ranges::set_intersection(found, wanted, std::back_inserter(both));
  return both.size();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LIKENESS_HPP
