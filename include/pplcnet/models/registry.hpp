#ifndef PPLCNET_MODELS_REGISTRY_HPP
#define PPLCNET_MODELS_REGISTRY_HPP

#include <memory>
#include <string>
#include <string_view>

#include "pplcnet/models/model.hpp"
#include "pplcnet/weights/load.hpp"

// From a file to its network, among those that a program has compiled in.

namespace pplcnet::inline PPLCNET_ABI {

/// Whether a file's weights are those of a network: reads them, with `load` or `load_any`, and says
/// why not. A native file that was saved from a published model is that model's only.
template <HasModel Net>
Error fits(std::string_view path,
           Error (*read)(std::string_view, typename Net::Weights&, ModelInfo*) = load) {
  const auto weights = std::make_unique_for_overwrite<typename Net::Weights>();
  ModelInfo info;
  if (auto error = read(path, *weights, &info)) return error;
  constexpr std::string_view kName = Net::Definition::model.name;
  if (info.model.empty() || info.model == kName) return {};
  return Error::of(path, ": holds ", quote(info.model), ", not ", quote(kName));
}

/// Finds the network of `list` for which `fit.operator()<Net>()` has no Error, and calls
/// `visit.operator()<Net>()`. An error if none fits, or several: files do not say everything (two
/// classifiers of two classes may differ in their strides, which Paddle's parameters do not tell).
template <class... Nets, class Fit, class Visit>
Error with_network(ModelList<Nets...> list, std::string_view path, Fit fit, Visit visit) {
  std::string names, why;
  int count = 0;
  bool same = true;  // why none fits, for all of them
  for_each(list, [&]<class Net>() {
    if (const auto error = fit.template operator()<Net>()) {
      same = same && (why.empty() || why == error.message());
      why = error.message();
    } else {
      names += join({count++ > 0 ? ", " : "", Net::Definition::model.name});
    }
  });
  if (count > 1)
    return Error::of(path, ": fits ", count, " networks, say which of them it is: ", names);
  if (count == 0 && same) return Error(why);
  if (count == 0) return Error::of(path, ": fits none of ", sizeof...(Nets), " networks");
  for_each(list, [&]<class Net>() {
    if (names == Net::Definition::model.name) visit.template operator()<Net>();
  });
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_REGISTRY_HPP
