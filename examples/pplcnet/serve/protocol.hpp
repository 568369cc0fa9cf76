#ifndef PPLCNET_EXAMPLES_SERVE_PROTOCOL_HPP
#define PPLCNET_EXAMPLES_SERVE_PROTOCOL_HPP

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_server.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// What a request asks about: pictures as files, or tensors that a network takes as they are.
struct Question {
  struct File {
    std::string name;
    std::string_view bytes;
  };
  std::vector<File> files;
  std::deque<std::string> decoded;  ///< bytes of files that are not in the request as they are
  std::vector<float> tensors;       ///< [tensor_count][channels][height][width]
  std::size_t tensor_count = 0;
  std::size_t top_k = 0;  ///< of the request; 0: not said

  std::size_t size() const { return files.size() + tensor_count; }
};

/// The probabilities of all classes for each picture of a question, one after the other.
struct Probabilities {
  std::vector<float> all = {};
  std::size_t classes = 0;
  double seconds = 0;  ///< that it took to compute them

  std::span<const float> of(std::size_t picture) const {
    return std::span(all).subspan(picture * classes, classes);
  }
};

/// Which predictions are named.
struct Selection {
  std::size_t top_k = 5;
  float threshold = 0;

  std::vector<pplcnet::Prediction> of(std::span<const float> probabilities) const;
};

/// A way to ask and to answer. One object is for one request, which it may refer to.
class Protocol {
 public:
  Protocol() = default;
  Protocol(const Protocol&) = delete;
  Protocol& operator=(const Protocol&) = delete;
  virtual ~Protocol() = default;

  /// Takes the question out of a request: an error is the client's.
  virtual pplcnet::Error read(const HttpRequest& request, const pplcnet::AnyClassifier& classifier,
                              Question& question) = 0;
  virtual HttpAnswer write(const Question& question, const Probabilities& probabilities,
                           const Selection& selection,
                           const pplcnet::AnyClassifier& classifier) const = 0;
};

/// Files as they are, or in a form; answers are those of `classify --json`.
std::unique_ptr<Protocol> picture_protocol();
/// The JSON of Paddle Serving's pipelines, and of PaddleClas' module for PaddleHub Serving.
std::unique_ptr<Protocol> paddle_protocol();
/// KServe's Open Inference Protocol, version 2, with its binary tensors.
std::unique_ptr<Protocol> inference_protocol(const std::string& model);

/// Returns the description of a model in the Open Inference Protocol.
std::string describe_model(const std::string& model, const pplcnet::AnyClassifier& classifier);

#endif  // PPLCNET_EXAMPLES_SERVE_PROTOCOL_HPP
