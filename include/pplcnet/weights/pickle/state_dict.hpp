#ifndef PPLCNET_WEIGHTS_PICKLE_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_PICKLE_STATE_DICT_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pickle/values.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace pickle {

/// Reads a tuple of dimensions or strides: none negative, and not too many.
inline Error read_extents(const PickleValues& values, const Value& value, MemoryBudget& budget,
                          const TensorFile& file, const Tensor& tensor,
                          std::vector<std::int64_t>& extents) {
  const std::span<const Value> items =
      value.kind == Kind::tuple ? values.items(value) : std::span<const Value>();
  bool good = value.kind == Kind::tuple && items.size() <= kMaxRank;
  for (const Value& item : items) good = good && item.kind == Kind::integer && item.number >= 0;
  if (!good)
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected at most ", kMaxRank,
                     " dimensions, none negative, found something else");
  if (!budget.reserve(extents, items.size())) return MemoryBudget::exceeded(file.path);
  for (const Value& item : items) extents.push_back(item.number);
  return {};
}

/// Adds a tensor for each entry of a dict with `Error read(const pickle::Value&, Tensor&)`. A state
/// dict of Paddle also says what its tensors are called in a graph, which is not needed.
template <class Read>
Error read_state_dict(const PickleValues& values, const Value& dict, MemoryBudget& budget,
                      TensorFile& file, Read&& read) {
  constexpr std::string_view kNamesInGraph = "StructuredToParameterName@@";
  const std::span<const Value> items = values.items(dict);
  const std::size_t count = items.size() / 2;
  if (count > kMaxTensors)
    return Error::of(file.path, ": expected at most ", kMaxTensors, " tensors, found ", count);
  if (!budget.reserve(file.tensors, count)) return MemoryBudget::exceeded(file.path);
  for (std::size_t i = 0; i < items.size(); i += 2) {
    if (!values.is_text(items[i]))
      return Error::of(file.path, ": expected the name of a tensor, found ",
                       values.found(items[i]));
    const std::string_view name = values.text(items[i]);
    if (name == kNamesInGraph) continue;
    Tensor& tensor = file.tensors.emplace_back();
    if (!budget.reserve(tensor.name, name.size())) return MemoryBudget::exceeded(file.path);
    tensor.name = name;
    if (auto error = read(items[i + 1], tensor)) return error;
  }
  return {};
}

}  // namespace pickle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_STATE_DICT_HPP
