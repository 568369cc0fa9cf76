#ifndef PPLCNET_OPEN_ANY_DETECTOR_HPP
#define PPLCNET_OPEN_ANY_DETECTOR_HPP

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/detect/decoder.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/detect/nms.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/open_network.hpp"
#include "pplcnet/open/weight_file.hpp"
#include "pplcnet/weights/error.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstddef>
#include <utility>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A weight file's detector, ready for pictures: what `Detector` is where the compiler knows the
/// network. Copies share the weights: one copy for each thread.
class AnyDetector {
 public:
  /// Takes the weights of a file: of the detector that `open_network` finds.
  static Error open(const std::string& path, std::optional<AnyDetector>& result,
                    const NmsOptions& nms = {}, const OpenOptions& options = {});
  /// Does the same with a file that is open already; `model` may be empty.
  static Error open(const WeightFile& file, const std::string& model, const NmsOptions& nms,
                    std::optional<AnyDetector>& result);

  /// Returns the name of the published model.
  std::string_view name() const { return name_; }
  const AnyNetwork& network() const { return network_; }
  int classes() const { return decoder_.classes(); }

  const std::vector<std::string>& labels() const { return labels_; }
  /// Takes one for each class, or none; others are an error.
  Error set_labels(std::vector<std::string> labels);
  /// Returns the label of a class; its number where there are no labels.
  std::string label(int class_id) const;

  /// Returns what is in a picture of any size, as `Detector::detect` does.
  std::optional<std::span<const Detection>> detect(ImageView image, const RunOptions& options = {});

 private:
  AnyDetector(OpenedNetwork opened, const NmsOptions& nms);

  static std::vector<Shape> output_shapes(const Plan& plan) {
    std::vector<Shape> shapes;
    shapes.reserve(static_cast<std::size_t>(plan.output_count));
    for (int i = 0; i < plan.output_count; ++i)
      shapes.push_back(plan.layers[plan.outputs[i]].output);
    return shapes;
  }

  std::string name_;
  AnyNetwork network_;
  std::vector<std::string> labels_;
  Preprocessing preprocessing_;
  std::array<ByteTable, kImageChannels> lookup_;
  PreprocessScratch scratch_;
  DetectionDecoder decoder_;
};

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE AnyDetector::AnyDetector(OpenedNetwork opened, const NmsOptions& nms)
    : name_(opened.published->model.name),
      network_(std::move(opened.network)),
      labels_(std::move(opened.labels)),
      preprocessing_(opened.preprocessing),
      lookup_(normalisation_tables(preprocessing_.normalisation)),
      decoder_(network_.traits().input, output_shapes(network_.plan()), nms) {}

PPLCNET_INLINE Error AnyDetector::open(const std::string& path, std::optional<AnyDetector>& result,
                                       const NmsOptions& nms, const OpenOptions& options) {
  return with_memory_for(path, [&]() -> Error {
    WeightFile file;
    if (auto error = WeightFile::open(path, options.companion, file, options.part)) return error;
    return open(file, options.model, nms, result);
  });
}

PPLCNET_INLINE Error AnyDetector::open(const WeightFile& file, const std::string& model,
                                       const NmsOptions& nms, std::optional<AnyDetector>& result) {
  std::optional<OpenedNetwork> opened;
  if (auto error = open_network(file, model, Purpose::objects, opened)) return error;
  if (opened->published->objects == 0)
    return Error::of(file.path(), ": ", opened->published->model.name, " is no detector");
  result.emplace(AnyDetector(std::move(*opened), nms));
  return {};
}

PPLCNET_INLINE Error AnyDetector::set_labels(std::vector<std::string> labels) {
  if (auto error = check_label_count(labels.size(), classes(), name_)) return error;
  labels_ = std::move(labels);
  return {};
}

PPLCNET_INLINE std::string AnyDetector::label(int class_id) const {
  return label_of(class_id, labels_);
}

PPLCNET_INLINE std::optional<std::span<const Detection>> AnyDetector::detect(
    ImageView image, const RunOptions& options) {
  if (!resize_and_crop(preprocessing_, image, scratch_)) return std::nullopt;
  const Plan& plan = network_.plan();
  const std::span<float* const> outputs = decoder_.destinations();
  std::array<float*, Plan::kMaxLayers> destinations = {};
  for (std::size_t i = 0; i < outputs.size(); ++i)
    destinations[static_cast<std::size_t>(plan.outputs[i])] = outputs[i];
  network_.run(Picture::interleaved(scratch_.pixels.data(), lookup_.data(), network_.input_shape()),
               std::span(destinations).first(network_.layers().size()), options);
  return decoder_.decode(image.size());
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_ANY_DETECTOR_HPP
