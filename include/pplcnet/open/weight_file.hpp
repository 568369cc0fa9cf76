#ifndef PPLCNET_OPEN_WEIGHT_FILE_HPP
#define PPLCNET_OPEN_WEIGHT_FILE_HPP

#include <cstddef>
#include <span>
#include <string>

#include "pplcnet/compiled.hpp"
#include "pplcnet/open/evidence.hpp"
#include "pplcnet/open/parsed_weights.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <utility>

#include "pplcnet/open/inference_yml.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Weights of any format, and what they and the files beside them say of their network.
class WeightFile {
 public:
  /// Opens a file, a folder or a tar archive with one in it. `companion` is what belongs to
  /// Paddle's parameters or to an ncnn network; where it is empty, what lies beside the file is
  /// taken. An inference.yml beside it is read, too. `part` is which network of a distillation's is
  /// meant; empty in a file of one.
  static Error open(const std::string& path, const std::string& companion, WeightFile& file,
                    const std::string& part = "");

  /// Opens a file without others beside it that is in memory, for as long as this is used. `name`
  /// is for messages.
  static Error open(std::span<const std::byte> bytes, std::string name, WeightFile& file);

  /// Returns the path of the weights themselves, wherever they are.
  const std::string& path() const { return parsed_.path(); }
  /// Returns the paths of all files that were read.
  std::span<const std::string> paths() const { return parsed_.source().paths(); }
  /// Returns the path of the second file; empty: there is none.
  const std::string& companion() const { return parsed_.companion().path; }
  FileFormat format() const { return parsed_.format(); }
  /// Returns the bytes of the weights' file.
  std::span<const std::byte> bytes() const { return parsed_.source().weights().bytes; }
  /// Returns how many bytes the weights and what belongs to them have.
  std::size_t size() const { return bytes().size() + parsed_.companion().bytes.size(); }

  /// Returns what is known of its network, and what it is for.
  const Evidence& evidence() const { return evidence_; }

  /// Fills a network's packed weights, or says why they are not these.
  Error read(std::span<const Layer> layers, const NetworkTraits& traits,
             std::span<float> weights) const {
    return parsed_.read(layers, traits, weights);
  }

  /// Returns whether the weights are int8.
  bool is_quantised() const { return parsed_.is_quantised(); }
  /// Reads those of a network, or says why they are not these.
  Error read_quantised(std::span<const Layer> layers, const NetworkTraits& traits,
                       QuantisedModel& model) const {
    return parsed_.read_quantised(layers, traits, model);
  }

  /// Returns the tensors with the names of a state dict; an error if it has a graph instead.
  Error read_state_dict(std::span<const Layer> layers, const NetworkTraits& traits,
                        TensorFile& tensors) const {
    return parsed_.read_state_dict(layers, traits, tensors);
  }

 private:
  Error collect_evidence();

  ParsedWeights parsed_;
  Evidence evidence_;
};

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE Error WeightFile::open(const std::string& path, const std::string& companion,
                                      WeightFile& file, const std::string& part) {
  if (auto error = file.parsed_.open(path, companion, part)) return error;
  return file.collect_evidence();
}

PPLCNET_INLINE Error WeightFile::open(std::span<const std::byte> bytes, std::string name,
                                      WeightFile& file) {
  if (auto error = file.parsed_.open(bytes, std::move(name))) return error;
  return file.collect_evidence();
}

PPLCNET_INLINE Error WeightFile::collect_evidence() {
  const ParsedWeights::Form form = parsed_.form();
  if (form == ParsedWeights::Form::native || form == ParsedWeights::Form::own_onnx) {
    if (auto error = read_metadata(parsed_.tensors(), evidence_)) return error;
    if (form == ParsedWeights::Form::native) return {};
    Evidence of_graph;  // the only place that has the picture's size
    read_graph(parsed_.graph(), of_graph);
    evidence_.input = of_graph.input;
    if (of_graph.output) evidence_.output = of_graph.output;
    return {};
  }
  WeightSource::Part yml;
  if (auto error = parsed_.source().read_beside({".yml", ".yaml"}, yml)) return error;
  if (yml.is_there())
    if (auto error = read_inference_yml(yml.text(), yml.path, evidence_)) return error;
  if (form != ParsedWeights::Form::graph) {
    read_classifier(parsed_.tensors(), evidence_);
    return {};
  }
  const Evidence said = evidence_;
  read_graph(parsed_.graph(), evidence_);
  const auto both = [](int a, int b) { return a > 0 && b > 0 && a != b; };
  if (both(said.input.height, evidence_.input.height) ||
      both(said.input.width, evidence_.input.width))
    return Error::of(said.path, ": prepares pictures of ", said.input.height, "x", said.input.width,
                     ", the picture of ", parsed_.graph().path, " is ", evidence_.input.height, "x",
                     evidence_.input.width);
  if (!evidence_.knows_input()) evidence_.input = said.input;
  if (said.output && evidence_.output && said.output != evidence_.output)
    return Error::of(said.path, ": makes other probabilities than ", parsed_.graph().path,
                     ", which ends with ",
                     evidence_.output == Output::sigmoid ? "sigmoid" : "softmax");
  return {};
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_WEIGHT_FILE_HPP
