#include "weight_file.hpp"

#include <utility>
#include <vector>

#include "pplcnet/weights/content.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/naming/parts.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/paddle/load.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "pplcnet/weights/paddle/pdparams.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"

using pplcnet::Content;
using pplcnet::Error;

namespace {

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Error WeightFile::open(const std::string& path, const std::string& companion, WeightFile& file,
                       const std::string& part) {
  if (auto error = file.source_.open(path)) return error;
  file.content_ = pplcnet::content_of(file.source_.weights().bytes);
  if (!companion.empty()) {
    if (auto error = file.source_.read(companion, file.companion_)) return error;
    if (auto error = file.check_order()) return error;
  }
  if (auto error = file.parse()) return error;
  if (auto error = file.choose_part(part)) return error;
  return file.collect_evidence();
}

Error WeightFile::open(std::span<const std::byte> bytes, std::string name, WeightFile& file) {
  file.source_.open(bytes, std::move(name));
  file.content_ = pplcnet::content_of(bytes);
  if (auto error = file.parse()) return error;
  return file.collect_evidence();
}

/// Of two files, the one that comes first is told by the other.
Error WeightFile::check_order() {
  const Content second = pplcnet::content_of(companion_.bytes);
  const auto comes_first = [](Content content) {
    return content == Content::pdiparams || content == Content::ncnn;
  };
  if (!comes_first(content_) && comes_first(second))
    return Error::of(path(), ": expected weights, found ", name_of(content_), "; ", companion_.path,
                     " is ", name_of(second), " and comes first");
  return {};
}

/// Takes the first file with one of these extensions beside the weights, if there is one.
Error WeightFile::find_companion(std::initializer_list<const char*> extensions) {
  return companion_.is_there() ? Error() : source_.read_beside(extensions, companion_);
}

Error WeightFile::parse() {
  switch (content_) {
    case Content::pdiparams:
      return parse_paddle();
    case Content::ncnn:
      return parse_ncnn();
    case Content::onnx:
    case Content::safetensors:
    case Content::pickle:
    case Content::zip:
      if (companion_.is_there())
        return Error::of(path(), ": is ", name_of(content_), ", to which no second file belongs; ",
                         "found ", companion_.path);
      return content_ == Content::onnx ? parse_onnx() : parse_tensors();
    default:
      return Error::of(path(), ": expected weights (safetensors, .pdiparams, .pdparams, .pth, ",
                       "ONNX or ncnn's .param), found ", name_of(content_), advice_on(content_));
  }
}

Error WeightFile::parse_tensors() {
  const auto bytes = source_.weights().bytes;
  if (content_ == Content::safetensors) {
    if (auto error = pplcnet::parse_safetensors(bytes, path(), tensors_)) return error;
    form_ = pplcnet::is_native(tensors_) ? Form::native : Form::state_dict;
    return {};
  }
  return content_ == Content::zip || pplcnet::torch::after_magic(bytes) > 0
             ? pplcnet::parse_torch_checkpoint(bytes, path(), tensors_)
             : pplcnet::parse_pdparams(bytes, path(), tensors_);
}

/// Of the networks of a distillation one is left, which must have been named.
Error WeightFile::choose_part(const std::string& part) {
  if (form_ != Form::state_dict) {
    if (part.empty()) return {};
    return Error::of(path(), ": is no state dict, of which a part could be taken");
  }
  if (!part.empty()) return pplcnet::take_part(tensors_, part);
  const std::vector<std::string> parts = pplcnet::parts_of(tensors_);
  if (parts.size() < 2) return {};
  return Error::of(path(), ": holds several networks, say with --part which of them is ",
                   "meant: ", pplcnet::quote(parts));
}

Error WeightFile::parse_paddle() {
  if (auto error = find_companion({".json", ".pdmodel", ".pdiparams.info"})) return error;
  if (auto error = pplcnet::parse_pdiparams(source_.weights().bytes, path(), tensors_))
    return error;
  form_ = Form::nameless;
  if (!companion_.is_there()) return {};
  const Content kind = pplcnet::content_of(companion_.bytes);
  if (kind == Content::pdiparams_info) {
    form_ = Form::state_dict;
    pplcnet::PdiparamsInfo names;
    if (auto error = pplcnet::parse_pdiparams_info(companion_.bytes, companion_.path, names))
      return error;
    return pplcnet::name_pdiparams(tensors_, names);
  }
  if (kind != Content::json && kind != Content::pdmodel)
    return Error::of(companion_.path, ": expected what belongs to ", path(),
                     " (inference.json, .pdmodel or .pdiparams.info), found ", name_of(kind));
  form_ = Form::graph;
  const auto parse = kind == Content::json ? pplcnet::parse_pir : pplcnet::parse_pdmodel;
  pplcnet::PaddleProgram program;
  if (auto error = parse(companion_.bytes, companion_.path, program)) return error;
  if (auto error = attach_parameters(tensors_, program)) return error;
  graph_ = std::move(program.graph);
  return {};
}

Error WeightFile::parse_ncnn() {
  if (auto error = find_companion({".bin"})) return error;
  if (!companion_.is_there())
    return Error::of(path(), ": is ", name_of(content_),
                     ", whose weights are in a .bin; there is none beside it");
  form_ = Form::graph;
  return pplcnet::parse_ncnn(text_of(source_.weights().bytes), path(), companion_.bytes,
                             companion_.path, graph_);
}

/// The models of this library have its layers' names, labels and preprocessing.
Error WeightFile::parse_onnx() {
  form_ = Form::graph;
  if (auto error = pplcnet::parse_onnx(source_.weights().bytes, path(), graph_)) return error;
  tensors_ = {.tensors = graph_.constants, .metadata = graph_.metadata, .path = path()};
  if (pplcnet::native::find(tensors_, pplcnet::kOnnxFolded) != nullptr) form_ = Form::own_onnx;
  return {};
}

Error WeightFile::collect_evidence() {
  if (form_ == Form::native || form_ == Form::own_onnx) {
    if (auto error = read_metadata(tensors_, evidence_)) return error;
    if (form_ == Form::native) return {};
    Evidence of_graph;  // the only place that has the picture's size
    read_graph(graph_, of_graph);
    evidence_.input = of_graph.input;
    if (of_graph.output) evidence_.output = of_graph.output;
    return {};
  }
  WeightSource::Part yml;
  if (auto error = source_.read_beside({".yml", ".yaml"}, yml)) return error;
  if (yml.is_there())
    if (auto error = read_inference_yml(text_of(yml.bytes), yml.path, evidence_)) return error;
  if (form_ != Form::graph) {
    read_classifier(tensors_, evidence_);
    return {};
  }
  const Evidence said = evidence_;
  read_graph(graph_, evidence_);
  const auto both = [](int a, int b) { return a > 0 && b > 0 && a != b; };
  if (both(said.input.height, evidence_.input.height) ||
      both(said.input.width, evidence_.input.width))
    return Error::of(said.path, ": prepares pictures of ", said.input.height, "x", said.input.width,
                     ", the picture of ", graph_.path, " is ", evidence_.input.height, "x",
                     evidence_.input.width);
  if (!evidence_.knows_input()) evidence_.input = said.input;
  if (said.output && evidence_.output && said.output != evidence_.output)
    return Error::of(said.path, ": makes other probabilities than ", graph_.path,
                     ", which ends with ",
                     evidence_.output == pplcnet::Output::sigmoid ? "sigmoid" : "softmax");
  return {};
}

Error WeightFile::read(std::span<const pplcnet::Layer> layers, const pplcnet::NetworkTraits& traits,
                       std::span<float> weights) const {
  switch (form_) {
    case Form::graph:
      return pplcnet::GraphMatch(graph_, layers, traits).pack(weights);
    case Form::own_onnx:
      return pplcnet::loading::load_own_onnx(tensors_, layers, traits, weights);
    case Form::state_dict:
    case Form::native:
      return pplcnet::loading::load_tensors(tensors_, layers, traits, weights);
    case Form::nameless:
      break;
  }
  return pplcnet::loading::load_bytes(source_.weights().bytes, path(), layers, traits, weights,
                                      nullptr);
}

Error WeightFile::read_state_dict(std::span<const pplcnet::Layer> layers,
                                  const pplcnet::NetworkTraits& traits,
                                  pplcnet::TensorFile& tensors) const {
  if (form_ == Form::graph) return Error::of(path(), ": is a graph");
  tensors = tensors_;
  return form_ == Form::nameless ? pplcnet::name_pdiparams(tensors, layers, traits) : Error();
}
