#ifndef PPLCNET_WEIGHTS_PADDLE_INFO_HPP
#define PPLCNET_WEIGHTS_PADDLE_INFO_HPP

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <utility>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/pickle/pickle.hpp"
#include "pplcnet/weights/pickle/values.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The contents of a `.pdiparams.info`: what the tensors of the `.pdiparams` file beside it are
/// called in a graph, and in a state dict. Texts view the file.
struct PdiparamsInfo {
  /// The names of a tensor.
  struct Names {
    std::string_view graph, state_dict;
  };
  std::vector<Names> names;  ///< by their names in the graph, which is the order of the data
  std::string_view path;     ///< for messages
};

/// Reads a `.pdiparams.info` file: a pickled dict (Paddle, python/paddle/jit/translated_layer.py).
/// `info` views `bytes` and `path`; it changes only on success.
PPLCNET_INLINE Error parse_pdiparams_info(std::span<const std::byte> bytes, std::string_view path,
                                          PdiparamsInfo& info);

/// Gives the nameless tensors of a `.pdiparams` file the names of a state dict.
PPLCNET_INLINE Error name_pdiparams(TensorFile& file, const PdiparamsInfo& info);

namespace loading {

/// Fills packed weights from a `.pdiparams` file and its `.info`.
PPLCNET_INLINE Error load_pdiparams(std::string_view pdiparams_path, std::string_view info_path,
                                    std::span<const Layer> layers, const NetworkTraits& traits,
                                    std::span<float> weights);

}  // namespace loading

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE Error parse_pdiparams_info(std::span<const std::byte> bytes, std::string_view path,
                                          PdiparamsInfo& info) {
  constexpr std::string_view kStructuredName = "structured_name";
  MemoryBudget budget(bytes.size());
  PickleValues values{.file = bytes, .containers = {}, .storages = {}};
  pickle::Value root;
  if (auto error = PickleReader(values, 0, path, budget).read(root)) return error;
  if (root.kind != pickle::Kind::dict)
    return Error::of(path, ": expected a dict of names, found ", values.found(root));
  PdiparamsInfo result;
  result.path = path;
  const std::span<const pickle::Value> items = values.items(root);
  if (!budget.reserve(result.names, items.size() / 2)) return MemoryBudget::exceeded(path);
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (!PickleValues::is_text(items[i]) || items[i + 1].kind != pickle::Kind::dict)
      return Error::of(path, ": expected names with a dict for each, found ",
                       values.found(items[i]), " with ", values.found(items[i + 1]));
    PdiparamsInfo::Names names = {.graph = values.text(items[i]), .state_dict = {}};
    const std::span<const pickle::Value> facts = values.items(items[i + 1]);
    for (std::size_t j = 0; j + 1 < facts.size(); j += 2)
      if (PickleValues::is_text(facts[j]) && values.text(facts[j]) == kStructuredName &&
          PickleValues::is_text(facts[j + 1]))
        names.state_dict = values.text(facts[j + 1]);
    if (names.state_dict.empty())
      return Error::of(path, ": ", quote(names.graph), " has no ", quote(kStructuredName));
    result.names.push_back(names);
  }
  std::ranges::sort(result.names, {}, &PdiparamsInfo::Names::graph);
  info = std::move(result);
  return {};
}

PPLCNET_INLINE Error name_pdiparams(TensorFile& file, const PdiparamsInfo& info) {
  if (file.tensors.size() != info.names.size())
    return Error::of(file.path, ": expected ", info.names.size(), " tensors, as ", info.path,
                     " has, found ", file.tensors.size());
  for (std::size_t i = 0; i < file.tensors.size(); ++i)
    file.tensors[i].name = info.names[i].state_dict;
  return {};
}

PPLCNET_INLINE Error loading::load_pdiparams(std::string_view pdiparams_path,
                                             std::string_view info_path,
                                             std::span<const Layer> layers,
                                             const NetworkTraits& traits,
                                             std::span<float> weights) {
  FileBytes data, pickled;
  if (auto error = read_file(pdiparams_path, data)) return error;
  if (auto error = read_file(info_path, pickled)) return error;
  TensorFile file;
  if (auto error = parse_pdiparams(std::as_const(data).bytes(), pdiparams_path, file)) return error;
  PdiparamsInfo info;
  if (auto error = parse_pdiparams_info(std::as_const(pickled).bytes(), info_path, info))
    return error;
  if (auto error = name_pdiparams(file, info)) return error;
  return pack_state_dict(file, layers, traits, weights);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

/// Fills a network's weights from a `.pdiparams` file and the `.pdiparams.info` that belongs to it,
/// which has names but does not tell strides. After an error the weights are not usable.
template <class Weights>
Error load_pdiparams_info(std::string_view pdiparams_path, std::string_view info_path,
                          Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(pdiparams_path, [&]() -> Error {
    return loading::load_pdiparams(pdiparams_path, info_path, Net::layers, Net::traits,
                                   weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_INFO_HPP
