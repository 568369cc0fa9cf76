// pplcnet inspect: operations, cost and memory of a network, layer by layer.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "command.hpp"
#include "pplcnet/models/flops.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/check_plan.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Layer;
using pplcnet::Operator;
using pplcnet::Plan;

/// Floats in an array that begins at a multiple of 64 bytes, and ends there.
std::size_t aligned_bytes(std::size_t floats) {
  constexpr std::size_t kAlignment = 64;
  return (floats * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
}

std::string size_of(const pplcnet::Shape& shape) {
  return std::to_string(shape.height) + "×" + std::to_string(shape.width) + "×" +
         std::to_string(shape.channels);
}

/// Returns the word that the list of operators has for one.
template <Operator kOperator>
constexpr std::string_view word_of() {
  constexpr std::string_view kScope = "Operator::";
  std::string_view text = __PRETTY_FUNCTION__;  // … kOperator = pplcnet::Operator::resize …
  text.remove_prefix(text.find(kScope) + kScope.size());
  return text.substr(0, text.find_first_of(";]"));
}

std::string work_of(const Layer& layer) {
  static constexpr auto kWords =
      pplcnet::operator_table([]<Operator kOperator>() { return word_of<kOperator>(); });
  const std::string word(kWords[static_cast<std::size_t>(layer.op)]);
  const std::string kernel =
      " " + std::to_string(layer.kernel.height) + "×" + std::to_string(layer.kernel.width);
  const std::string stride =
      " /" + std::to_string(layer.stride.height) + "," + std::to_string(layer.stride.width);
  switch (layer.op) {
    case Operator::convolution:
    case Operator::depthwise:
      return word + kernel + stride;
    case Operator::max_pool:
      return "maximum" + kernel;
    case Operator::average_pool:
      return "mean" + stride;
    case Operator::l1:
      return "distances";
    default:
      return word;
  }
}

/// Where the output goes: a range of the workspace's maps, scratch, or a vector.
std::string buffer_of(const Layer& layer) {
  const auto kib = [](std::size_t floats) { return std::to_string(floats * 4 / 1024) + " KiB"; };
  if (layer.fused) return "scratch, " + std::to_string(layer.rows) + " rows";
  if (layer.gives_vector()) return "vector";
  if (layer.op == Operator::gate && layer.owner == layer.from) return "in place";
  if (layer.target.local)
    return "ring of " + std::to_string(layer.target.ring) + " rows, " + kib(layer.target.floats());
  return "maps +" + kib(layer.target.offset) + ", " + kib(layer.target.floats());
}

/// Prints a text in a column, counted in characters, of which some are two bytes.
void pad(const std::string& text, int width) {
  int characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  std::printf("%s%*s", text.c_str(), std::max(0, width - characters), "");
}

/// Describes what a network gives: classes, or the sizes of maps.
std::string output_of(const Plan& plan) {
  const pplcnet::NetworkTraits& net = plan.traits;
  if (net.classes > 0) return pplcnet::join({net.classes, " classes, ", pplcnet::what_of(net)});
  std::string text = pplcnet::what_of(net) + ", gives";
  for (int i = 0; i < plan.output_count; ++i)
    text += (i > 0 ? ", " : " ") + size_of(plan.layers[plan.outputs[i]].output);
  return text;
}

std::span<const Layer> layers_of(const Plan& plan) {
  return {plan.layers, static_cast<std::size_t>(plan.layer_count)};
}

/// Of the types Weights and Workspace.
std::size_t weight_bytes(const Plan& plan) { return aligned_bytes(plan.weight_floats); }
std::size_t workspace_bytes(const Plan& plan) {
  return aligned_bytes(plan.map_floats) + aligned_bytes(plan.vector_floats) +
         aligned_bytes(plan.scratch_floats);
}

/// Returns the name of a layer; copies, sums and most pools have none.
std::string shown_name(const Layer& layer) {
  const std::string name = pplcnet::layer_name(layer);
  return name.empty() ? "-" : name;
}

/// Returns the width of the column of names.
int name_width(const Plan& plan) {
  constexpr std::size_t kLeast = 20, kSpace = 2;
  std::size_t width = kLeast;
  for (const Layer& layer : layers_of(plan)) width = std::max(width, shown_name(layer).size());
  return static_cast<int>(width + kSpace);
}

void print(const pplcnet::KnownModel& one, const Plan& plan) {
  const int names = name_width(plan);
  std::printf("%s: input %s, %s\n\n", std::string(one.model.name).c_str(),
              size_of(plan.layers[0].input).c_str(), output_of(plan).c_str());
  pad("layer", names);
  pad("work", 24);
  pad("output", 14);
  std::printf("%12s%14s%12s  buffer\n", "parameters", "multiply-adds", "bytes");
  for (const Layer& layer : layers_of(plan)) {
    pad(shown_name(layer), names);
    pad(work_of(layer), 24);
    pad(size_of(layer.output), 14);
    std::printf("%12lld%14lld%12zu  %s\n", static_cast<long long>(layer.parameters),
                static_cast<long long>(layer.multiply_adds),
                layer.owns_weights() ? 4 * (layer.weight_floats() + layer.bias_floats()) : 0,
                buffer_of(layer).c_str());
  }
  std::printf(
      "\nparameters %lld (and %lld of batch norm's statistics), multiply-adds %lld, FLOPs %lld\n"
      "weights %zu bytes in memory, workspace %zu bytes for each thread that calls forward\n",
      static_cast<long long>(plan.parameter_count), static_cast<long long>(plan.buffer_count),
      static_cast<long long>(plan.multiply_add_count),
      static_cast<long long>(pplcnet::flops(layers_of(plan))), weight_bytes(plan),
      workspace_bytes(plan));
  if (pplcnet::check_quantisable(plan)) return;
  const auto bytes = pplcnet::new_quantised_plan(plan);
  if (bytes == nullptr) pplcnet::fail_allocation();
  std::printf("in int8 (see quantise): weights %zu bytes in memory, workspace %zu bytes\n",
              bytes->weight_bytes, bytes->map_bytes + bytes->vector_bytes + bytes->scratch_bytes);
}

/// Returns a published figure with the digits that it was published with.
std::string published_figure(double figure) {
  char digits[32] = "-";
  if (figure > 0) std::snprintf(digits, sizeof(digits), "%.7g", figure);
  return digits;
}

constexpr const char* kColumns = "%-36s%12s%12s%10s%14s%12s%10s%7s%12s%12s\n";

/// Prints a line: published figures follow those that they are compared with: the sum of parameters
/// and batch norm's statistics (Paddle) or the parameters (others) in millions, and the FLOPs in
/// millions.
void print_heads() {
  std::printf(kColumns, "model", "parameters", "statistics", "published", "multiply-adds", "FLOPs",
              "published", "top-1", "weights", "workspace");
}

void print_line(const pplcnet::KnownModel& one, const Plan& plan) {
  const pplcnet::Model& model = one.model;
  const auto text = [](auto number) { return std::to_string(number); };
  std::printf(kColumns, std::string(model.name).c_str(), text(plan.parameter_count).c_str(),
              text(plan.buffer_count).c_str(), published_figure(model.parameters).c_str(),
              text(plan.multiply_add_count).c_str(), text(pplcnet::flops(layers_of(plan))).c_str(),
              published_figure(model.flops).c_str(), published_figure(model.top1).c_str(),
              text(weight_bytes(plan)).c_str(), text(workspace_bytes(plan)).c_str());
}

/// One model, or all.
int run(const std::string& model) {
  if (model.empty()) {
    print_heads();
    for (const pplcnet::KnownModel& one : pplcnet::known_models()) print_line(one, *one.plan());
    return 0;
  }
  const pplcnet::KnownModel* found = pplcnet::find_model(model);
  print(*found, *found->plan());
  return 0;
}

}  // namespace

Run add_inspect(CommandLine& program) {
  const auto model = std::make_shared<std::string>();
  const Command command = program.add(
      "inspect", "Operations, cost and memory per layer of a network, or a line for each network");
  command.footer("Models: " + pplcnet::model_names(false) + ".");
  command.add("model", *model, "The network, by name; without it all are listed")
      .check(check_model);
  return [model] { return run(*model); };
}
