#ifndef PPLCNET_CLASSIFIER_HPP
#define PPLCNET_CLASSIFIER_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/huge_pages.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/weights/load.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The preprocessing that published weights of a network expect: that of its model; without one
/// timm's for its dialect, otherwise Paddle's; a picture is squeezed into an input that is not
/// square.
template <class Net>
constexpr Preprocessing default_preprocessing() {
  if constexpr (HasModel<Net>) return Net::Definition::model.preprocessing;
  constexpr int kHeight = Net::input_shape.height, kWidth = Net::input_shape.width;
  if (Net::architecture.dialect == Dialect::timm) return timm_bicubic(kHeight, kWidth);
  return kHeight == kWidth ? paddle_imagenet(kHeight, kWidth) : paddle_direct(kHeight, kWidth);
}

/// The labels of a network's model; none without one.
template <class Net>
std::vector<std::string> default_labels() {
  if constexpr (HasModel<Net>) {
    constexpr auto kLabels = Net::Definition::model.labels;
    return {kLabels.begin(), kLabels.end()};
  }
  return {};
}

/// What makes probabilities of a network's logits: what its model says, otherwise softmax.
template <class Net>
constexpr Output output_of() {
  if constexpr (HasModel<Net>) return Net::Definition::model.output;
  return Output::softmax;
}

/// From decoded pixels to labels: a network with its weights, workspace, preprocessing and labels.
/// A published model (see models/) brings the last two.
/// Copies share the weights and have everything else of their own: one copy for each thread.
template <class Net>
class Classifier {
 public:
  Classifier() = default;
  Classifier(const Classifier& other)
      : weights_(other.weights_),
        preprocessing_(other.preprocessing_),
        meaning_(other.meaning_),
        labels_(other.labels_) {}
  Classifier(Classifier&&) noexcept = default;
  Classifier& operator=(const Classifier& other) {
    if (this != &other) *this = Classifier(other);
    return *this;
  }
  Classifier& operator=(Classifier&&) noexcept = default;
  ~Classifier() = default;

  /// Reads weights in any format that `pplcnet::load` knows, or another `read` such as
  /// `pplcnet::load_any`; a native file also brings labels and preprocessing. After an error the
  /// classifier is as before.
  Error load(std::string_view path,
             Error (*read)(std::string_view, typename Net::Weights&,
                           ModelInfo*) = pplcnet::load<typename Net::Weights>) {
    return load_by(path, [&](auto& weights, auto* info) { return read(path, weights, info); });
  }

  /// The same with weights that `read(weights, info)` brings; `path` is for messages.
  template <class Read>
  Error load_by(std::string_view path, const Read& read) {
    std::shared_ptr<typename Net::Weights> weights(new typename Net::Weights());
    ModelInfo info;
    if (auto error = read(*weights, &info)) return error;
    if (auto error = check_label_count(info.labels.size(), Net::classes, path)) return error;
    if (!info.preprocessing.empty()) {
      const auto preset =
          find_preset(info.preprocessing, Net::input_shape.height, Net::input_shape.width);
      if (!preset) return Error::of(path, ": unknown preprocessing ", quote(info.preprocessing));
      set_preprocessing(*preset);
    }
    if (!info.labels.empty()) labels_ = std::move(info.labels);
    weights_ = std::move(weights);
    return {};
  }

  /// One label for each class, or none; any other number is an error.
  Error set_labels(std::vector<std::string> labels) {
    if (auto error = check_label_count(labels.size(), Net::classes, "labels")) return error;
    labels_ = std::move(labels);
    return {};
  }
  const std::vector<std::string>& labels() const { return labels_; }

  /// Its height and width must be those of the network's input.
  void set_preprocessing(const Preprocessing& preprocessing) {
    preprocessing_ = preprocessing;
    meaning_ = normalisation_tables(preprocessing.normalisation);
  }
  const Preprocessing& preprocessing() const { return preprocessing_; }

  /// Label of a class, or its number where there are no labels.
  std::string label(int class_id) const {
    const auto index = static_cast<std::size_t>(class_id);
    return index < labels_.size() ? labels_[index] : std::to_string(class_id);
  }

  /// Raw scores of a picture, or nothing if weights were not loaded or the picture is empty or too
  /// narrow for the crop. Valid until the next call.
  std::optional<std::span<const float>> logits(ImageView image, const RunOptions& options = {}) {
    if (weights_ == nullptr || preprocessing_.tensor_size() != Net::input_size ||
        !resize_and_crop(preprocessing_, image, state_->scratch))
      return std::nullopt;
    auto picture =
        Picture::interleaved(state_->scratch.pixels.data(), meaning_.data(), Net::input_shape);
    if (preprocessing_.channel_order == ChannelOrder::bgr)
      picture = picture.reversed(Net::input_shape);
    Net::forward(*weights_, picture, state_->workspace, state_->logits, options);
    return state_->logits;
  }

  /// Probabilities of all classes: softmax as Paddle computes it, or for attributes sigmoid.
  std::optional<std::span<const float>> probabilities(ImageView image,
                                                      const RunOptions& options = {}) {
    if (!logits(image, options)) return std::nullopt;
    if constexpr (output_of<Net>() == Output::sigmoid) {
      sigmoid(state_->logits);
    } else {
      softmax(state_->logits);
    }
    return state_->logits;
  }

  /// A published model's answer: attributes, or the class that is decided for, with its score.
  auto answer(ImageView image, const RunOptions& options = {}) requires HasModel<Net> {
    using Answer = decltype(decode<Net>(std::declval<const typename Net::Logits&>()));
    return probabilities(image, options) ? std::optional<Answer>(decode<Net>(state_->logits))
                                         : std::nullopt;
  }

  /// The kCount most probable classes, best first; class_id is -1 where there is no answer.
  template <std::size_t kCount>
  std::array<Prediction, kCount> top_k(ImageView image, const RunOptions& options = {}) {
    const auto scores = probabilities(image, options);
    return scores ? pplcnet::top_k<kCount>(*scores) : std::array<Prediction, kCount>{};
  }

 private:
  struct State : InHugePages {
    PreprocessScratch scratch = {};
    typename Net::Workspace workspace;
    typename Net::Logits logits;
  };

  std::shared_ptr<const typename Net::Weights> weights_;
  std::unique_ptr<State> state_ = std::make_unique<State>();
  Preprocessing preprocessing_ = default_preprocessing<Net>();
  std::array<ByteValues, kImageChannels> meaning_ =
      normalisation_tables(preprocessing_.normalisation);
  std::vector<std::string> labels_ = default_labels<Net>();
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_CLASSIFIER_HPP
