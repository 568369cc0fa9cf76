#ifndef PPLCNET_EXAMPLES_WEIGHT_FILE_HPP
#define PPLCNET_EXAMPLES_WEIGHT_FILE_HPP

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "output_file.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/content.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/ncnn/load.hpp"
#include "pplcnet/weights/onnx/load.hpp"
#include "pplcnet/weights/paddle/load.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"

/// Weights of any format, found out by content, and what belongs to them: they are read once, on
/// however many networks they are tried.
class WeightFile {
  using Content = pplcnet::Content;
  using Error = pplcnet::Error;

 public:
  /// `companion` is what belongs to Paddle's parameters or to an ncnn network; where it is empty,
  /// what lies beside the file is taken.
  static Error open(const std::string& path, const std::string& companion, WeightFile& file) {
    file.path_ = path;
    file.companion_ = companion;
    if (auto error = read_input(path, file.bytes_)) return error;
    file.content_ = pplcnet::content_of(bytes_of(file.bytes_));
    if (!companion.empty())
      if (auto error = file.check_order()) return error;
    return file.parse();
  }

  /// A file without others beside it that is in memory, for as long as this is used. `name` is for
  /// messages.
  static Error open(std::span<const std::byte> bytes, std::string name, WeightFile& file) {
    file.path_ = std::move(name);
    file.memory_ = bytes;
    file.content_ = pplcnet::content_of(bytes);
    return file.parse();
  }

  const std::string& path() const { return path_; }
  const std::string& companion() const { return companion_; }  ///< empty: there is none
  Content content() const { return content_; }

  /// Fills a network's packed weights, or says why they are not these.
  Error read(pplcnet::AnyNetwork& network, pplcnet::ModelInfo& info) const {
    const auto layers = network.layers();
    const pplcnet::Architecture& architecture = network.architecture();
    const auto weights = network.weights();
    if (form_ == Form::bytes)
      return pplcnet::loading::load_any(bytes(), path_, layers, architecture, weights, &info);
    info = info_;
    if (form_ == Form::graph)
      return pplcnet::GraphMatch(graph_, layers, architecture).pack(weights);
    if (form_ == Form::own_onnx)
      return pplcnet::loading::load_own_onnx(tensors_, layers, architecture, weights);
    return pplcnet::pack_state_dict(tensors_, layers, architecture, weights);
  }

  /// The tensors, without names where the file has none; an error if it has a graph instead.
  Error read_tensors(pplcnet::TensorFile& tensors) const {
    switch (content_) {
      case Content::safetensors:
        return pplcnet::parse_safetensors(bytes(), path_, tensors);
      case Content::pdiparams:
        return pplcnet::parse_pdiparams(bytes(), path_, tensors);
      case Content::zip:
        return pplcnet::parse_torch_checkpoint(bytes(), path_, tensors);
      case Content::pickle:
        return pplcnet::torch::behind_magic(bytes()) > 0
                   ? pplcnet::parse_torch_checkpoint(bytes(), path_, tensors)
                   : pplcnet::parse_pdparams(bytes(), path_, tensors);
      default:
        tensors = tensors_;
        return form_ == Form::own_onnx ? Error() : Error::of(path_, ": is a graph");
    }
  }

  /// The same with the names of a state dict.
  Error read_state_dict(std::span<const pplcnet::Layer> layers,
                        pplcnet::TensorFile& tensors) const {
    if (form_ == Form::state_dict) {
      tensors = tensors_;
      return {};
    }
    if (auto error = read_tensors(tensors)) return error;
    return content_ == Content::pdiparams ? pplcnet::name_pdiparams(tensors, layers) : Error();
  }

 private:
  /// What there is to try networks on.
  enum class Form { bytes, graph, state_dict, own_onnx };

  static std::span<const std::byte> bytes_of(const pplcnet::FileBytes& file) {
    return file.bytes();
  }
  std::span<const std::byte> bytes() const { return memory_.empty() ? bytes_of(bytes_) : memory_; }

  /// Of two files, the one that comes first is told by the other.
  Error check_order() {
    if (auto error = read_input(companion_, companion_bytes_)) return error;
    const Content second = pplcnet::content_of(bytes_of(companion_bytes_));
    const auto comes_first = [](Content content) {
      return content == Content::pdiparams || content == Content::ncnn;
    };
    if (!comes_first(content_) && comes_first(second))
      return Error::of(path_, ": expected weights, found ", name_of(content_), "; ", companion_,
                       " is ", name_of(second), " and comes first");
    return {};
  }

  /// Takes the first file with one of these extensions beside the weights, if there is one.
  Error find_companion(std::initializer_list<const char*> extensions) {
    std::error_code ignored;
    for (const char* extension : extensions) {
      if (!companion_.empty()) break;
      const auto beside = std::filesystem::path(path_).replace_extension(extension);
      if (std::filesystem::exists(beside, ignored)) companion_ = beside.string();
    }
    return companion_.empty() ? Error() : read_input(companion_, companion_bytes_);
  }

  Error parse() {
    switch (content_) {
      case Content::pdiparams:
        return parse_paddle();
      case Content::ncnn:
        return parse_ncnn();
      case Content::onnx:
      case Content::safetensors:
      case Content::pickle:
      case Content::zip:
        if (!companion_.empty())
          return Error::of(path_, ": is ", name_of(content_), ", to which no second file belongs; ",
                           "found ", companion_);
        return content_ == Content::onnx ? parse_onnx() : Error();
      default:
        return Error::of(path_, ": expected weights (safetensors, .pdiparams, .pdparams, .pth, ",
                         "ONNX or ncnn's .param), found ", name_of(content_), advice_on(content_));
    }
  }

  Error parse_paddle() {
    if (auto error = find_companion({".json", ".pdmodel", ".pdiparams.info"})) return error;
    if (companion_.empty()) return {};
    if (auto error = pplcnet::parse_pdiparams(bytes(), path_, tensors_)) return error;
    const auto companion = bytes_of(companion_bytes_);
    const Content kind = pplcnet::content_of(companion);
    if (kind == Content::pdiparams_info) {
      form_ = Form::state_dict;
      pplcnet::PdiparamsInfo names;
      if (auto error = pplcnet::parse_pdiparams_info(companion, companion_, names)) return error;
      return pplcnet::name_pdiparams(tensors_, names);
    }
    if (kind != Content::json && kind != Content::pdmodel)
      return Error::of(companion_, ": expected what belongs to ", path_,
                       " (inference.json, .pdmodel or .pdiparams.info), found ", name_of(kind));
    form_ = Form::graph;
    const auto parse = kind == Content::json ? pplcnet::parse_pir : pplcnet::parse_pdmodel;
    pplcnet::PaddleProgram program;
    if (auto error = parse(companion, companion_, program)) return error;
    if (auto error = attach_parameters(tensors_, program)) return error;
    graph_ = std::move(program.graph);
    return {};
  }

  Error parse_ncnn() {
    if (auto error = find_companion({".bin"})) return error;
    if (companion_.empty())
      return Error::of(path_, ": is ", name_of(content_),
                       ", whose weights are in a .bin; there is none beside it");
    form_ = Form::graph;
    return pplcnet::parse_ncnn({reinterpret_cast<const char*>(bytes().data()), bytes().size()},
                               path_, bytes_of(companion_bytes_), companion_, graph_);
  }

  /// The models of this library have its layers' names, labels and preprocessing.
  Error parse_onnx() {
    form_ = Form::graph;
    if (auto error = pplcnet::parse_onnx(bytes(), path_, graph_)) return error;
    tensors_ = {.tensors = graph_.constants, .metadata = graph_.metadata, .path = path_};
    if (pplcnet::native::find(tensors_, pplcnet::kOnnxFolded) == nullptr) return {};
    form_ = Form::own_onnx;
    info_ = pplcnet::read_info(tensors_);
    return {};
  }

  std::string path_, companion_;
  std::span<const std::byte> memory_;  // instead of bytes_
  pplcnet::FileBytes bytes_, companion_bytes_;
  Content content_ = Content::unknown;
  Form form_ = Form::bytes;
  pplcnet::Graph graph_;
  pplcnet::TensorFile tensors_;
  pplcnet::ModelInfo info_;
};

#endif  // PPLCNET_EXAMPLES_WEIGHT_FILE_HPP
