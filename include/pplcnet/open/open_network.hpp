#ifndef PPLCNET_OPEN_OPEN_NETWORK_HPP
#define PPLCNET_OPEN_OPEN_NETWORK_HPP

#include <optional>
#include <string>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/open/either_network.hpp"
#include "pplcnet/open/picture_values.hpp"
#include "pplcnet/open/purpose.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/models/nearest.hpp"
#include "pplcnet/open/candidates.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Weights in their network, and what belongs to it.
template <class Network>
struct Opened {
  const KnownModel* published = nullptr;  ///< what it is, or was made from
  bool is_published = false;              ///< it has the classes that were published
  Adaptation adaptation;                  ///< what is otherwise than published
  Network network;
  Output output = Output::softmax;
  std::vector<std::string> labels;   ///< by class, or none
  Preprocessing preprocessing;       ///< without a name if no preset is like it
  std::vector<std::string> assumed;  ///< what the file does not say: input, labels, …
};
using OpenedNetwork = Opened<AnyNetwork>;
using OpenedEither = Opened<EitherNetwork>;

/// Facts known of a file before it is opened; those left empty are detected.
struct OpenOptions {
  std::string model = {};      ///< the name of a published model
  std::string companion = {};  ///< a second file: Paddle's graph or names, ncnn's weights
  std::string part = {};       ///< which network of a distillation's checkpoint
  Purpose purpose = Purpose::any;
};

/// Opens a weight file of any format, or a folder or tar archive with one in it, and finds its
/// network. See below for how.
PPLCNET_INLINE Error open_network(const std::string& path, std::optional<OpenedNetwork>& result,
                                  const OpenOptions& options = {});

/// Finds the network that weights fit: the published model of that name (which there is), or, if it
/// is empty, the one that all evidence of the file leaves. A number of classes is no evidence: the
/// networks for 1000 classes may have any, those for a task its own. An error names all models that
/// are left, if their predictions differ. Where whole networks are looked for, a backbone is what
/// no larger network is.
PPLCNET_INLINE Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                                  std::optional<OpenedNetwork>& result);
/// Finds the same, of weights that may be quantised.
PPLCNET_INLINE Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                                  std::optional<OpenedEither>& result);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// A candidate that takes the weights, and these.
struct Fit {
  Candidate candidate;
  std::uint64_t fingerprint = 0;  ///< of its graph
  std::unique_ptr<float[]> values = {};
  std::size_t count = 0;
  QuantisedModel quantised = {};  ///< where the file is, in place of the others

  std::span<float> weights() const { return {values.get(), count}; }
};

/// Returns whether two candidates give the same predictions.
inline bool are_equivalent(const Fit& one, const Fit& other) {
  const Candidate &a = one.candidate, &b = other.candidate;
  return one.fingerprint == other.fingerprint && a.input() == b.input() && a.output == b.output &&
         a.labels == b.labels && same_pixels(a.preprocessing, b.preprocessing);
}

/// Adds a fit. Of several that give the same predictions one is kept, rather that whose input is
/// the published one.
inline void add_fit(Fit fit, std::vector<Fit>& fits) {
  for (Fit& other : fits) {
    if (!are_equivalent(fit, other)) continue;
    if (!other.candidate.has_published_input()) other.candidate = std::move(fit.candidate);
    return;
  }
  fits.push_back(std::move(fit));
}

/// Tries a candidate. One that is larger than all that were published must be held by the file,
/// whatever its metadata say, before anything is allocated.
inline Error try_one(const WeightFile& file, const Candidate& candidate, std::vector<Fit>& fits) {
  const auto graph = std::make_unique<Graph>(candidate.graph());
  if (auto error = check_graph(*graph)) return Error::of(file.path(), ": ", error.message());
  const auto plan = new_plan(*graph);
  if (plan == nullptr) return out_of_memory(file.path());
  constexpr std::int64_t kLargest = 1 << 24;
  if (plan->parameter_count > std::max(kLargest, static_cast<std::int64_t>(file.size())))
    return Error::of(file.path(), ": has ", file.size(), " bytes, the type's network has ",
                     plan->parameter_count, " parameters");
  const std::span layers(plan->layers, static_cast<std::size_t>(plan->layer_count));
  Fit fit = {.candidate = candidate, .fingerprint = plan->traits.fingerprint};
  if (file.is_quantised()) {
    if (auto error = file.read_quantised(layers, plan->traits, fit.quantised)) return error;
  } else {
    fit.count = plan->weight_floats;
    fit.values = std::make_unique_for_overwrite<float[]>(fit.count);
    if (auto error = file.read(layers, plan->traits, fit.weights())) return error;
  }
  add_fit(std::move(fit), fits);
  return {};
}

/// Prefers networks with a backbone to the backbones that they begin with.
inline void prefer_whole(std::vector<Fit>& fits) {
  const auto is_whole = [](const Fit& fit) { return fit.candidate.published->has_backbone; };
  const auto is_backbone = [](const Fit& fit) { return fit.candidate.published->is_backbone(); };
  if (std::ranges::any_of(fits, is_whole)) std::erase_if(fits, is_backbone);
}

/// Prefers a task's network to general ones, where the input is like that of none of these.
inline void prefer_tasks(const Evidence& evidence, std::vector<Fit>& fits) {
  const auto is_special = [&](const Fit& fit) {
    return fit.candidate.is_task() && evidence.knows_input() && evidence.input != Extent{};
  };
  if (std::ranges::any_of(fits, is_special))
    std::erase_if(fits, [&](const Fit& fit) { return is_general(*fit.candidate.published); });
}

/// Returns the question that evidence leaves.
inline Error question(const WeightFile& file, const std::vector<Fit>& fits) {
  std::string names;
  for (const Fit& fit : fits) {
    names += join({names.empty() ? "" : ", ", fit.candidate.name()});
    if (is_general(*fit.candidate.published))
      names += join({" (", fit.candidate.classes(), " classes of its own)"});
  }
  return Error::of(file.path(), ": fits several networks, say which is meant by `model`: ", names);
}

/// Returns what the file does not say, but follows from what it was taken for.
inline std::vector<std::string> assumed_of(const Evidence& evidence, const Candidate& candidate) {
  std::vector<std::string> assumed;
  const auto assume = [&](bool said, const char* what) {
    if (!said && !evidence.is_own) assumed.emplace_back(what);
  };
  assume(evidence.is_graph, "strides");
  assume(evidence.knows_input(), "input");
  assume(evidence.preprocessing.has_value(), "preset");
  if (candidate.classes() == 0) return assumed;
  assume(evidence.output.has_value(), "output");
  assume(!evidence.labels.empty() || candidate.labels.empty(), "labels");
  return assumed;
}

/// Checks a file against the model that was asked for.
inline Error check(const WeightFile& file, const Candidate& candidate) {
  const Evidence& evidence = file.evidence();
  const bool named = find_model(evidence.model) != nullptr;
  if (named && !has_name(*candidate.published, evidence.model))
    return Error::of(file.path(), ": holds ", quote(evidence.model), ", not ",
                     quote(candidate.name()));
  const Extent input = candidate.input();
  const int classes = candidate.classes();
  const KnownModel& one = *candidate.published;
  const int labelled = classes > 0 ? classes : std::max(one.objects, one.mask_classes);
  const auto differs = [](int said, int own) { return said > 0 && said != own; };
  if (differs(evidence.input.height, input.height) || differs(evidence.input.width, input.width))
    return Error::of(file.path(), ": is for pictures of ", evidence.input.height, "x",
                     evidence.input.width, ", ", candidate.name(), " for ", input.height, "x",
                     input.width);
  if (evidence.output && candidate.output != *evidence.output && classes > 0)
    return Error::of(file.path(), ": makes probabilities by ", output_name(*evidence.output), ", ",
                     candidate.name(), " by ", output_name(candidate.output));
  const bool preset = evidence.preset.empty() || evidence.preset == one.model.preprocessing.name ||
                      find_preset(evidence.preset).has_value();
  if (!preset) return Error::of(file.path(), ": unknown preprocessing ", quote(evidence.preset));
  if (!candidate.labels.empty() && candidate.labels.size() != static_cast<std::size_t>(labelled))
    return Error::of(evidence.path, ": ", candidate.labels.size(), " labels for ", labelled,
                     " classes");
  if (one.classes > 0 && !evidence.unknown_transform.empty())
    return Error::of(evidence.path, ": prepares pictures by ", quote(evidence.unknown_transform),
                     ", which is not known here");
  return {};
}

/// Finds the candidate that a file's weights fit.
inline Error find(const WeightFile& file, const std::string& model, Purpose purpose,
                  std::optional<Fit>& result) {
  const Evidence& evidence = file.evidence();
  const Filter filter(model, purpose, evidence);
  std::vector<Fit> fits;
  NearestMiss nearest;
  for (const bool others : {false, true}) {
    if (!fits.empty()) break;
    for (const Candidate& candidate : filter.candidates(others)) {
      if (auto error = try_one(file, candidate, fits))
        nearest.add(candidate.name(), std::move(error));
    }
  }
  if (fits.empty()) return nearest.error(file.path(), filter.models());
  prefer_tasks(evidence, fits);
  prefer_whole(fits);
  if (fits.size() > 1) return question(file, fits);
  if (auto error = check(file, fits.front().candidate)) return error;
  result = std::move(fits.front());
  return {};
}

/// Makes the network of a candidate in floats.
inline Error make_network(const WeightFile& file, const Fit& fit,
                          std::optional<AnyNetwork>& network) {
  if (auto error = AnyNetwork::make(fit.candidate.graph(), /*threads=*/1, network))
    return Error::of(file.path(), ": ", error.message());
  std::ranges::copy(fit.weights(), network->weights().begin());
  return {};
}

/// Returns a network with what belongs to it.
template <class Network>
Opened<Network> opened(const WeightFile& file, const Fit& fit, Network network) {
  const Candidate& found = fit.candidate;
  return {
      .published = found.published,
      .is_published = found.is_published(),
      .adaptation = found.adaptation,
      .network = std::move(network),
      .output = found.output,
      .labels = found.labels,
      .preprocessing = found.preprocessing,
      .assumed = assumed_of(file.evidence(), found),
  };
}

}  // namespace opening

PPLCNET_INLINE Error open_network(const std::string& path, std::optional<OpenedNetwork>& result,
                                  const OpenOptions& options) {
  return with_memory_for(path, [&]() -> Error {
    WeightFile file;
    if (auto error = WeightFile::open(path, options.companion, file, options.part)) return error;
    return open_network(file, options.model, options.purpose, result);
  });
}

PPLCNET_INLINE Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                                  std::optional<OpenedNetwork>& result) {
  if (file.is_quantised())
    return Error::of(file.path(), ": its weights are int8; this needs a network in floats");
  std::optional<opening::Fit> fit;
  if (auto error = opening::find(file, model, purpose, fit)) return error;
  std::optional<AnyNetwork> network;
  if (auto error = opening::make_network(file, *fit, network)) return error;
  result.emplace(opening::opened(file, *fit, std::move(*network)));
  return {};
}

PPLCNET_INLINE Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                                  std::optional<OpenedEither>& result) {
  std::optional<opening::Fit> fit;
  if (auto error = opening::find(file, model, purpose, fit)) return error;
  std::optional<AnyNetwork> floats;
  std::optional<AnyQuantisedNetwork> bytes;
  const auto make = [&]() -> Error {
    if (!file.is_quantised()) return opening::make_network(file, *fit, floats);
    if (auto error = AnyQuantisedNetwork::make(fit->candidate.graph(), fit->quantised, 1, bytes))
      return Error::of(file.path(), ": ", error.message());
    return check_picture_values(*bytes, fit->candidate.preprocessing, file.path());
  };
  if (auto error = make()) return error;
  auto network = bytes ? EitherNetwork(std::move(*bytes)) : EitherNetwork(std::move(*floats));
  result.emplace(opening::opened(file, *fit, std::move(network)));
  return {};
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_OPEN_NETWORK_HPP
