#include "open_network.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

using pplcnet::AnyNetwork;
using pplcnet::Architecture;
using pplcnet::Error;

namespace {

/// How many classes weights are for: a native file says so; of others the classifier is the only
/// matrix, with a bias as long as one of its sides. 0: unknown.
int classes_of(const pplcnet::TensorFile& file) {
  if (const std::string* words = pplcnet::native::find(file, "classes"))
    return std::atoi(words->c_str());
  for (const pplcnet::Tensor& matrix : file.tensors) {
    if (matrix.shape.size() != 2) continue;
    const std::string bias_name = matrix.name.substr(0, matrix.name.rfind('.')) + ".bias";
    for (const pplcnet::Tensor& bias : file.tensors)
      if (bias.shape.size() == 1 && std::ranges::count(matrix.shape, bias.shape[0]) > 0 &&
          (bias.name.empty() || bias.name == bias_name))
        return static_cast<int>(bias.shape[0]);
  }
  return 0;
}

/// A published model's network with the classes and the input of the file's.
Architecture adapted(Architecture net, const pplcnet::TensorFile& file) {
  const int classes = classes_of(file);
  if (net.classes > 0 && classes > 0) net.classes = classes;
  if (!pplcnet::is_native(file)) return net;
  if (const std::string* input = pplcnet::native::find(file, "input"))
    std::sscanf(input->c_str(), "%dx%d", &net.input.height, &net.input.width);
  return net;
}

/// A published model that a file may be read with.
struct Candidate {
  const Published* published = nullptr;
  Architecture architecture;

  bool is_published() const { return architecture.classes == published->architecture.classes; }
};

/// The one that is asked for, or all: first those whose classes were published.
std::vector<Candidate> find_candidates(const std::string& model, bool classifiers_only,
                                       const pplcnet::TensorFile& tensors) {
  std::vector<Candidate> candidates;
  for (const Published& one : published())
    if (model.empty() ? one.architecture.classes > 0 || !classifiers_only : one.model.name == model)
      candidates.push_back({&one, adapted(one.architecture, tensors)});
  std::ranges::stable_partition(candidates, &Candidate::is_published);
  return candidates;
}

Error read(const WeightFile& file, const Candidate& candidate, AnyNetwork& network,
           pplcnet::ModelInfo& info) {
  if (auto error = file.read(network, info)) return error;
  const std::string_view name = candidate.published->model.name;
  if (info.model.empty() || info.model == name) return {};
  return Error::of(file.path(), ": holds ", pplcnet::quote(info.model), ", not ",
                   pplcnet::quote(name))
      .after(network.layers().size());
}

/// Whether two networks compute the same.
bool same_network(const Architecture& a, const Architecture& b) {
  return pplcnet::describe(a) == pplcnet::describe(b) && a.input == b.input;
}

}  // namespace

Error open_network(const WeightFile& file, const std::string& model, bool classifiers_only,
                   std::optional<Opened>& result) {
  pplcnet::TensorFile tensors;
  static_cast<void>(file.read_tensors(tensors));  // none in a graph
  const auto candidates = find_candidates(model, classifiers_only, tensors);
  std::string names;
  const Candidate* nearest = nullptr;
  Error why;  // the nearest does not fit
  bool same = true;
  result.reset();
  for (const Candidate& candidate : candidates) {
    // Own classes on what was published for others: the published ones would have been meant.
    if (result && result->is_published() && !candidate.is_published()) break;
    // Without its classes a model is like others of the same network.
    if (result && !candidate.is_published() &&
        same_network(result->network.architecture(), candidate.architecture))
      continue;
    Opened opened = {candidate.published, AnyNetwork(candidate.architecture), {}};
    if (auto error = read(file, candidate, opened.network, opened.info)) {
      same = same && (!why || std::string_view(why.message()) == error.message());
      if (nearest != nullptr && error.steps() <= why.steps()) continue;
      why = std::move(error);
      nearest = &candidate;
      continue;
    }
    names += pplcnet::join({names.empty() ? "" : ", ", candidate.published->model.name});
    if (!result) result.emplace(std::move(opened));
  }
  if (names.find(',') != names.npos) {
    result.reset();
    return Error::of(file.path(),
                     ": fits several networks, say with --model which of them it is: ", names);
  }
  if (result || candidates.size() == 1 || same) return result ? Error() : std::move(why);
  std::string_view reason = why.message();
  if (reason.starts_with(file.path())) reason.remove_prefix(file.path().size() + 2);
  return Error::of(file.path(), ": fits none of ", candidates.size(), " networks; ",
                   why.steps() > 0 ? "the nearest is " : "for example ",
                   nearest->published->model.name, ": ", reason);
}
