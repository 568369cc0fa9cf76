// Turns a weight file of any format into the project's own, or into ONNX, and says what it holds.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models.hpp"
#include "pplcnet/models/registry.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "pplcnet/weights/paddle/load.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::Error;

struct Arguments {
  std::vector<std::string> files;  // IN, or IN and GRAPH, and OUT
  std::string model, labels;
  int opset = pplcnet::OnnxOptions{}.opset;
  int batch = pplcnet::OnnxOptions{}.batch;
  bool half = false, list = false;

  bool writes() const { return !list; }
  const std::string& input() const { return files.front(); }
  /// What stands beside Paddle's parameters, or ncnn's .bin; empty: there is none.
  std::string graph() const {
    const std::size_t inputs = files.size() - (writes() ? 1 : 0);
    return inputs > 1 ? files[1] : "";
  }
};

std::string extension_of(const std::string& path) { return fs::path(path).extension().string(); }

/// Reads weights of any format; with Paddle's parameters also the graph that was given.
template <class Net>
Error read(const Arguments& arguments, typename Net::Weights& weights, pplcnet::ModelInfo& info) {
  const std::string& path = arguments.input();
  const std::string kind = extension_of(path), graph = arguments.graph();
  if (kind == ".onnx") return pplcnet::load_onnx(path, weights);
  if (kind == ".param") {
    const std::string beside = fs::path(path).replace_extension(".bin").string();
    return pplcnet::load_ncnn(path, graph.empty() ? beside : graph, weights);
  }
  if (!graph.empty()) return pplcnet::load_paddle(path, graph, weights);
  return pplcnet::load_any(path, weights, &info);
}

/// FNV-1a over the packed weights: the same for the same network, whatever file it came from.
template <class Net>
std::uint64_t checksum(const typename Net::Weights& weights) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::byte byte : std::as_bytes(std::span(weights.values)))
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  return hash;
}

template <class Net>
void print(const typename Net::Weights& weights, const pplcnet::ModelInfo& info) {
  std::printf("model: %s\n", std::string(Net::Definition::model.name).c_str());
  std::printf("input: %dx%d\n", Net::input_shape.height, Net::input_shape.width);
  for (const auto& [key, value] : describe(Net::architecture))
    std::printf("%s: %s\n", key.c_str(), value.c_str());
  std::printf("parameters: %lld\n", static_cast<long long>(Net::parameter_count));
  std::printf("labels: %zu\n", info.labels.size());
  std::printf("checksum: %016llx\n", static_cast<unsigned long long>(checksum<Net>(weights)));
}

/// What belongs to the weights beside them: labels of the command line, of the file, of the model.
template <class Net>
Error complete(const Arguments& arguments, pplcnet::ModelInfo& info) {
  if (info.preprocessing.empty()) info.preprocessing = Net::Definition::model.preprocessing.name;
  if (!arguments.labels.empty()) {
    pplcnet::FileBytes text;
    if (auto error = pplcnet::read_file(arguments.labels, text)) return error;
    info.labels = pplcnet::parse_labels(
        {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()});
  }
  if (info.labels.empty()) info.labels = pplcnet::default_labels<Net>();
  return {};
}

template <class Net>
Error convert(const Arguments& arguments) {
  const auto weights = std::make_unique<typename Net::Weights>();
  pplcnet::ModelInfo info;
  if (auto error = read<Net>(arguments, *weights, info)) return error;
  if (auto error = complete<Net>(arguments, info)) return error;
  print<Net>(*weights, info);
  if (!arguments.writes()) return {};
  const std::string& to = arguments.files.back();
  if (extension_of(to) == ".onnx")
    return pplcnet::save_onnx(to, *weights, {.opset = arguments.opset, .batch = arguments.batch});
  const auto storage = arguments.half ? pplcnet::Storage::half : Net::architecture.storage;
  if (auto error = pplcnet::save(to, *weights, info, storage)) return error;
  if (auto error = pplcnet::load(to, *weights)) return error;
  return pplcnet::self_test(to, *weights);
}

/// Finds the network and converts.
Error run(const Arguments& arguments) {
  const std::string kind = arguments.writes() ? extension_of(arguments.files.back()) : "";
  if (arguments.writes() && kind != ".onnx" && kind != ".safetensors")
    return Error::of(arguments.files.back(),
                     ": expected a name that ends in .safetensors or .onnx");
  Error done;
  const auto fit = [&]<class Net>() {
    constexpr std::string_view kName = Net::Definition::model.name;
    const auto weights = std::make_unique_for_overwrite<typename Net::Weights>();
    pplcnet::ModelInfo info;
    if (auto error = read<Net>(arguments, *weights, info)) return error;
    if (!info.model.empty() && info.model != kName)
      return Error::of(arguments.input(), ": holds ", pplcnet::quote(info.model));
    return Error();
  };
  const auto visit = [&]<class Net>() { done = convert<Net>(arguments); };
  if (arguments.model.empty()) {
    if (auto error = pplcnet::with_network(models::All{}, arguments.input(), fit, visit))
      return error;
    return done;
  }
  if (!models::with_model(models::All{}, arguments.model, visit))
    return Error::of("no model is called ", pplcnet::quote(arguments.model), "; there are ",
                     models::names(models::All{}));
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Turns weights of any format into a native file or into ONNX; prints what they are.",
               "convert"};
  app.footer("Models: " + models::names(models::All{}) +
             ".\n\nExamples: convert inference.pdiparams inference.json line.safetensors"
             "\n          convert lcnet_050.pth lcnet_050.onnx --batch 0"
             "\n          convert --list PPLCNet_x1_0.pdparams"
             "\n\nExit status: 0, or 1 if the weights could not be used; then there is no output.");
  app.add_option("files", arguments.files,
                 "IN [GRAPH] OUT. IN: .pdparams, .pdiparams, .pth, .safetensors, .onnx, .param; "
                 "GRAPH: Paddle's inference.json, .pdmodel or .pdiparams.info, or ncnn's .bin; "
                 "OUT: .safetensors or .onnx")
      ->required()
      ->expected(1, 3);
  app.add_option("--model", arguments.model,
                 "The network, by name (see below); without it, the one that the weights fit");
  app.add_option("--labels", arguments.labels,
                 "Names of the classes, one per line: `id name`, or just names");
  app.add_option("--opset", arguments.opset, "Of ONNX: 13 or newer")->capture_default_str();
  app.add_option("--batch", arguments.batch, "Images of the ONNX model; 0: any number")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_flag("--half", arguments.half, "Store the weights of a native file as float16");
  app.add_flag("--list", arguments.list, "Only print what IN holds");
  CLI11_PARSE(app, argc, argv);
  if (!arguments.list && arguments.files.size() < 2) {
    std::fprintf(stderr, "convert: expected IN and OUT, or --list\n");
    return 2;
  }
  if (const auto error = run(arguments)) {
    std::fprintf(stderr, "convert: %s\n", error.message());
    return 1;
  }
  return 0;
}
