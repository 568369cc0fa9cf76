// Prints the plan of a network: what each layer computes, costs and occupies.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <string_view>

#include "command_line.hpp"
#include "models.hpp"
#include "pplcnet/pplcnet.hpp"

namespace {

using pplcnet::Layer;
using pplcnet::Operator;

std::string size_of(const pplcnet::Shape& shape) {
  return std::to_string(shape.height) + "×" + std::to_string(shape.width) + "×" +
         std::to_string(shape.channels);
}

std::string work_of(const Layer& layer) {
  const std::string kernel = std::to_string(layer.kernel) + "×" + std::to_string(layer.kernel);
  const std::string stride =
      " /" + std::to_string(layer.stride.height) + "," + std::to_string(layer.stride.width);
  switch (layer.op) {
    case Operator::convolution:
      return "convolution " + kernel + stride;
    case Operator::depthwise:
      return "depthwise " + kernel + stride;
    case Operator::patches:
      return "patches " + kernel + stride;
    case Operator::pointwise:
      return "pointwise";
    case Operator::pool:
      return "pool";
    case Operator::dense:
      return "dense";
    case Operator::gate:
      return "gate";
    case Operator::max_pool:
      return "maximum " + kernel;
    case Operator::average_pool:
      return "mean" + stride;
  }
  return "";
}

/// Where the output goes: a range of the workspace's maps, scratch, or a vector.
std::string buffer_of(const Layer& layer) {
  const auto kib = [](std::size_t floats) { return std::to_string(floats * 4 / 1024) + " KiB"; };
  if (layer.fused) return "scratch, " + std::to_string(layer.rows) + " rows";
  if (layer.gives_vector()) return "vector";
  if (layer.op == Operator::gate) return "in place";
  if (layer.target.local)
    return "ring of " + std::to_string(layer.target.ring) + " rows, " + kib(layer.target.floats());
  return "maps +" + kib(layer.target.offset) + ", " + kib(layer.target.floats());
}

/// Columns are counted in characters, of which some are two bytes.
void pad(const std::string& text, int width) {
  int characters = 0;
  for (const char c : text) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  std::printf("%s%*s", text.c_str(), std::max(0, width - characters), "");
}

/// Classes, or the sizes of maps.
template <class Net>
std::string answer_of() {
  const auto word = [](std::string_view text) { return std::string(text); };
  if constexpr (Net::classes > 0)
    return std::to_string(Net::classes) + " classes, family " +
           word(pplcnet::family_name(Net::architecture.family)) + ", dialect " +
           word(pplcnet::dialect_name(Net::architecture.dialect));
  std::string text = "family " + word(pplcnet::family_name(Net::architecture.family)) + ", gives";
  for (int i = 0; i < Net::output_count; ++i)
    text += (i > 0 ? ", " : " ") + size_of(Net::output_shape(i));
  return text;
}

template <class Net>
void print() {
  constexpr std::string_view name = Net::Definition::model.name;
  std::printf("%s: input %s, %s\n\n", std::string(name).c_str(), size_of(Net::input_shape).c_str(),
              answer_of<Net>().c_str());
  pad("layer", 22);
  pad("work", 24);
  pad("output", 14);
  std::printf("%12s%14s%12s  buffer\n", "parameters", "multiply-adds", "bytes");
  for (const Layer& layer : Net::layers) {
    pad(pplcnet::layer_name(layer), 22);
    pad(work_of(layer), 24);
    pad(size_of(layer.output), 14);
    std::printf("%12lld%14lld%12zu  %s\n", static_cast<long long>(layer.parameters),
                static_cast<long long>(layer.multiply_adds),
                4 * (layer.weight_floats() + layer.bias_floats()), buffer_of(layer).c_str());
  }
  std::printf(
      "\nparameters %lld (and %lld of batch norm's statistics), multiply-adds %lld, FLOPs %lld\n"
      "weights %zu bytes in memory, workspace %zu bytes for each thread that calls forward\n",
      static_cast<long long>(Net::parameter_count), static_cast<long long>(Net::buffer_count),
      static_cast<long long>(Net::multiply_add_count),
      static_cast<long long>(pplcnet::flops(Net::layers)), Net::weight_bytes, Net::workspace_bytes);
}

/// A published figure with the digits that it was published with.
std::string published(double figure) {
  char digits[32] = "-";
  if (figure > 0) std::snprintf(digits, sizeof(digits), "%.7g", figure);
  return digits;
}

constexpr const char* kColumns = "%-36s%12s%12s%10s%14s%12s%10s%7s%12s%12s\n";

/// What was published stands behind what it is compared with: the sum of parameters and batch
/// norm's statistics (Paddle) or the parameters (others) in millions, and the FLOPs in millions.
void print_heads() {
  std::printf(kColumns, "model", "parameters", "statistics", "published", "multiply-adds", "FLOPs",
              "published", "top-1", "weights", "workspace");
}

template <class Net>
void print_line() {
  constexpr pplcnet::Model model = Net::Definition::model;
  const auto text = [](auto number) { return std::to_string(number); };
  std::printf(kColumns, std::string(model.name).c_str(), text(Net::parameter_count).c_str(),
              text(Net::buffer_count).c_str(), published(model.parameters).c_str(),
              text(Net::multiply_add_count).c_str(), text(pplcnet::flops(Net::layers)).c_str(),
              published(model.flops).c_str(), published(model.top1).c_str(),
              text(Net::weight_bytes).c_str(), text(Net::workspace_bytes).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::string model;
  CLI::App app{"Prints the plan of a network, or one line for each network.", "inspect"};
  app.footer("Models: " + models::names(models::All{}) + ".");
  app.add_option("model", model, "The network, by name; without it all are listed");
  if (const auto status = command_line::parse(app, argc, argv)) return *status;
  if (model.empty()) {
    print_heads();
    pplcnet::for_each(models::All{}, []<class Net>() { print_line<Net>(); });
    return 0;
  }
  if (models::with_model(models::All{}, model, []<class Net>() { print<Net>(); })) return 0;
  return command_line::misuse(app, pplcnet::join({"no model is called ", pplcnet::quote(model),
                                                  "; there are ", models::names(models::All{})}));
}
