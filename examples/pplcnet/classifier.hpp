#ifndef PPLCNET_EXAMPLES_CLASSIFIER_HPP
#define PPLCNET_EXAMPLES_CLASSIFIER_HPP

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "open_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/weights/error.hpp"
#include "weight_file.hpp"

/// A weight file's network, ready for pictures: what pplcnet::Classifier is where the compiler
/// knows the network. Copies share the weights: one copy for each thread.
class Classifier {
 public:
  /// Takes the weights of a file. `model` is the name of a published model, or empty: then it is
  /// the one that `open_network` finds. What a native file has as float16 is float16 in memory.
  static pplcnet::Error open(const WeightFile& file, const std::string& model, Purpose purpose,
                             std::optional<Classifier>& result);

  /// Keeps the weights in this storage, such as half_head, which is as float16 what a small network
  /// has most of. An error names `path` and the tensor with a number that float16 cannot hold.
  pplcnet::Error store_as(pplcnet::Storage storage, std::string_view path);

  /// Of the published model; of one with other classes, what it was made from.
  std::string_view name() const { return name_; }
  const pplcnet::AnyNetwork& network() const { return network_; }
  pplcnet::AnyNetwork& network() { return network_; }
  int classes() const { return network_.classes(); }

  const std::vector<std::string>& labels() const { return labels_; }
  /// One for each class, or none; others are an error.
  pplcnet::Error set_labels(std::vector<std::string> labels);
  /// Its number where there are no labels.
  std::string label(int class_id) const;

  const pplcnet::Preprocessing& preprocessing() const { return preprocessing_; }
  void set_preprocessing(const pplcnet::Preprocessing& preprocessing);

  /// Runs a picture: `destinations[i]` is where the output of layer i goes, or null. False if the
  /// picture is too narrow to crop from.
  bool run(pplcnet::ImageView image, std::span<float* const> destinations);

  /// The output of one layer, planar.
  bool run(pplcnet::ImageView image, int layer, std::vector<float>& output);

  /// Softmax of the logits, or of attributes sigmoid.
  bool probabilities(pplcnet::ImageView image, std::vector<float>& scores);
  void to_probabilities(std::span<float> logits) const;

 private:
  explicit Classifier(Opened opened);

  std::string name_;
  pplcnet::AnyNetwork network_;
  pplcnet::Output output_;
  std::vector<std::string> labels_;
  pplcnet::Preprocessing preprocessing_;
  std::array<pplcnet::ByteValues, pplcnet::kImageChannels> meaning_;
  pplcnet::PreprocessScratch scratch_;
};

/// What to say of a picture that is not seen because of that.
pplcnet::Error too_narrow(std::string_view path);

#endif  // PPLCNET_EXAMPLES_CLASSIFIER_HPP
