#include "orientation_reader.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/page_tiles.hpp"
#include "pplcnet/models/orientation.hpp"

pplcnet::Error rotations_of(const pplcnet::AnyClassifier& classifier,
                            std::vector<std::size_t>& rotations) {
  return rotations_of(classifier.name(), classifier.classes(), classifier.labels(), rotations);
}

pplcnet::Error rotations_of(std::string_view name, int class_count,
                            std::span<const std::string> labels,
                            std::vector<std::size_t>& rotations) {
  const auto classes = static_cast<std::size_t>(class_count);
  const bool may_be = (classes == 2 || classes == 4) && labels.size() == classes;
  for (int i = 0; i < class_count; ++i) {
    const std::string label = pplcnet::label_of(i, labels);
    std::size_t angle = 1;
    std::from_chars(label.data(), label.data() + label.size(), angle);
    const bool is_rotation = may_be && angle < 360 && angle % (360 / classes) == 0;
    if (!is_rotation || std::ranges::count(rotations, angle / 90) > 0)
      return pplcnet::Error::of(name, ": is not about orientation: of its ", classes,
                                " classes number ", i, " is ", pplcnet::quote(label));
    rotations.push_back(angle / 90);
  }
  return {};
}

bool sees_tiles(const pplcnet::Extent& input) {
  return input.height == pplcnet::PageTiling{}.side && input.width == input.height;
}

bool OrientationReader::read(pplcnet::ImageView image, std::array<double, 4>& probabilities) {
  good_ = true;
  if (rotations_.size() == 2) {
    const auto predict = [&](pplcnet::ImageView piece) {
      const auto rotations = see(piece);
      both_ = {rotations[0], rotations[2]};
      return std::span<const float>(both_);
    };
    const auto [upright, upside_down] = pplcnet::line_rotation(image, predict);
    probabilities = {upright, 0, upside_down, 0};
  } else if (sees_tiles(classifier_.network().traits().input)) {
    probabilities =
        pplcnet::page_rotation(image, [&](pplcnet::ImageView tile) { return see(tile); });
  } else {
    std::ranges::copy(see(image), probabilities.begin());
  }
  return good_;
}

std::span<const float> OrientationReader::see(pplcnet::ImageView image) {
  good_ = classifier_.probabilities(image, scores_) && good_;
  scores_.resize(rotations_.size());
  for (std::size_t i = 0; i < rotations_.size(); ++i) quarters_[rotations_[i]] = scores_[i];
  return quarters_;
}
