#ifndef PPLCNET_OPEN_PARSED_WEIGHTS_HPP
#define PPLCNET_OPEN_PARSED_WEIGHTS_HPP

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "pplcnet/compiled.hpp"
#include "pplcnet/open/weight_source.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/quantise/load.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/naming/parts.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/paddle/load.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"
#include "pplcnet/weights/pickled.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/safetensors/reader.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// The tensors or the graph of a weight file of any format, detected from its first bytes: they are
/// parsed once, on however many networks they are tried.
class ParsedWeights {
 public:
  /// The form of the weights that networks are tried on.
  enum class Form {
    state_dict,
    nameless,  ///< tensors of a .pdiparams file alone
    native,
    own_onnx,
    graph,
  };

  /// Reads and parses what `WeightFile::open` describes.
  Error open(const std::string& path, const std::string& companion, const std::string& part);
  Error open(std::span<const std::byte> bytes, std::string name);

  WeightSource& source() { return source_; }
  const WeightSource& source() const { return source_; }
  const std::string& path() const { return source_.weights().path; }
  const WeightSource::Part& companion() const { return companion_; }
  FileFormat format() const { return format_; }
  Form form() const { return form_; }
  const FileGraph& graph() const { return graph_; }
  const TensorFile& tensors() const { return tensors_; }

  /// Fills a network's packed weights, or says why they are not these.
  Error read(std::span<const Layer> layers, const NetworkTraits& traits,
             std::span<float> weights) const;

  /// Returns whether the weights are int8.
  bool is_quantised() const;
  /// Reads those of a network, or says why they are not these.
  Error read_quantised(std::span<const Layer> layers, const NetworkTraits& traits,
                       QuantisedModel& model) const;

  /// Returns the tensors with the names of a state dict; an error if there is a graph instead.
  Error read_state_dict(std::span<const Layer> layers, const NetworkTraits& traits,
                        TensorFile& tensors) const;

 private:
  Error check_order();
  Error find_companion(std::initializer_list<const char*> extensions);
  Error parse();
  Error parse_tensors();
  Error choose_part(const std::string& part);
  Error parse_paddle();
  Error parse_ncnn();
  Error parse_onnx();

  WeightSource source_;
  WeightSource::Part companion_;
  FileFormat format_ = FileFormat::unknown;
  Form form_ = Form::state_dict;
  FileGraph graph_;
  TensorFile tensors_;
};

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE Error ParsedWeights::open(const std::string& path, const std::string& companion,
                                         const std::string& part) {
  if (auto error = source_.open(path)) return error;
  format_ = detect_format(source_.weights().bytes);
  if (!companion.empty()) {
    if (auto error = source_.read(companion, companion_)) return error;
    if (auto error = check_order()) return error;
  }
  if (auto error = parse()) return error;
  return choose_part(part);
}

PPLCNET_INLINE Error ParsedWeights::open(std::span<const std::byte> bytes, std::string name) {
  source_.open(bytes, std::move(name));
  format_ = detect_format(bytes);
  return parse();
}

/// Checks which of two files comes first.
PPLCNET_INLINE Error ParsedWeights::check_order() {
  const FileFormat second = detect_format(companion_.bytes);
  const auto comes_first = [](FileFormat format) {
    return format == FileFormat::pdiparams || format == FileFormat::ncnn;
  };
  if (!comes_first(format_) && comes_first(second))
    return Error::of(path(), ": expected weights, found ", name_of(format_), "; ", companion_.path,
                     " is ", name_of(second), " and comes first");
  return {};
}

/// Takes the first file with one of these extensions beside the weights, if there is one.
PPLCNET_INLINE Error ParsedWeights::find_companion(std::initializer_list<const char*> extensions) {
  return companion_.is_there() ? Error() : source_.read_beside(extensions, companion_);
}

PPLCNET_INLINE Error ParsedWeights::parse() {
  switch (format_) {
    case FileFormat::pdiparams:
      return parse_paddle();
    case FileFormat::ncnn:
      return parse_ncnn();
    case FileFormat::onnx:
    case FileFormat::safetensors:
    case FileFormat::pickle:
    case FileFormat::zip:
      if (companion_.is_there())
        return Error::of(path(), ": is ", name_of(format_), ", to which no second file belongs; ",
                         "found ", companion_.path);
      return format_ == FileFormat::onnx ? parse_onnx() : parse_tensors();
    default:
      return Error::of(path(), ": expected weights (safetensors, .pdiparams, .pdparams, .pth, ",
                       "ONNX or ncnn's .param), found ", name_of(format_), hint_for(format_));
  }
}

PPLCNET_INLINE Error ParsedWeights::parse_tensors() {
  const auto bytes = source_.weights().bytes;
  if (format_ == FileFormat::safetensors) {
    if (auto error = parse_safetensors(bytes, path(), tensors_)) return error;
    form_ = is_native(tensors_) ? Form::native : Form::state_dict;
    return {};
  }
  return parse_pickled(bytes, path(), tensors_);
}

/// Leaves one of the networks of a distillation, which must have been named.
PPLCNET_INLINE Error ParsedWeights::choose_part(const std::string& part) {
  if (form_ != Form::state_dict) {
    if (part.empty()) return {};
    return Error::of(path(), ": is no state dict, of which a part could be taken");
  }
  if (!part.empty()) return take_part(tensors_, part);
  const std::vector<std::string> parts = parts_of(tensors_);
  if (parts.size() < 2) return {};
  return Error::of(path(),
                   ": holds several networks, say which is meant by `part`: ", quote(parts));
}

PPLCNET_INLINE Error ParsedWeights::parse_paddle() {
  if (auto error = find_companion({".json", ".pdmodel", ".pdiparams.info"})) return error;
  if (auto error = parse_pdiparams(source_.weights().bytes, path(), tensors_)) return error;
  form_ = Form::nameless;
  if (!companion_.is_there()) return {};
  const FileFormat kind = detect_format(companion_.bytes);
  if (kind == FileFormat::pdiparams_info) {
    form_ = Form::state_dict;
    PdiparamsInfo names;
    if (auto error = parse_pdiparams_info(companion_.bytes, companion_.path, names)) return error;
    return name_pdiparams(tensors_, names);
  }
  if (kind != FileFormat::json && kind != FileFormat::pdmodel)
    return Error::of(companion_.path, ": expected what belongs to ", path(),
                     " (inference.json, .pdmodel or .pdiparams.info), found ", name_of(kind));
  form_ = Form::graph;
  const auto parse = kind == FileFormat::json ? parse_pir : parse_pdmodel;
  PaddleProgram program;
  if (auto error = parse(companion_.bytes, companion_.path, program)) return error;
  if (auto error = attach_parameters(tensors_, program)) return error;
  graph_ = std::move(program.graph);
  return {};
}

PPLCNET_INLINE Error ParsedWeights::parse_ncnn() {
  if (auto error = find_companion({".bin"})) return error;
  if (!companion_.is_there())
    return Error::of(path(), ": is ", name_of(format_),
                     ", whose weights are in a .bin; there is none beside it");
  form_ = Form::graph;
  return pplcnet::parse_ncnn(source_.weights().text(), path(), companion_.bytes, companion_.path,
                             graph_);
}

/// The models of this library have its layers' names, labels and preprocessing.
PPLCNET_INLINE Error ParsedWeights::parse_onnx() {
  form_ = Form::graph;
  if (auto error = pplcnet::parse_onnx(source_.weights().bytes, path(), graph_)) return error;
  tensors_ = {.tensors = graph_.constants, .metadata = graph_.metadata, .path = path()};
  if (native::find(tensors_, kOnnxFolded) != nullptr) form_ = Form::own_onnx;
  if (!pplcnet::is_quantised(tensors_)) return {};
  form_ = Form::native;  // the same tensors, and some that only other readers need
  std::erase_if(tensors_.tensors,
                [](const Tensor& tensor) { return tensor.name.find('/') != std::string::npos; });
  return {};
}

PPLCNET_INLINE Error ParsedWeights::read(std::span<const Layer> layers, const NetworkTraits& traits,
                                         std::span<float> weights) const {
  switch (form_) {
    case Form::graph:
      return pack_graph(graph_, layers, traits, weights);
    case Form::own_onnx:
      return loading::load_own_onnx(tensors_, layers, traits, weights);
    case Form::state_dict:
    case Form::native:
      return loading::load_tensors(tensors_, layers, traits, weights);
    case Form::nameless:
      break;
  }
  return loading::load_bytes(source_.weights().bytes, path(), layers, traits, weights, nullptr);
}

PPLCNET_INLINE bool ParsedWeights::is_quantised() const {
  return form_ == Form::native && pplcnet::is_quantised(tensors_);
}

PPLCNET_INLINE Error ParsedWeights::read_quantised(std::span<const Layer> layers,
                                                   const NetworkTraits& traits,
                                                   QuantisedModel& model) const {
  return pplcnet::read_quantised(tensors_, layers, traits, model);
}

PPLCNET_INLINE Error ParsedWeights::read_state_dict(std::span<const Layer> layers,
                                                    const NetworkTraits& traits,
                                                    TensorFile& tensors) const {
  if (form_ == Form::graph) return Error::of(path(), ": is a graph");
  tensors = tensors_;
  return form_ == Form::nameless ? name_pdiparams(tensors, layers, traits) : Error();
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_PARSED_WEIGHTS_HPP
