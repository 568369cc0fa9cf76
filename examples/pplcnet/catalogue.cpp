#include "catalogue.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include "pplcnet/models/models.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/names.hpp"

namespace {

/// Says what the graph of a published model is.
void describe(Published& one) {
  const auto graph = std::make_unique<pplcnet::Graph>(one.graph());
  const pplcnet::Node* const nodes = graph->nodes;
  one.input = {nodes[0].shape.height, nodes[0].shape.width};
  one.framework = graph->namings.empty() ? "" : graph->namings.front().framework;
  for (const pplcnet::OptionalModule& module : graph->optional)
    one.adapts_head = one.adapts_head || !module.is_flag;
  const pplcnet::Graph::Output& last = graph->outputs[graph->output_count - 1];
  const pplcnet::Node* node = &nodes[last.node];
  if (!node->vector) return;
  if (last.role == pplcnet::Role::result) {
    one.classes = node->shape.channels;
    node = &nodes[node->input];
  }
  if (node->kind == pplcnet::NodeKind::dense) {
    one.head = node->shape.channels;
    one.head_bias = node->bias;
    node = &nodes[node->input];
  }
  one.pooled = node->shape.channels;
}

}  // namespace

bool is_general(const Published& one) {
  constexpr int kImageNetClasses = 1000;
  return one.classes == kImageNetClasses;
}

std::span<const Published> published() {
  static const std::vector<Published> kAll = [] {
    std::vector<Published> all;
    pplcnet::for_each(pplcnet::models::AllModels{}, [&]<class Net>() {
      Published& one = all.emplace_back();
      one.model = Net::Definition::model;
      one.adapted = Net::Definition::adapted;
      describe(one);
    });
    return all;
  }();
  return kAll;
}

std::span<const EndNames> end_names() {
  static const std::vector<EndNames> kAll = [] {
    std::vector<EndNames> all;
    std::vector<const pplcnet::Naming*> seen;
    for (const Published& one : published()) {
      if (one.classes == 0) continue;
      const auto graph = std::make_unique<pplcnet::Graph>(one.graph());
      const pplcnet::Naming* const namings = graph->namings.data();
      if (namings != nullptr && std::ranges::find(seen, namings) != seen.end()) continue;
      seen.push_back(namings);
      const auto plan = std::make_unique<pplcnet::Plan>(pplcnet::make_plan(*graph));
      const std::span layers(plan->layers, static_cast<std::size_t>(plan->layer_count));
      const auto first = std::ranges::find_if(layers, &pplcnet::Layer::has_weights);
      for (const pplcnet::Naming& naming : pplcnet::namings_of(plan->traits))
        all.push_back({pplcnet::parameter_names(*first, naming).weight,
                       pplcnet::parameter_names(plan->back(), naming).weight});
    }
    return all;
  }();
  return kAll;
}

const Published* find_published(std::string_view name) {
  const auto all = published();
  const auto found =
      std::ranges::find_if(all, [&](const Published& one) { return one.model.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string names_of_published(bool classifiers_only) {
  std::string text;
  for (const Published& one : published())
    if (!classifiers_only || one.classes > 0)
      text.append(text.empty() ? "" : ", ").append(one.model.name);
  return text;
}

std::string check_published(const std::string& name) {
  if (find_published(name) != nullptr) return "";
  return pplcnet::join(
      {"no model is called ", pplcnet::quote(name), "; there are ", names_of_published(false)});
}
