// pplcnet convert: weights of any format into the project's own, or into ONNX.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "averaged_weights.hpp"
#include "checksum.hpp"
#include "command.hpp"
#include "interruption.hpp"
#include "labels.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/open/picture_values.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/quantise/onnx/save.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/self_test.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/onnx/save.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/safetensors/writer.hpp"
#include "pplcnet/weights/save.hpp"
#include "pplcnet/weights/state_dict_out.hpp"
#include "printable.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;

struct ConvertArguments {
  std::vector<std::string> files;  // IN, or IN and GRAPH, and OUT
  std::string model, part, labels, preset, to;
  std::string other;  // whose weights are averaged with those of IN
  float share = 0.5F;
  pplcnet::OnnxOptions onnx;
  StorageOptions stored;
  bool list = false;

  std::size_t inputs() const { return files.size() - (list ? 0 : 1); }
  const std::string& input() const { return files.front(); }
  std::string graph() const { return inputs() > 1 ? files[1] : ""; }
  const std::string& output() const { return files.back(); }
  bool writes_onnx() const { return !list && output().ends_with(".onnx"); }
  bool averages() const { return !other.empty(); }
  bool writes_state_dict() const { return !to.empty(); }
  bool writes_native() const { return !list && to.empty() && output().ends_with(".safetensors"); }
};

/// Strides other than 1, in order.
std::string strides_of(std::span<const pplcnet::Layer> layers) {
  std::string text;
  for (const pplcnet::Layer& layer : layers)
    if (layer.works_by_rows() && layer.stride != pplcnet::Stride(1))
      text +=
          pplcnet::join({text.empty() ? "" : " ", layer.stride.height, "x", layer.stride.width});
  return text;
}

void print(const pplcnet::WeightFile& file, const pplcnet::OpenedEither& opened,
           const pplcnet::ModelInfo& info) {
  const pplcnet::NetworkTraits& net = opened.network.traits();
  const auto say = [](const char* what, std::initializer_list<pplcnet::Piece> pieces) {
    std::printf("%s: %s\n", what, without_controls(pplcnet::join(pieces)).c_str());
  };
  say("format", {name_of(file.format())});
  say("model", {info.model.empty() ? "of its own" : std::string_view(info.model)});
  say("network", {pplcnet::what_of(net)});
  say("scale", {net.name});
  say("dialect", {net.namings.empty() ? std::string_view("own") : net.namings.front().framework});
  say("input", {net.input.height, "x", net.input.width});
  say("strides", {strides_of(opened.network.layers())});
  say("head", {pplcnet::native::head_width(opened.network.layers(), net)});
  say("classes", {net.label_count});
  if (net.classes > 0) say("output", {output_name(opened.output)});
  say("preset", {info.preprocessing});
  say("labels", {info.labels.size()});
  std::string assumed;
  for (const std::string& one : opened.assumed)
    assumed += pplcnet::join({assumed.empty() ? "" : ", ", one});
  say("assumed", {assumed.empty() ? std::string_view("nothing") : assumed});
  if (opened.network.is_quantised()) say("weights", {"int8"});
  say("parameters", {opened.network.plan().parameter_count});
  say("checksum", {checksum(opened.network.weight_bytes())});
}

/// Computes the self-test of a native file, if it has one: its weights are those that were written.
Error check_self_test(const pplcnet::WeightFile& file, const pplcnet::OpenedEither& opened) {
  if (file.format() != pplcnet::FileFormat::safetensors) return {};
  pplcnet::TensorFile tensors;
  if (auto error = pplcnet::parse_safetensors(file.bytes(), file.path(), tensors)) return error;
  if (tensors.find(pplcnet::kSelfTest) == nullptr) return {};
  const pplcnet::AnyNetwork* const floats = opened.network.floats();
  return floats == nullptr
             ? pplcnet::self_test_quantised(file.bytes(), file.path(), *opened.network.quantised())
             : pplcnet::self_test_bytes(file.bytes(), file.path(), *floats);
}

/// Collects what belongs to the weights beside them: of the command line, of the file, of the
/// model.
Error complete(const ConvertArguments& arguments, const pplcnet::WeightFile& file,
               pplcnet::OpenedEither& opened, pplcnet::ModelInfo& info) {
  info.model = opened.is_published ? opened.published->model.name : "";
  info.preprocessing =
      arguments.preset.empty() ? opened.preprocessing.name : std::string_view(arguments.preset);
  if (opened.output == pplcnet::Output::sigmoid) info.output = output_name(opened.output);
  info.labels = opened.labels;
  if (info.preprocessing.empty() && !arguments.list)
    return Error::of(file.path(),
                     ": its pictures are prepared in a way that has no name, which is "
                     "all that files can keep; say another with --preset");
  const pplcnet::AnyQuantisedNetwork* const bytes = opened.network.quantised();
  if (const auto preset = pplcnet::find_preset(arguments.preset); preset && bytes != nullptr)
    if (auto error = pplcnet::check_picture_values(*bytes, *preset, file.path())) return error;
  if (arguments.labels.empty()) return {};
  return read_labels(arguments.labels, opened.network.traits().label_count, info.labels);
}

/// Writes the output, and reads it back before it gets its name.
Error write(const ConvertArguments& arguments, const pplcnet::AnyNetwork& network,
            const pplcnet::ModelInfo& info) {
  OutputFile file(arguments.output());
  const pplcnet::Storage storage = arguments.stored.storage();
  if (auto error = arguments.writes_onnx() ? save_onnx(file, network, arguments.onnx, info)
                                           : pplcnet::save(file, network, info, storage))
    return error;
  std::optional<pplcnet::AnyNetwork> again;
  if (auto error = pplcnet::AnyNetwork::make(network.graph(), 1, again)) return error;
  pplcnet::WeightFile written;
  if (auto error = pplcnet::WeightFile::open(file.temporary(), "", written)) return error;
  if (auto error = written.read(again->layers(), again->traits(), again->weights())) return error;
  if (arguments.writes_native()) {
    if (auto error = pplcnet::self_test(file.temporary(), *again)) return error;
  }
  if (storage == network.traits().storage &&
      checksum(std::span<const float>(again->weights())) != checksum(network.weights()))
    return Error::of(file.path(), ": other weights came back than were written");
  return interruption::happened() ? Error("interrupted") : file.publish();
}

/// Writes a network in bytes, and reads it back before it gets its name: the same comes back.
Error write_quantised(const ConvertArguments& arguments, const pplcnet::WeightFile& input,
                      const pplcnet::OpenedEither& opened, const pplcnet::ModelInfo& info) {
  if (arguments.writes_state_dict() || arguments.stored.storage() != pplcnet::Storage::single)
    return Error::of(input.path(),
                     ": its weights are int8; they become a native file or ONNX as they are");
  const pplcnet::AnyQuantisedNetwork& network = *opened.network.quantised();
  pplcnet::QuantisedModel model;
  if (auto error = input.read_quantised(network.layers(), network.traits(), model)) return error;
  OutputFile file(arguments.output());
  if (auto error = arguments.writes_onnx()
                       ? save_quantised_onnx(file, model, network.plan(), arguments.onnx, info)
                       : save_quantised(file, network, model, info))
    return error;
  pplcnet::WeightFile written;
  if (auto error = pplcnet::WeightFile::open(file.temporary(), "", written)) return error;
  std::optional<pplcnet::OpenedEither> again;
  if (auto error = pplcnet::open_network(written, arguments.model, pplcnet::Purpose::whole, again))
    return error;
  if (checksum(again->network.weight_bytes()) != checksum(opened.network.weight_bytes()))
    return Error::of(file.path(), ": other weights came back than were written");
  return interruption::happened() ? Error("interrupted") : file.publish();
}

/// Writes the state dict of another framework, and reads it back before it gets its name: within
/// what rounding may change, the weights are those of the input.
Error write_state_dict(const ConvertArguments& arguments, const pplcnet::WeightFile& input,
                       const pplcnet::OpenedEither& opened) {
  OutputFile file(arguments.output());
  pplcnet::TensorFile source;
  const pplcnet::AnyNetwork& network = *opened.network.floats();
  if (auto error = input.read_state_dict(network.layers(), network.traits(), source)) return error;
  if (pplcnet::is_native(source))
    return Error::of(input.path(),
                     ": has its batch norms folded into its weights; a state dict is "
                     "made of what a framework has saved");
  pplcnet::Adaptation adaptation = opened.adaptation;
  adaptation.framework = arguments.to;
  std::optional<pplcnet::AnyNetwork> adapted;
  if (auto error = pplcnet::AnyNetwork::make(opened.published->adapted(adaptation), 1, adapted))
    return Error::of(file.path(), ": ", error.message());
  pplcnet::StateDictTarget target = {adapted->layers(), adapted->traits(), {}};
  if (auto error = find_naming(adapted->traits(), arguments.to, file.path(), target.naming))
    return error;
  pplcnet::StateDictOut out(target, file.path());
  if (auto error = out.add(source, network.layers(), network.traits())) return error;
  pplcnet::TensorFile tensors = out.file();
  tensors.metadata = {{"format", arguments.to == "paddle" ? "np" : "pt"}};
  if (auto error = write_safetensors(file, tensors)) return error;
  pplcnet::WeightFile written;
  if (auto error = pplcnet::WeightFile::open(file.temporary(), "", written)) return error;
  if (auto error = written.read(adapted->layers(), adapted->traits(), adapted->weights()))
    return error;
  float largest = 0, difference = 0;
  for (std::size_t i = 0; i < network.weights().size(); ++i) {
    largest = std::max(largest, std::abs(network.weights()[i]));
    difference = std::max(difference, std::abs(network.weights()[i] - adapted->weights()[i]));
  }
  if (!(difference <= 1e-6F * largest))
    return Error::of(file.path(), ": other weights came back than were written");
  return interruption::happened() ? Error("interrupted") : file.publish();
}

/// Averages the weights with another file's, if that is asked for.
Error average(const ConvertArguments& arguments, pplcnet::OpenedEither& opened) {
  if (!arguments.averages()) return {};
  pplcnet::AnyNetwork* const floats = opened.network.floats();
  if (floats == nullptr)
    return Error::of(arguments.input(), ": its weights are int8; averages are of float32");
  return average_with(arguments.other, arguments.share, *floats);
}

/// Finds the network and converts.
Error convert(const ConvertArguments& arguments) {
  pplcnet::WeightFile file;
  if (auto error = open_weights(arguments.input(), arguments.graph(), file, arguments.part))
    return error;
  if (!arguments.labels.empty()) add_input(arguments.labels);
  if (!arguments.list)
    if (auto error = claim_output(arguments.output(), Report::printed)) return error;
  std::optional<pplcnet::OpenedEither> opened;
  if (auto error = pplcnet::open_network(file, arguments.model, pplcnet::Purpose::whole, opened))
    return error;
  if (auto error = check_self_test(file, *opened)) return error;
  if (auto error = average(arguments, *opened)) return error;
  pplcnet::ModelInfo info;
  if (auto error = complete(arguments, file, *opened, info)) return error;
  if (!arguments.list) {
    const pplcnet::AnyNetwork* const floats = opened->network.floats();
    if (auto error = floats == nullptr ? write_quantised(arguments, file, *opened, info)
                     : arguments.writes_state_dict() ? write_state_dict(arguments, file, *opened)
                                                     : write(arguments, *floats, info))
      return error;
  }
  print(file, *opened, info);
  return {};
}

std::string presets() {
  std::string names;
  for (const auto preset : pplcnet::kPresets)
    names += pplcnet::join({names.empty() ? "" : ", ", preset(224, 224).name});
  return names;
}

/// Returns what is wrong with the command line; empty: nothing.
std::string usage_error(const ConvertArguments& arguments, const Command& command) {
  if (arguments.list ? arguments.files.size() > 2 : arguments.files.size() < 2)
    return arguments.list ? "expected IN or IN GRAPH after --list"
                          : "expected IN and OUT, or --list IN";
  if (arguments.writes_state_dict() && (arguments.list || arguments.writes_onnx()))
    return "--to is for OUT.safetensors";
  if (arguments.averages() && arguments.writes_state_dict())
    return "--to writes the weights of IN as they are, without --average-with";
  if (!arguments.list && !arguments.writes_onnx() && !arguments.output().ends_with(".safetensors"))
    return arguments.output() + ": expected a name that ends in .safetensors or .onnx";
  if (arguments.stored.storage() != pplcnet::Storage::single && !arguments.writes_native())
    return pplcnet::join({arguments.stored.half ? "--half" : "--half-head",
                          " is for native files; weights in ONNX are float32"});
  if ((command.count("--opset") > 0 || command.count("--batch") > 0) && !arguments.writes_onnx())
    return "--opset and --batch are for ONNX";
  if (!arguments.preset.empty() && !pplcnet::find_preset(arguments.preset))
    return pplcnet::join(
        {"no preset is called ", pplcnet::quote(arguments.preset), "; there are ", presets()});
  return "";
}

}  // namespace

Run add_convert(CommandLine& program) {
  const auto arguments = std::make_shared<ConvertArguments>();
  const Command command = program.add(
      "convert", "Weights of any format into a native file or into ONNX; prints what they are");
  command.footer(
      "Models: " + pplcnet::model_names(false) + ".\n\nPresets: " + presets() +
      ".\n\nExamples: pplcnet convert inference.pdiparams inference.json line.safetensors"
      "\n          pplcnet convert lcnet_050.pth lcnet_050.onnx --batch 0"
      "\n          pplcnet convert PPLCNet_x1_0.pdparams lcnet_100.safetensors --to timm"
      "\n          pplcnet convert --list PPLCNet_x1_0.pdparams"
      "\n\nThe output is read back before it gets its name. Exit status: 0; 1 if the weights could "
      "not be used, and then there is no output; 2: usage error; 130 after "
      "Ctrl-C.");
  command
      .add("files", arguments->files,
           "IN [GRAPH] OUT. IN: safetensors, .pdiparams, .pdparams, .pth, ONNX, ncnn's "
           ".param, whatever it is called; GRAPH: Paddle's inference.json, .pdmodel or "
           ".pdiparams.info, or ncnn's .bin; without it, what lies beside IN; OUT: "
           ".safetensors or .onnx")
      .required()
      .expected(1, 3);
  command
      .add("--model", arguments->model,
           "The network, by name (see below); without it, the one that the weights fit")
      .check(check_model);
  add_part(command, arguments->part);
  command.add(
      "--to", arguments->to,
      "Write another framework's state dict, with its names and shapes and with batch norms: "
      "paddle, huggingface, timm, pytorch (Paddle's modules in PyTorch)");
  const CommandOption other = command.add(
      "--average-with", arguments->other,
      "Weights of the same network, which are averaged with those of IN: what was trained on from "
      "them forgets less");
  command.add("--share", arguments->share, "Of the other weights; IN's have the rest")
      .range(0.0, 1.0)
      .show_default()
      .needs(other);
  command.add("--labels", arguments->labels,
              "Names of the classes, one per line: `id name`, or just names");
  command.add("--preset", arguments->preset,
              "Preprocessing, by name (see below); without it, that of IN or of the model");
  command.add("--opset", arguments->onnx.opset, "Of ONNX")
      .range(pplcnet::OnnxOptions::kOldest, pplcnet::OnnxOptions::kNewest)
      .show_default();
  command.add("--batch", arguments->onnx.batch, "Images of the ONNX model; 0: any number")
      .range(0, 1 << 20)
      .show_default();
  arguments->stored.add_to(command);
  command.add_flag("--list", arguments->list, "Only print what IN holds");
  return [arguments, command] {
    if (const std::string message = usage_error(*arguments, command); !message.empty()) {
      report(Error(message));
      return 2;
    }
    const Error error = convert(*arguments);
    if (interruption::happened()) return interruption::exit_status();
    return report(error) ? 1 : 0;
  };
}
