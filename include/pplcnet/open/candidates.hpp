#ifndef PPLCNET_OPEN_CANDIDATES_HPP
#define PPLCNET_OPEN_CANDIDATES_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/open/purpose.hpp"
#include "pplcnet/open/registry.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace opening {

/// A published model that a file may be read with.
struct Candidate {
  const KnownModel* published = nullptr;
  Adaptation adaptation;
  Output output = Output::softmax;
  std::vector<std::string> labels;
  Preprocessing preprocessing;

  std::string_view name() const { return published->model.name; }
  Extent input() const { return adaptation.input.value_or(published->input); }
  int classes() const { return adaptation.classes.value_or(published->classes); }
  int head() const { return adaptation.head.value_or(published->head); }
  Graph graph() const { return published->adapted(adaptation); }
  bool is_published() const { return classes() == published->classes; }
  bool has_published_input() const { return input() == published->input; }
  /// Returns whether the model is for something, and not for any classes.
  bool is_task() const { return !is_general(*published) && classes() > 0; }
};

/// Returns whether classes are angles, by their labels: quarter or half turns.
inline bool are_angles(std::span<const std::string_view> labels) {
  const auto is_rotation = [&](std::string_view label) {
    std::size_t angle = 1;
    std::from_chars(label.data(), label.data() + label.size(), angle);
    return angle < 360 && angle % (360 / labels.size()) == 0;
  };
  return (labels.size() == 2 || labels.size() == 4) && std::ranges::all_of(labels, is_rotation);
}

/// Returns whether a file's word for its model is this one. Two releases have one name.
inline bool has_name(const KnownModel& one, std::string_view name) {
  constexpr std::string_view kFirst = "_first";
  const std::string_view own = one.model.name;
  return own == name ||
         (own.ends_with(kFirst) && own.substr(0, own.size() - kFirst.size()) == name);
}

/// Chooses the published models that the evidence leaves.
class Filter {
 public:
  Filter(const std::string& asked, Purpose purpose, const Evidence& evidence)
      : asked_(asked), purpose_(purpose), evidence_(evidence) {
    named_ =
        !evidence.model.empty() && std::ranges::any_of(known_models(), [&](const KnownModel& one) {
          return has_name(one, evidence.model);
        });
  }

  /// Returns first those with the file's classes and the general ones; with `others`, networks of
  /// tasks with classes of their own.
  std::vector<Candidate> candidates(bool others) const {
    std::vector<Candidate> result;
    for (const KnownModel& one : known_models()) {
      const bool other = !may_have_its_classes(one);
      if (other != others || !is_meant(one)) continue;
      add(one, result);
    }
    return result;
  }

  /// Returns the number of models to choose from before anything is known of the file.
  std::size_t models() const {
    const auto is_meant = [&](const KnownModel& one) {
      // What is none of the backbones is no network with one of them.
      if (purpose_ == Purpose::any || purpose_ == Purpose::whole) return true;
      return purpose_ == Purpose::objects ? one.objects > 0 : one.classes > 0;
    };
    return static_cast<std::size_t>(std::ranges::count_if(known_models(), is_meant));
  }

 private:
  bool is_asked() const { return !asked_.empty(); }

  /// Returns whether the file's number of classes is possible for a model without more evidence.
  bool may_have_its_classes(const KnownModel& one) const {
    const int classes = one.classes;
    return is_asked() || named_ || is_general(one) || classes == 0 || evidence_.classes == 0 ||
           classes == evidence_.classes;
  }

  bool is_meant(const KnownModel& one) const {
    if (is_asked()) return one.model.name == asked_;
    const int classes = one.classes;
    const bool detects = purpose_ == Purpose::objects;
    if (detects && one.objects == 0) return false;
    if (one.has_backbone && !named_ && !detects && purpose_ != Purpose::whole) return false;
    const bool classifies = purpose_ == Purpose::classes || purpose_ == Purpose::orientation;
    if (classifies && classes == 0) return false;
    if (purpose_ == Purpose::orientation && !evidence_.is_own && evidence_.labels.empty() &&
        !are_angles(one.model.labels))
      return false;
    // A classifier is no detector's backbone, though it begins like one.
    if (evidence_.classes > 0 && one.pooled == 0) return false;
    if (named_) return has_name(one, evidence_.model);
    // An unknown name is that of a user's own network.
    if (!evidence_.model.empty() && !is_general(one) && classes > 0) return false;
    return true;
  }

  void add(const KnownModel& one, std::vector<Candidate>& result) const {
    Candidate candidate;
    candidate.published = &one;
    Adaptation& changes = candidate.adaptation;
    const bool general = is_general(one);
    if (one.classes > 0 && evidence_.classes > 0) changes.classes = evidence_.classes;
    const auto count = [&](int own, int found) {
      if (own > 0 && found > 0 && found != own) changes.classes = found;
    };
    count(one.mask_classes, evidence_.mask_classes);
    count(one.objects, evidence_.objects);
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

  /// Appends a candidate with each head: a network for any classes may be without the embedding, or
  /// with another.
  void add_heads(const Candidate& candidate, std::vector<Candidate>& result) const {
    const auto with_head = [&](int head) { result.emplace_back(candidate).adaptation.head = head; };
    const int usual = candidate.published->head, pooled = candidate.published->pooled;
    if (evidence_.head) return with_head(*evidence_.head);
    if (evidence_.features == 0 || evidence_.features == usual) with_head(usual);
    if (evidence_.features == pooled) with_head(0);
    if (evidence_.features != 0 && evidence_.features != usual && evidence_.features != pooled)
      with_head(evidence_.features);
  }

  /// Returns whether a candidate that was not requested by name contradicts nothing.
  bool fits(const Candidate& candidate) const {
    const KnownModel& one = *candidate.published;
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

  /// Returns what the file says of how pictures are prepared, or what the model says.
  Preprocessing preprocessing_of(const KnownModel& one, Extent input) const {
    const Preprocessing& own = one.model.preprocessing;
    const auto preset = find_preset(evidence_.preset.empty() ? own.name : evidence_.preset,
                                    input.height, input.width);
    const Preprocessing found = preset.value_or(own);
    if (!evidence_.preprocessing) return found;
    Preprocessing said = *evidence_.preprocessing;
    said.height = input.height;
    said.width = input.width;
    if (same_pixels(found, said)) return found;
    for (const auto make : kPresets)
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

}  // namespace opening

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_CANDIDATES_HPP
