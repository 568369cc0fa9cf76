#include "open_network.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/nearest.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/join.hpp"

using pplcnet::Adaptation;
using pplcnet::Error;
using pplcnet::Extent;
using pplcnet::Output;
using pplcnet::Preprocessing;

namespace {

/// A published model that a file may be read with.
struct Candidate {
  const Published* published = nullptr;
  Adaptation adaptation;
  Output output = Output::softmax;
  std::vector<std::string> labels;
  Preprocessing preprocessing;

  std::string_view name() const { return published->model.name; }
  Extent input() const { return adaptation.input.value_or(published->input); }
  int classes() const { return adaptation.classes.value_or(published->classes); }
  int head() const { return adaptation.head.value_or(published->head); }
  pplcnet::Graph graph() const { return published->adapted(adaptation); }
  bool is_published() const { return classes() == published->classes; }
  /// Whether the model is for something, and not for any classes.
  bool is_task() const { return !is_general(*published) && classes() > 0; }
};

/// Whether classes are turns, by their labels: quarters, or half turns.
bool are_turns(std::span<const std::string_view> labels) {
  const auto is_turn = [&](std::string_view label) {
    std::size_t angle = 1;
    std::from_chars(label.data(), label.data() + label.size(), angle);
    return angle < 360 && angle % (360 / labels.size()) == 0;
  };
  return (labels.size() == 2 || labels.size() == 4) && std::ranges::all_of(labels, is_turn);
}

/// Whether a file's word for its model is this one. Two releases have one name.
bool has_name(const Published& one, std::string_view name) {
  constexpr std::string_view kFirst = "_first";
  const std::string_view own = one.model.name;
  return own == name ||
         (own.ends_with(kFirst) && own.substr(0, own.size() - kFirst.size()) == name);
}

/// What stays of the published models in the light of the evidence.
class Filter {
 public:
  Filter(const std::string& asked, Purpose purpose, const Evidence& evidence)
      : asked_(asked), purpose_(purpose), evidence_(evidence) {
    named_ = !evidence.model.empty() && std::ranges::any_of(published(), [&](const Published& one) {
      return has_name(one, evidence.model);
    });
  }

  /// First those with the file's classes and the general ones; with `others`, networks of tasks
  /// with classes of their own.
  std::vector<Candidate> candidates(bool others) const {
    std::vector<Candidate> result;
    for (const Published& one : published()) {
      const bool other = !may_have_its_classes(one);
      if (other != others || !is_meant(one)) continue;
      add(one, result);
    }
    return result;
  }

  /// How many models there are to choose from before anything is known of the file.
  std::size_t models() const {
    const auto is_wanted = [&](const Published& one) {
      return purpose_ == Purpose::any || one.classes > 0;
    };
    return static_cast<std::size_t>(std::ranges::count_if(published(), is_wanted));
  }

 private:
  bool is_asked() const { return !asked_.empty(); }

  /// Whether the file's number of classes is possible for a model without more evidence.
  bool may_have_its_classes(const Published& one) const {
    const int classes = one.classes;
    return is_asked() || named_ || is_general(one) || classes == 0 || evidence_.classes == 0 ||
           classes == evidence_.classes;
  }

  bool is_meant(const Published& one) const {
    if (is_asked()) return one.model.name == asked_;
    const int classes = one.classes;
    if (purpose_ != Purpose::any && classes == 0) return false;
    if (purpose_ == Purpose::orientation && !evidence_.is_own && evidence_.labels.empty() &&
        !are_turns(one.model.labels))
      return false;
    // A classifier is no detector's backbone, though it begins like one.
    if (evidence_.classes > 0 && one.pooled == 0) return false;
    if (named_) return has_name(one, evidence_.model);
    // A name that nobody has is of a network of one's own.
    if (!evidence_.model.empty() && !is_general(one) && classes > 0) return false;
    return true;
  }

  void add(const Published& one, std::vector<Candidate>& result) const {
    Candidate candidate;
    candidate.published = &one;
    Adaptation& changes = candidate.adaptation;
    const bool general = is_general(one);
    if (one.classes > 0 && evidence_.classes > 0) changes.classes = evidence_.classes;
    const bool own = general || !candidate.is_published() || one.classes == 0;
    Extent input = one.input;
    if (own || evidence_.is_own || (named_ && !is_asked())) {
      if (evidence_.input.height > 0) input.height = evidence_.input.height;
      if (evidence_.input.width > 0) input.width = evidence_.input.width;
    }
    changes.input = input;
    if (one.classes > 0) changes.dropout_percent = evidence_.dropout_percent;
    candidate.output = own ? Output::softmax : one.model.output;
    if (own && evidence_.output) candidate.output = *evidence_.output;
    candidate.labels = evidence_.labels;
    if (candidate.labels.empty() && candidate.is_published())
      candidate.labels.assign(one.model.labels.begin(), one.model.labels.end());
    candidate.preprocessing = preprocessing_of(one, input);
    if (!is_asked() && !fits(candidate)) return;
    if (general && one.adapts_head) return add_heads(candidate, result);
    result.push_back(std::move(candidate));
  }

  /// A network for any classes may be without the embedding, or with another.
  void add_heads(const Candidate& candidate, std::vector<Candidate>& result) const {
    const auto with_head = [&](int head) { result.emplace_back(candidate).adaptation.head = head; };
    const int usual = candidate.published->head, pooled = candidate.published->pooled;
    if (evidence_.head) return with_head(*evidence_.head);
    if (evidence_.features == 0 || evidence_.features == usual) with_head(usual);
    if (evidence_.features == pooled) with_head(0);
    if (evidence_.features != 0 && evidence_.features != usual && evidence_.features != pooled)
      with_head(evidence_.features);
  }

  /// Whether a candidate that nobody asked for by name contradicts nothing.
  bool fits(const Candidate& candidate) const {
    const Published& one = *candidate.published;
    // The graph of the dialect paddle has no bias there, that of others has.
    if (evidence_.is_graph && one.adapts_head && candidate.head() > 0 &&
        evidence_.head.value_or(0) > 0 && one.head_bias != evidence_.head_bias)
      return false;
    // Names tell this dialect from Paddle's, and a graph does what it says without them.
    if (evidence_.is_graph && one.framework == "light_cnns") return false;
    if (evidence_.is_own || named_ || !candidate.is_task()) return true;
    const auto differs = [](int said, int own) { return said > 0 && said != own; };
    const Extent input = candidate.input();
    if (differs(evidence_.input.height, input.height) ||
        differs(evidence_.input.width, input.width))
      return false;
    if (evidence_.output && candidate.output != *evidence_.output) return false;
    if (!candidate.is_published()) return true;
    if (!evidence_.labels.empty() && !one.model.labels.empty() &&
        !std::ranges::equal(evidence_.labels, one.model.labels))
      return false;
    return !evidence_.preprocessing ||
           same_pixels(one.model.preprocessing, *evidence_.preprocessing);
  }

  /// What the file says of how pictures are prepared, or what the model says.
  Preprocessing preprocessing_of(const Published& one, Extent input) const {
    const Preprocessing& own = one.model.preprocessing;
    const auto preset = pplcnet::find_preset(evidence_.preset.empty() ? own.name : evidence_.preset,
                                             input.height, input.width);
    const Preprocessing found = preset.value_or(own);
    if (!evidence_.preprocessing) return found;
    Preprocessing said = *evidence_.preprocessing;
    said.height = input.height;
    said.width = input.width;
    if (same_pixels(found, said)) return found;
    for (const auto make : pplcnet::kPresets)
      if (const Preprocessing one_of_all = make(input.height, input.width);
          same_pixels(one_of_all, said) &&
          one_of_all.normalisation.scale == said.normalisation.scale)
        return one_of_all;
    return said;
  }

  const std::string& asked_;
  Purpose purpose_;
  const Evidence& evidence_;
  bool named_ = false;
};

/// A candidate that takes the weights, and these.
struct Fit {
  Candidate candidate;
  std::uint64_t fingerprint = 0;  ///< of its graph
  std::unique_ptr<float[]> values;
  std::size_t count = 0;

  std::span<float> weights() const { return {values.get(), count}; }
};

/// Whether two candidates give the same predictions.
bool are_twins(const Fit& one, const Fit& other) {
  const Candidate &a = one.candidate, &b = other.candidate;
  return one.fingerprint == other.fingerprint && a.input() == b.input() && a.output == b.output &&
         a.labels == b.labels && same_pixels(a.preprocessing, b.preprocessing);
}

/// Tries a candidate. One that is larger than all that were published must be held by the file,
/// whatever its metadata say, before anything is allocated.
Error try_one(const WeightFile& file, const Candidate& candidate, std::vector<Fit>& fits) {
  const auto graph = std::make_unique<pplcnet::Graph>(candidate.graph());
  if (auto error = pplcnet::check_graph(*graph))
    return Error::of(file.path(), ": ", error.message());
  const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(*graph));
  constexpr std::int64_t kLargest = 1 << 24;
  if (plan->parameter_count > std::max(kLargest, static_cast<std::int64_t>(file.size())))
    return Error::of(file.path(), ": has ", file.size(), " bytes, the type's network has ",
                     plan->parameter_count, " parameters");
  Fit fit = {candidate, plan->traits.fingerprint,
             std::make_unique_for_overwrite<float[]>(plan->weight_floats), plan->weight_floats};
  const std::span layers(plan->layers, static_cast<std::size_t>(plan->layer_count));
  if (auto error = file.read(layers, plan->traits, fit.weights())) return error;
  const bool known =
      std::ranges::any_of(fits, [&](const Fit& other) { return are_twins(other, fit); });
  if (!known) fits.push_back(std::move(fit));
  return {};
}

/// An input like no general network's, which is a task's: all else being possible, it is that task.
void prefer_tasks(const Evidence& evidence, std::vector<Fit>& fits) {
  const auto is_special = [&](const Fit& fit) {
    return fit.candidate.is_task() && evidence.knows_input() && evidence.input != Extent{};
  };
  if (std::ranges::any_of(fits, is_special))
    std::erase_if(fits, [&](const Fit& fit) { return is_general(*fit.candidate.published); });
}

/// The question that evidence leaves.
Error question(const WeightFile& file, const std::vector<Fit>& fits) {
  std::string names;
  for (const Fit& fit : fits) {
    names += pplcnet::join({names.empty() ? "" : ", ", fit.candidate.name()});
    if (is_general(*fit.candidate.published))
      names += pplcnet::join({" (", fit.candidate.classes(), " classes of its own)"});
  }
  return Error::of(file.path(),
                   ": fits several networks, say with --model which of them it is: ", names);
}

/// What was not told by the file, but follows from what it was taken for.
std::vector<std::string> assumed_of(const Evidence& evidence, const Candidate& candidate) {
  std::vector<std::string> assumed;
  const auto assume = [&](bool told, const char* what) {
    if (!told && !evidence.is_own) assumed.emplace_back(what);
  };
  assume(evidence.is_graph, "strides");
  assume(evidence.knows_input(), "input");
  assume(evidence.preprocessing.has_value(), "preset");
  if (candidate.classes() == 0) return assumed;
  assume(evidence.output.has_value(), "output");
  assume(!evidence.labels.empty() || candidate.labels.empty(), "labels");
  return assumed;
}

/// Contradictions between a file and the model that was asked for.
Error check(const WeightFile& file, const Candidate& candidate) {
  const Evidence& evidence = file.evidence();
  const bool named = find_published(evidence.model) != nullptr;
  if (named && !has_name(*candidate.published, evidence.model))
    return Error::of(file.path(), ": holds ", pplcnet::quote(evidence.model), ", not ",
                     pplcnet::quote(candidate.name()));
  const Extent input = candidate.input();
  const int classes = candidate.classes();
  const auto differs = [](int said, int own) { return said > 0 && said != own; };
  if (differs(evidence.input.height, input.height) || differs(evidence.input.width, input.width))
    return Error::of(file.path(), ": is for pictures of ", evidence.input.height, "x",
                     evidence.input.width, ", ", candidate.name(), " for ", input.height, "x",
                     input.width);
  if (evidence.output && candidate.output != *evidence.output && classes > 0)
    return Error::of(file.path(), ": makes probabilities by ", output_name(*evidence.output), ", ",
                     candidate.name(), " by ", output_name(candidate.output));
  const bool preset = evidence.preset.empty() || pplcnet::find_preset(evidence.preset).has_value();
  if (!preset)
    return Error::of(file.path(), ": unknown preprocessing ", pplcnet::quote(evidence.preset));
  if (!candidate.labels.empty() && candidate.labels.size() != static_cast<std::size_t>(classes))
    return Error::of(evidence.path, ": ", candidate.labels.size(), " labels for ", classes,
                     " classes");
  if (classes > 0 && !evidence.unknown_transform.empty())
    return Error::of(evidence.path, ": prepares pictures by ",
                     pplcnet::quote(evidence.unknown_transform), ", which is not known here");
  return {};
}

}  // namespace

Error open_network(const WeightFile& file, const std::string& model, Purpose purpose,
                   std::optional<Opened>& result) {
  const Evidence& evidence = file.evidence();
  const Filter filter(model, purpose, evidence);
  std::vector<Fit> fits;
  pplcnet::NearestMiss nearest;
  for (const bool others : {false, true}) {
    if (!fits.empty()) break;
    for (const Candidate& candidate : filter.candidates(others)) {
      if (auto error = try_one(file, candidate, fits))
        nearest.add(candidate.name(), std::move(error));
    }
  }
  result.reset();
  if (fits.empty()) return nearest.error(file.path(), filter.models());
  prefer_tasks(evidence, fits);
  if (fits.size() > 1) return question(file, fits);
  Fit& fit = fits.front();
  Candidate& found = fit.candidate;
  if (auto error = check(file, found)) return error;
  std::optional<pplcnet::AnyNetwork> network;
  if (auto error = pplcnet::AnyNetwork::make(found.graph(), /*threads=*/1, network))
    return Error::of(file.path(), ": ", error.message());
  std::ranges::copy(fit.weights(), network->weights().begin());
  result.emplace(Opened{
      .published = found.published,
      .is_published = found.is_published(),
      .adaptation = found.adaptation,
      .network = std::move(*network),
      .output = found.output,
      .labels = found.labels,
      .preprocessing = found.preprocessing,
      .assumed = assumed_of(evidence, found),
  });
  return {};
}
