#ifndef PPLCNET_OPEN_REGISTRY_HPP
#define PPLCNET_OPEN_REGISTRY_HPP

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/plan/layer.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <vector>

#include "pplcnet/models/detectors.hpp"
#include "pplcnet/models/light_cnns.hpp"
#include "pplcnet/models/lightweight.hpp"
#include "pplcnet/models/models.hpp"
#include "pplcnet/models/segmentation.hpp"
#include "pplcnet/models/text_reading.hpp"
#include "pplcnet/models/timm_mobilevit.hpp"
#include "pplcnet/models/torchvision.hpp"
#include "pplcnet/models/torchvision_googlenet.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A published model as data: what its type is in a program that knows at compile time.
struct KnownModel {
  Model model;
  /// Returns its network, or one that is otherwise as a file says.
  Graph (*adapted)(const Adaptation&) = nullptr;
  Extent input = {};
  int classes = 0;       ///< 0: no classifier
  int head = 0;          ///< width of the embedding before the classes; 0: none
  int pooled = 0;        ///< width of the pooled vector; 0: maps are the result
  int objects = 0;       ///< classes of a detector's objects; 0: it is no detector
  int mask_classes = 0;  ///< of the only map that is the result, of pixels or of columns; 0: none
  /// Its files are those of its backbone, too, which they are taken for unless it is named or
  /// looked for.
  bool has_backbone = false;
  bool head_bias = false;           ///< the embedding's layer has a bias
  bool adapts_head = false;         ///< there is an option for the embedding's width
  std::string_view framework = {};  ///< whose network it is

  Graph graph() const { return adapted({}); }
  /// Returns its plan; throws std::bad_alloc as std::make_unique does.
  std::unique_ptr<Plan> plan() const;
  /// Returns whether maps are the result, and of no classes.
  bool is_backbone() const {
    return !has_backbone && classes == 0 && pooled == 0 && objects == 0 && mask_classes == 0;
  }
};

/// Returns whether a model is for any classes: those of ImageNet are what it was published with.
PPLCNET_INLINE bool is_general(const KnownModel& one);

/// Returns all that the library knows, in order.
PPLCNET_INLINE std::span<const KnownModel> known_models();

/// Names in files of the weights of a network's first layer and of its classifier.
struct EndNames {
  std::string first, classifier;
};

/// Returns the names of all published classifiers, in every naming.
PPLCNET_INLINE std::span<const EndNames> end_names();

/// Returns the model of that name; null if there is none.
PPLCNET_INLINE const KnownModel* find_model(std::string_view name);

/// Returns the names of those with classes, or of all, with commas between them.
PPLCNET_INLINE std::string model_names(bool classifiers_only);

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace opening {

/// The definition of a network. To ask its type would have the compiler make a plan of each.
template <class Net>
struct DefinitionOf;
template <class Definition>
struct DefinitionOf<NetworkOf<Definition>> {
  using Type = Definition;
};

/// Fills in what the graph of a published model says.
inline void describe(KnownModel& one) {
  const auto graph = std::make_unique<Graph>(one.graph());
  const Node* const nodes = graph->nodes;
  one.input = {nodes[0].shape.height, nodes[0].shape.width};
  one.framework = graph->namings.empty() ? "" : graph->namings.front().framework;
  for (const OptionalModule& module : graph->optional)
    one.adapts_head = one.adapts_head || !module.is_flag;
  const Graph::Output& last = graph->outputs[graph->output_count - 1];
  const Node* node = &nodes[last.node];
  if (!node->vector) {
    const auto results =
        std::count_if(graph->outputs, graph->outputs + graph->output_count,
                      [](const Graph::Output& output) { return output.role != Role::stage; });
    const auto labels = static_cast<int>(one.model.labels.size());
    const int channels = node->shape.channels;
    if (results > 1)
      one.objects = labels;
    else if (one.has_backbone)  // where text is, or which: characters have no labels
      one.mask_classes = channels > 1 ? channels : 0;
    else
      one.mask_classes = labels;
    return;
  }
  if (last.role == Role::result) {
    one.classes = node->shape.channels;
    node = &nodes[node->input];
  }
  if (node->op == Operator::dense) {
    one.head = node->shape.channels;
    one.head_bias = node->bias;
    node = &nodes[node->input];
  }
  one.pooled = node->shape.channels;
}

/// Appends the names of a classifier's first layer and its last one, in every naming.
inline void add_end_names(std::span<const Layer> layers, const NetworkTraits& traits,
                          std::vector<EndNames>& names) {
  const auto first = std::ranges::find_if(layers, &Layer::has_weights);
  for (const Naming& naming : namings_of(traits))
    names.push_back(
        {parameter_names(*first, naming).weight, parameter_names(layers.back(), naming).weight});
}

/// Returns the plan of a graph without a flaw.
inline std::unique_ptr<Plan> plan_of(const Graph& graph) {
  auto plan = new_plan(graph);
  if (plan == nullptr) fail_allocation();
  return plan;
}

}  // namespace opening

PPLCNET_INLINE std::unique_ptr<Plan> KnownModel::plan() const {
  return opening::plan_of(*std::make_unique<Graph>(graph()));
}

PPLCNET_INLINE bool is_general(const KnownModel& one) {
  constexpr int kImageNetClasses = 1000;
  return one.classes == kImageNetClasses;
}

PPLCNET_INLINE std::span<const KnownModel> known_models() {
  static const std::vector<KnownModel> kAll = [] {
    std::vector<KnownModel> all;
    bool has_backbone = false;
    const auto add = [&]<class Net>() {
      using Definition = typename opening::DefinitionOf<Net>::Type;
      KnownModel& one = all.emplace_back();
      one.model = Definition::model;
      one.adapted = Definition::adapted;
      one.has_backbone = has_backbone;
      opening::describe(one);
    };
    const auto add_with_backbone = [&]<class Net>() {
      has_backbone = true;
      add.template operator()<Net>();
      has_backbone = false;
    };
    // Names with a namespace: to look for functions of the arguments', the compiler would lay out
    // every network.
    pplcnet::for_each(models::AllModels{}, add);
    pplcnet::for_each(models::picodet::Detectors{}, add_with_backbone);
    pplcnet::for_each(models::segmentation::Models{}, add);
    pplcnet::for_each(models::TextReadingModels{}, add_with_backbone);
    pplcnet::for_each(models::lightweight::Models{}, add);
    pplcnet::for_each(models::torchvision::Models{}, add);
    pplcnet::for_each(models::torchvision::GoogLeNetModels{}, add);
    pplcnet::for_each(models::timm::MobileVitModels{}, add);
    pplcnet::for_each(models::light_cnns::Models{}, add);
    return all;
  }();
  return kAll;
}

PPLCNET_INLINE std::span<const EndNames> end_names() {
  static const std::vector<EndNames> kAll = [] {
    std::vector<EndNames> all;
    std::vector<const Naming*> seen;
    for (const KnownModel& one : known_models()) {
      if (one.classes == 0) continue;
      const auto graph = std::make_unique<Graph>(one.graph());
      const Naming* const namings = graph->namings.data();
      if (namings != nullptr && std::ranges::find(seen, namings) != seen.end()) continue;
      seen.push_back(namings);
      const auto plan = opening::plan_of(*graph);
      const std::span layers(plan->layers, static_cast<std::size_t>(plan->layer_count));
      opening::add_end_names(layers, plan->traits, all);
    }
    return all;
  }();
  return kAll;
}

PPLCNET_INLINE const KnownModel* find_model(std::string_view name) {
  const auto all = known_models();
  const auto found =
      std::ranges::find_if(all, [&](const KnownModel& one) { return one.model.name == name; });
  return found == all.end() ? nullptr : &*found;
}

PPLCNET_INLINE std::string model_names(bool classifiers_only) {
  std::string text;
  for (const KnownModel& one : known_models())
    if (!classifiers_only || one.classes > 0)
      text.append(text.empty() ? "" : ", ").append(one.model.name);
  return text;
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_REGISTRY_HPP
