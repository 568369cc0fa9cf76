#ifndef PPLCNET_MODELS_WITH_NETWORK_HPP
#define PPLCNET_MODELS_WITH_NETWORK_HPP

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/models/model.hpp"
#include "pplcnet/models/nearest.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

// From a file to its network, among those that a program has compiled in.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns whether weights are those of a network: gets them by `read(weights, info)`, and says why
/// not. What was saved from a published model is that model's only. `path` is for messages.
template <HasModel Net, class Read>
Error fits(std::string_view path, const Read& read) {
  const auto weights = std::make_unique_for_overwrite<typename Net::Weights>();
  ModelInfo info;
  if (auto error = read(*weights, &info)) return error;
  constexpr std::string_view kName = Net::Definition::model.name;
  if (info.model.empty() || info.model == kName) return {};
  return Error::of(path, ": holds ", quote(info.model), ", not ", quote(kName))
      .with_progress(Net::layers.size());
}

/// Finds the network of `list` that weights fit, which `read(weights, info)` brings, and calls
/// `visit.operator()<Net>()`. An error if none fits, or several: files do not say everything (two
/// classifiers of two classes may differ in their strides, which Paddle's parameters do not tell).
/// `path` is for messages.
template <class... Nets, class Read, class Visit>
Error with_network(ModelList<Nets...> list, std::string_view path, const Read& read, Visit visit) {
  std::string names;
  NearestMiss nearest;
  int count = 0;
  for_each(list, [&]<class Net>() {
    constexpr std::string_view kName = Net::Definition::model.name;
    if (auto error = fits<Net>(path, read))
      nearest.add(kName, std::move(error));
    else
      names += join({count++ > 0 ? ", " : "", kName});
  });
  if (count > 1)
    return Error::of(path, ": fits ", count, " networks, say which of them it is: ", names);
  if (count == 0) return nearest.error(path, sizeof...(Nets));
  for_each(list, [&]<class Net>() {
    if (names == Net::Definition::model.name) visit.template operator()<Net>();
  });
  return {};
}

/// Does the same for a file that `load` reads.
template <class... Nets, class Visit>
Error with_network(ModelList<Nets...> list, std::string_view path, Visit visit) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    const auto read = [&](auto& weights, ModelInfo* info) {
      return load_bytes(std::as_const(bytes).bytes(), path, weights, info);
    };
    return with_network(list, path, read, visit);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_WITH_NETWORK_HPP
