// Turns a weight file of any format into the project's own, or into ONNX, and says what it holds.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.hpp"
#include "models.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "weight_file.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::Error;

struct Arguments {
  std::vector<std::string> files;  // IN, or IN and GRAPH, and OUT
  std::string model, labels, preset;
  pplcnet::OnnxOptions onnx;
  bool half = false, list = false;

  std::size_t inputs() const { return files.size() - (list ? 0 : 1); }
  const std::string& input() const { return files.front(); }
  std::string graph() const { return inputs() > 1 ? files[1] : ""; }
  const std::string& output() const { return files.back(); }
  bool writes_onnx() const { return !list && output().ends_with(".onnx"); }
  bool writes_native() const { return !list && output().ends_with(".safetensors"); }
};

/// Ctrl-C while the output is written is only noted; it has its effect when all is taken back.
volatile std::sig_atomic_t interrupted = 0;

void note_interruptions() {
  for (const int signal : {SIGINT, SIGTERM})
    if (std::signal(signal, [](int number) { interrupted = number; }) == SIG_IGN)
      std::signal(signal, SIG_IGN);
}

/// FNV-1a over the packed weights: the same for the same network, whatever file it came from.
std::uint64_t checksum(std::span<const float> weights) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const std::byte byte : std::as_bytes(weights))
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  return hash;
}

/// Strides other than 1, in order.
std::string strides_of(const pplcnet::Architecture& net) {
  std::string text;
  const auto add = [&](const pplcnet::Stride& stride) {
    if (stride == pplcnet::Stride(1)) return;
    text += pplcnet::join({text.empty() ? "" : " ", stride.height, "x", stride.width});
  };
  add(net.stem_stride);
  for (int i = 0; i < net.block_count; ++i) add(net.blocks[i].stride);
  return text;
}

void print(const WeightFile& file, const pplcnet::ModelInfo& info, const pplcnet::Architecture& net,
           std::int64_t parameters, std::span<const float> weights) {
  const auto say = [](const char* what, std::initializer_list<pplcnet::Piece> pieces) {
    std::printf("%s: %s\n", what, pplcnet::join(pieces).c_str());
  };
  say("format", {name_of(file.content())});
  say("model", {info.model});
  say("network", {pplcnet::what_of(net)});
  say("scale", {net.name});
  say("dialect", {dialect_name(net.dialect)});
  say("input", {net.input.height, "x", net.input.width});
  say("strides", {strides_of(net)});
  say("head", {net.head});
  say("classes", {net.classes});
  say("preset", {info.preprocessing});
  say("labels", {info.labels.size()});
  say("parameters", {parameters});
  char digits[17];
  std::snprintf(digits, sizeof(digits), "%016llx",
                static_cast<unsigned long long>(checksum(weights)));
  say("checksum", {digits});
}

/// What belongs to the weights beside them: of the command line, of the file, of the model.
template <class Net>
Error complete(const Arguments& arguments, pplcnet::ModelInfo& info) {
  info.model = Net::Definition::model.name;
  if (!arguments.preset.empty()) info.preprocessing = arguments.preset;
  if (info.preprocessing.empty()) info.preprocessing = Net::Definition::model.preprocessing.name;
  if (!arguments.labels.empty()) return command_line::read_labels(arguments.labels, info.labels);
  if (info.labels.empty()) info.labels = pplcnet::default_labels<Net>();
  return {};
}

/// Writes the output, and reads it back before it gets its name.
template <class Weights>
Error write(const Arguments& arguments, const Weights& weights, const pplcnet::ModelInfo& info) {
  note_interruptions();
  pplcnet::NewFile file(arguments.output());
  const auto storage =
      arguments.half ? pplcnet::Storage::half : Weights::Network::architecture.storage;
  if (auto error = arguments.writes_onnx() ? save_onnx(file, weights, arguments.onnx, info)
                                           : save(file, weights, info, storage))
    return error;
  const auto again = std::make_unique<Weights>();
  WeightFile written;
  if (auto error = WeightFile::open(file.temporary(), "", written)) return error;
  if (auto error = written.read(*again)) return error;
  if (arguments.writes_native()) {
    if (auto error = pplcnet::self_test(file.temporary(), *again)) return error;
  }
  if (!arguments.half && checksum(again->values) != checksum(weights.values))
    return Error::of(file.path(), ": other weights came back than were written");
  return interrupted != 0 ? Error("interrupted") : file.publish();
}

template <class Net>
Error convert(const Arguments& arguments, const WeightFile& file) {
  const auto weights = std::make_unique<typename Net::Weights>();
  pplcnet::ModelInfo info;
  if (auto error = file.read(*weights, &info)) return error;
  if (auto error = complete<Net>(arguments, info)) return error;
  if (!arguments.list) {
    if (auto error = write(arguments, *weights, info)) return error;
  }
  print(file, info, Net::architecture, Net::parameter_count, weights->values);
  return {};
}

/// The output takes no input's place.
Error check_output(const Arguments& arguments, const std::string& input) {
  std::error_code ignored;
  if (arguments.list || !fs::equivalent(input, arguments.output(), ignored)) return {};
  return Error::of(arguments.output(), ": is both read and to be written; name another output");
}

/// Finds the network and converts.
Error run(const Arguments& arguments) {
  WeightFile file;
  if (auto error = WeightFile::open(arguments.input(), arguments.graph(), file)) return error;
  for (const std::string& input : {file.path(), file.companion(), arguments.labels})
    if (auto error = check_output(arguments, input)) return error;
  Error done;
  const auto visit = [&]<class Net>() { done = convert<Net>(arguments, file); };
  if (!arguments.model.empty()) {
    models::with_model(models::All{}, arguments.model, visit);
    return done;
  }
  const auto read = [&](auto& weights, pplcnet::ModelInfo* info) {
    return file.read(weights, info);
  };
  auto error = pplcnet::with_network(models::All{}, file.path(), read, visit);
  return error ? error : done;
}

std::string presets() {
  std::string names;
  for (const auto preset : pplcnet::kPresets)
    names += pplcnet::join({names.empty() ? "" : ", ", preset(224, 224).name});
  return names;
}

/// What is wrong with the command line; empty: nothing.
std::string misunderstanding(const Arguments& arguments, const CLI::App& app) {
  if (arguments.list ? arguments.files.size() > 2 : arguments.files.size() < 2)
    return arguments.list ? "expected IN or IN GRAPH behind --list"
                          : "expected IN and OUT, or --list IN";
  if (!arguments.list && !arguments.writes_onnx() && !arguments.writes_native())
    return arguments.output() + ": expected a name that ends in .safetensors or .onnx";
  if (arguments.half && !arguments.writes_native())
    return "--half is for native files; weights in ONNX are float32";
  if ((app.count("--opset") > 0 || app.count("--batch") > 0) && !arguments.writes_onnx())
    return "--opset and --batch are for ONNX";
  if (!arguments.preset.empty() && !pplcnet::find_preset(arguments.preset))
    return pplcnet::join(
        {"no preset is called ", pplcnet::quote(arguments.preset), "; there are ", presets()});
  if (!arguments.model.empty() &&
      !models::with_model(models::All{}, arguments.model, []<class Net>() {}))
    return pplcnet::join({"no model is called ", pplcnet::quote(arguments.model), "; there are ",
                          models::names(models::All{})});
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Turns weights of any format into a native file or into ONNX; prints what they are.",
               "convert"};
  app.footer(
      "Models: " + models::names(models::All{}) + ".\n\nPresets: " + presets() +
      ".\n\nExamples: convert inference.pdiparams inference.json line.safetensors"
      "\n          convert lcnet_050.pth lcnet_050.onnx --batch 0"
      "\n          convert --list PPLCNet_x1_0.pdparams"
      "\n\nThe output is read back before it gets its name. Exit status: 0; 1 if the weights"
      "\ncould not be used, and then there is no output; 2 if the command was not understood.");
  app.add_option("files", arguments.files,
                 "IN [GRAPH] OUT. IN: safetensors, .pdiparams, .pdparams, .pth, ONNX, ncnn's "
                 ".param, whatever it is called; GRAPH: Paddle's inference.json, .pdmodel or "
                 ".pdiparams.info, or ncnn's .bin; without it, what lies beside IN; OUT: "
                 ".safetensors or .onnx")
      ->required()
      ->expected(1, 3);
  app.add_option("--model", arguments.model,
                 "The network, by name (see below); without it, the one that the weights fit");
  app.add_option("--labels", arguments.labels,
                 "Names of the classes, one per line: `id name`, or just names");
  app.add_option("--preset", arguments.preset,
                 "Preprocessing, by name (see below); without it, that of IN or of the model");
  app.add_option("--opset", arguments.onnx.opset, "Of ONNX")
      ->check(CLI::Range(pplcnet::OnnxOptions::kOldest, pplcnet::OnnxOptions::kNewest))
      ->capture_default_str();
  app.add_option("--batch", arguments.onnx.batch, "Images of the ONNX model; 0: any number")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  app.add_flag("--half", arguments.half, "Store the weights of a native file as float16");
  app.add_flag("--list", arguments.list, "Only print what IN holds");
  if (const auto status = command_line::parse(app, argc, argv)) return *status;
  if (const std::string message = misunderstanding(arguments, app); !message.empty())
    return command_line::misuse(app, message);
  const Error error = run(arguments);
  if (interrupted != 0) {
    std::signal(interrupted, SIG_DFL);
    std::raise(interrupted);
  }
  if (error) std::fprintf(stderr, "convert: %s\n", error.message());
  return error ? 1 : 0;
}
