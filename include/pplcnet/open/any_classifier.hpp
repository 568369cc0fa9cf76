#ifndef PPLCNET_OPEN_ANY_CLASSIFIER_HPP
#define PPLCNET_OPEN_ANY_CLASSIFIER_HPP

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/open/either_network.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstddef>
#include <utility>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/stored_as.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A weight file's network, ready for pictures: what `Classifier` is where the compiler knows
/// the network. Copies share the weights: one copy for each thread.
class AnyClassifier {
 public:
  /// Takes the weights of a file: of the network that `open_network` finds. What a native file has
  /// as float16 is float16 in memory; what is quantised is computed in bytes.
  static Error open(const std::string& path, std::optional<AnyClassifier>& result,
                    const OpenOptions& options = {});
  /// Does the same with a file that is open already; `model` may be empty.
  static Error open(const WeightFile& file, const std::string& model, Purpose purpose,
                    std::optional<AnyClassifier>& result);

  /// Keeps the weights in this storage, such as half_head, which is as float16 what a small network
  /// has most of. An error names `path` and the tensor with a number that float16 cannot hold;
  /// those that are quantised stay so.
  Error store_as(Storage storage, std::string_view path);

  /// Returns the name of the published model; of one with other classes, what it was made from.
  std::string_view name() const { return name_; }
  const EitherNetwork& network() const { return network_; }
  EitherNetwork& network() { return network_; }
  int classes() const { return network_.classes(); }

  const std::vector<std::string>& labels() const { return labels_; }
  /// Takes one for each class, or none; others are an error.
  Error set_labels(std::vector<std::string> labels);
  /// Returns the label of a class; its number where there are no labels.
  std::string label(int class_id) const;

  const Preprocessing& preprocessing() const { return preprocessing_; }
  /// Takes another one. A network in bytes keeps the normalisation that it was quantised with.
  void set_preprocessing(const Preprocessing& preprocessing);

  /// Runs a picture: `destinations[i]` is where the output of layer i goes, or null. False if the
  /// picture is too narrow to crop from.
  bool run(ImageView image, std::span<float* const> destinations);

  /// Runs a picture for the output of one layer, planar.
  bool run(ImageView image, int layer, std::vector<float>& output);

  /// Runs a picture for its probabilities: the softmax of the logits, or of attributes the sigmoid.
  bool probabilities(ImageView image, std::vector<float>& scores);
  /// Makes probabilities of logits, in place.
  void to_probabilities(std::span<float> logits) const;

 private:
  explicit AnyClassifier(OpenedEither opened);

  std::string name_;
  EitherNetwork network_;
  Output output_;
  std::vector<std::string> labels_;
  Preprocessing preprocessing_;
  std::array<ByteTable, kImageChannels> lookup_;
  PreprocessScratch scratch_;
};

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE AnyClassifier::AnyClassifier(OpenedEither opened)
    : name_(opened.published->model.name),
      network_(std::move(opened.network)),
      output_(opened.output),
      labels_(std::move(opened.labels)) {
  set_preprocessing(opened.preprocessing);
}

PPLCNET_INLINE Error AnyClassifier::open(const std::string& path,
                                         std::optional<AnyClassifier>& result,
                                         const OpenOptions& options) {
  return with_memory_for(path, [&]() -> Error {
    WeightFile file;
    if (auto error = WeightFile::open(path, options.companion, file, options.part)) return error;
    return open(file, options.model, options.purpose, result);
  });
}

PPLCNET_INLINE Error AnyClassifier::open(const WeightFile& file, const std::string& model,
                                         Purpose purpose, std::optional<AnyClassifier>& result) {
  std::optional<OpenedEither> opened;
  if (auto error = open_network(file, model, purpose, opened)) return error;
  AnyClassifier classifier(std::move(*opened));
  if (auto error = classifier.store_as(file.evidence().storage, file.path())) return error;
  result.emplace(std::move(classifier));
  return {};
}

PPLCNET_INLINE Error AnyClassifier::store_as(Storage storage, std::string_view path) {
  if (storage == network_.traits().storage) return {};
  const AnyNetwork* const floats = network_.floats();
  if (floats == nullptr) return Error::of(path, ": its weights are int8, and stay so");
  std::optional<AnyNetwork> stored;
  if (auto error = pplcnet::store_as(storage, *floats, path, stored)) return error;
  network_ = EitherNetwork(std::move(*stored));
  return {};
}

PPLCNET_INLINE Error AnyClassifier::set_labels(std::vector<std::string> labels) {
  const int count = network_.traits().label_count;
  if (auto error = check_label_count(labels.size(), count, name_)) return error;
  labels_ = std::move(labels);
  return {};
}

PPLCNET_INLINE std::string AnyClassifier::label(int class_id) const {
  return label_of(class_id, labels_);
}

PPLCNET_INLINE void AnyClassifier::set_preprocessing(const Preprocessing& preprocessing) {
  preprocessing_ = preprocessing;
  lookup_ = normalisation_tables(preprocessing.normalisation);
}

PPLCNET_INLINE bool AnyClassifier::run(ImageView image, std::span<float* const> destinations) {
  if (!resize_and_crop(preprocessing_, image, scratch_)) return false;
  const Shape shape = network_.input_shape();
  auto picture = Picture::interleaved(scratch_.pixels.data(), lookup_.data(), shape);
  if (preprocessing_.channel_order == ChannelOrder::bgr) picture = picture.reversed(shape);
  network_.run(picture, destinations);
  return true;
}

PPLCNET_INLINE bool AnyClassifier::run(ImageView image, int layer, std::vector<float>& output) {
  const auto index = static_cast<std::size_t>(layer);
  output.resize(static_cast<std::size_t>(network_.layers()[index].output.size()));
  std::vector<float*> destinations(network_.layers().size());
  destinations[index] = output.data();
  return run(image, destinations);
}

PPLCNET_INLINE bool AnyClassifier::probabilities(ImageView image, std::vector<float>& scores) {
  if (!run(image, network_.traits().logits, scores)) return false;
  to_probabilities(scores);
  return true;
}

PPLCNET_INLINE void AnyClassifier::to_probabilities(std::span<float> logits) const {
  if (output_ == Output::sigmoid)
    pplcnet::sigmoid(logits);
  else
    pplcnet::softmax(logits);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_ANY_CLASSIFIER_HPP
