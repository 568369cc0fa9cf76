#ifndef PPLCNET_EXAMPLES_WEIGHT_FILE_HPP
#define PPLCNET_EXAMPLES_WEIGHT_FILE_HPP

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>

#include "evidence.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/content.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "weight_source.hpp"

/// Weights of any format, found out by content, and what belongs to them: they are read once, on
/// however many networks they are tried.
class WeightFile {
 public:
  /// `path` is a file, a folder or a tar archive with one in it. `companion` is what belongs to
  /// Paddle's parameters or to an ncnn network; where it is empty, what lies beside the file is
  /// taken. An inference.yml beside it is read, too. `part` is which network of a distillation's is
  /// meant; empty in a file of one.
  static pplcnet::Error open(const std::string& path, const std::string& companion,
                             WeightFile& file, const std::string& part = "");

  /// A file without others beside it that is in memory, for as long as this is used. `name` is for
  /// messages.
  static pplcnet::Error open(std::span<const std::byte> bytes, std::string name, WeightFile& file);

  /// Of the weights themselves, wherever they are.
  const std::string& path() const { return source_.weights().path; }
  /// Empty: there is none.
  const std::string& companion() const { return companion_.path; }
  pplcnet::Content content() const { return content_; }
  /// Of the weights, and of what belongs to them.
  std::size_t size() const { return source_.weights().bytes.size() + companion_.bytes.size(); }

  /// What it says of its network, and what it is for.
  const Evidence& evidence() const { return evidence_; }

  /// Fills a network's packed weights, or says why they are not these.
  pplcnet::Error read(std::span<const pplcnet::Layer> layers, const pplcnet::NetworkTraits& traits,
                      std::span<float> weights) const;

  /// The tensors with the names of a state dict; an error if it has a graph instead.
  pplcnet::Error read_state_dict(std::span<const pplcnet::Layer> layers,
                                 const pplcnet::NetworkTraits& traits,
                                 pplcnet::TensorFile& tensors) const;

 private:
  /// What there is to try networks on.
  enum class Form {
    state_dict,
    nameless,  ///< tensors of a .pdiparams file alone
    native,
    own_onnx,
    graph,
  };

  pplcnet::Error check_order();
  pplcnet::Error find_companion(std::initializer_list<const char*> extensions);
  pplcnet::Error parse();
  pplcnet::Error parse_tensors();
  pplcnet::Error choose_part(const std::string& part);
  pplcnet::Error parse_paddle();
  pplcnet::Error parse_ncnn();
  pplcnet::Error parse_onnx();
  pplcnet::Error collect_evidence();

  WeightSource source_;
  WeightSource::Part companion_;
  pplcnet::Content content_ = pplcnet::Content::unknown;
  Form form_ = Form::state_dict;
  pplcnet::FileGraph graph_;
  pplcnet::TensorFile tensors_;
  Evidence evidence_;
};

#endif  // PPLCNET_EXAMPLES_WEIGHT_FILE_HPP
