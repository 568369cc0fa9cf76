#ifndef PPLCNET_EXAMPLES_EVIDENCE_HPP
#define PPLCNET_EXAMPLES_EVIDENCE_HPP

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/tensor.hpp"

/// What a weight file, or what lies beside it, says of its network and of what it is for. What
/// nothing says is empty: it is open, and must not be guessed from something else.
struct Evidence {
  bool is_own = false;             ///< a file of this project's, which says everything
  bool is_graph = false;           ///< the network is spelt out
  std::string model;               ///< a published model's name
  pplcnet::Extent input = {0, 0};  ///< each side 0 where it is open
  std::optional<pplcnet::Output> output;
  std::vector<std::string> labels;
  std::optional<pplcnet::Preprocessing> preprocessing;
  std::string preset;                  ///< the same by name
  std::string unknown_transform;       ///< what prepares pictures in a way that is not known
  int classes = 0;                     ///< 0: there is no classifier
  int features = 0;                    ///< what the classifier sees
  std::optional<int> head;             ///< width of the embedding; 0: none
  std::optional<int> dropout_percent;  ///< that the embedding is multiplied by
  bool head_bias = false;
  pplcnet::Storage storage = pplcnet::Storage::single;  ///< of weights in a file of this project's
  std::string path;  ///< of what says how pictures are prepared, for messages

  bool knows_input() const { return input.height > 0 && input.width > 0; }
};

/// Adds what an inference.yml says: the model's name, how pictures are prepared, the labels.
pplcnet::Error read_inference_yml(std::string_view content, const std::string& path,
                                  Evidence& evidence);

/// Adds what a graph says: its picture, the head, the factor after it, what follows the classes.
void read_graph(const pplcnet::FileGraph& graph, Evidence& evidence);

/// Adds what tensors say: which are the classifier's, if any are.
void read_classifier(const pplcnet::TensorFile& file, Evidence& evidence);

/// Adds what the metadata of a file of this project's say. An error if they cannot be of it.
pplcnet::Error read_metadata(const pplcnet::TensorFile& file, Evidence& evidence);

/// Whether two pipelines give the same numbers but for how they round.
bool same_pixels(const pplcnet::Preprocessing& a, const pplcnet::Preprocessing& b);

#endif  // PPLCNET_EXAMPLES_EVIDENCE_HPP
