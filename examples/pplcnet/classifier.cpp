#include "classifier.hpp"

#include <cstddef>
#include <utility>

#include "engine.hpp"
#include "open_network.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/stored_as.hpp"

using pplcnet::Error;

Classifier::Classifier(Opened opened)
    : name_(opened.published->model.name),
      network_(std::move(opened.network)),
      output_(opened.output),
      labels_(std::move(opened.labels)) {
  set_preprocessing(opened.preprocessing);
}

Error Classifier::open(const WeightFile& file, const std::string& model, Purpose purpose,
                       std::optional<Classifier>& result) {
  std::optional<Opened> opened;
  if (auto error = open_network(file, model, purpose, opened)) return error;
  Classifier classifier(std::move(*opened));
  if (auto error = classifier.store_as(file.evidence().storage, file.path())) return error;
  result.emplace(std::move(classifier));
  return {};
}

Error Classifier::store_as(pplcnet::Storage storage, std::string_view path) {
  if (storage == network_.traits().storage) return {};
  std::optional<pplcnet::AnyNetwork> stored;
  if (auto error = pplcnet::store_as(storage, network_, path, stored)) return error;
  network_ = std::move(*stored);
  return {};
}

Error Classifier::set_labels(std::vector<std::string> labels) {
  if (auto error = pplcnet::check_label_count(labels.size(), classes(), name_)) return error;
  labels_ = std::move(labels);
  return {};
}

std::string Classifier::label(int class_id) const {
  const auto index = static_cast<std::size_t>(class_id);
  return index < labels_.size() ? labels_[index] : std::to_string(class_id);
}

void Classifier::set_preprocessing(const pplcnet::Preprocessing& preprocessing) {
  preprocessing_ = preprocessing;
  meaning_ = pplcnet::normalisation_tables(preprocessing.normalisation);
}

bool Classifier::run(pplcnet::ImageView image, std::span<float* const> destinations) {
  if (!pplcnet::resize_and_crop(preprocessing_, image, scratch_)) return false;
  const pplcnet::Shape shape = network_.input_shape();
  auto picture = pplcnet::Picture::interleaved(scratch_.pixels.data(), meaning_.data(), shape);
  if (preprocessing_.channel_order == pplcnet::ChannelOrder::bgr) picture = picture.reversed(shape);
  run_network(network_, picture, destinations);
  return true;
}

bool Classifier::run(pplcnet::ImageView image, int layer, std::vector<float>& output) {
  const auto index = static_cast<std::size_t>(layer);
  output.resize(static_cast<std::size_t>(network_.layers()[index].output.size()));
  std::vector<float*> destinations(network_.layers().size());
  destinations[index] = output.data();
  return run(image, destinations);
}

bool Classifier::probabilities(pplcnet::ImageView image, std::vector<float>& scores) {
  if (!run(image, network_.traits().logits, scores)) return false;
  to_probabilities(scores);
  return true;
}

void Classifier::to_probabilities(std::span<float> logits) const {
  if (output_ == pplcnet::Output::sigmoid)
    pplcnet::sigmoid(logits);
  else
    pplcnet::softmax(logits);
}

Error too_narrow(std::string_view path) {
  return Error::of(path, ": too narrow a picture to crop from");
}
