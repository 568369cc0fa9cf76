#include "segmentation.hpp"

#include <cstddef>

#include "pictures.hpp"
#include "pplcnet/image/mask.hpp"

using pplcnet::AnyClassifier;
using pplcnet::Error;

Error open_segmenter(const NetworkOptions& options, std::optional<AnyClassifier>& network) {
  if (auto error = options.open(network, pplcnet::Purpose::any)) return error;
  constexpr int kMost = 255;
  const pplcnet::NetworkTraits& traits = network->network().traits();
  if (traits.classes == 0 && traits.label_count > 0 && traits.label_count <= kMost) return {};
  return Error::of(options.weights, ": holds ", network->name(), ", which gives pixels no classes");
}

Error segment(AnyClassifier& network, const std::string& path, pplcnet::ImageView image,
              std::vector<std::uint8_t>& mask) {
  const int result = network.network().plan().outputs[0];
  const pplcnet::Shape shape = network.network().layers()[static_cast<std::size_t>(result)].output;
  std::vector<float> scores;
  const bool is_seen = network.run(image, result, scores);
  if (auto error = check_output_of(path, is_seen, scores)) return error;
  std::vector<float> line(static_cast<std::size_t>(shape.width));
  mask.resize(static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
  pplcnet::argmax_rows({scores.data(), shape.channels, shape.height, shape.width}, image.size(), 0,
                       image.height, line, mask.data());
  return {};
}
