#include "orientation_reader.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "pplcnet/models/orientation.hpp"

pplcnet::Error rotations_of(const pplcnet::AnyClassifier& classifier,
                            std::vector<std::size_t>& rotations) {
  const auto classes = static_cast<std::size_t>(classifier.classes());
  const bool may_be = (classes == 2 || classes == 4) && classifier.labels().size() == classes;
  for (int i = 0; i < classifier.classes(); ++i) {
    const std::string label = classifier.label(i);
    std::size_t angle = 1;
    std::from_chars(label.data(), label.data() + label.size(), angle);
    const bool is_rotation = may_be && angle < 360 && angle % (360 / classes) == 0;
    if (!is_rotation || std::ranges::count(rotations, angle / 90) > 0)
      return pplcnet::Error::of(classifier.name(), ": is not about orientation: of its ", classes,
                                " classes number ", i, " is ", pplcnet::quote(label));
    rotations.push_back(angle / 90);
  }
  return {};
}

bool OrientationReader::read(pplcnet::ImageView image, std::array<double, 4>& probabilities) {
  good_ = true;
  const pplcnet::Shape input = classifier_.network().input_shape();
  const bool tiles = input.height == pplcnet::PageTiling{}.side && input.width == input.height;
  if (rotations_.size() == 2) {
    const auto predict = [&](pplcnet::ImageView piece) {
      const auto rotations = see(piece);
      both_ = {rotations[0], rotations[2]};
      return std::span<const float>(both_);
    };
    const auto [upright, upside_down] = pplcnet::line_rotation(image, predict);
    probabilities = {upright, 0, upside_down, 0};
  } else if (tiles) {
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
