// Prints the plan of a network: what each layer computes, costs and occupies.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <string_view>

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
    case Operator::pointwise:
      return "pointwise";
    case Operator::pool:
      return "pool";
    case Operator::dense:
      return "dense";
    case Operator::gate:
      return "gate";
  }
  return "";
}

/// Where the output goes: a range of the workspace's maps, scratch, or a vector.
std::string buffer_of(const Layer& layer) {
  const auto kib = [](std::size_t floats) { return std::to_string(floats * 4 / 1024) + " KiB"; };
  if (layer.fused) return "scratch, " + std::to_string(layer.rows) + " rows";
  if (layer.op == Operator::pool || layer.op == Operator::dense) return "vector";
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

template <class Net>
void print(std::string_view name) {
  std::printf("%.*s: input %s, %d classes, dialect %s\n\n", static_cast<int>(name.size()),
              name.data(), size_of(Net::input_shape).c_str(), Net::classes,
              std::string(pplcnet::dialect_name(Net::architecture.dialect)).c_str());
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
      "\nparameters %lld (and %lld of batch norm's statistics), multiply-adds %lld\n"
      "weights %zu bytes in memory, workspace %zu bytes for each thread that calls forward\n",
      static_cast<long long>(Net::parameter_count), static_cast<long long>(Net::buffer_count),
      static_cast<long long>(Net::multiply_add_count), Net::weight_bytes, Net::workspace_bytes);
}

template <class Net>
void print_line(std::string_view name) {
  std::printf("%-36s%12lld%14lld%12zu%12zu\n", std::string(name).c_str(),
              static_cast<long long>(Net::parameter_count),
              static_cast<long long>(Net::multiply_add_count), Net::weight_bytes,
              Net::workspace_bytes);
}

}  // namespace

int main(int argc, char** argv) {
  std::string model;
  CLI::App app{"Prints the plan of a network, or one line for each network.", "inspect"};
  app.footer("Models: " + models::names() + ".");
  app.add_option("model", model, "The network, by name; without it all are listed");
  CLI11_PARSE(app, argc, argv);
  if (model.empty()) {
    std::printf("%-36s%12s%14s%12s%12s\n", "model", "parameters", "multiply-adds", "weights",
                "workspace");
    models::for_each([]<class Net>(std::string_view name) { print_line<Net>(name); });
    return 0;
  }
  if (models::with_model(model, []<class Net>(std::string_view name) { print<Net>(name); }))
    return 0;
  std::fprintf(stderr, "inspect: no model is called '%s'; there are %s\n", model.c_str(),
               models::names().c_str());
  return 2;
}
