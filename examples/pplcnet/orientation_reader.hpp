#ifndef PPLCNET_EXAMPLES_ORIENTATION_READER_HPP
#define PPLCNET_EXAMPLES_ORIENTATION_READER_HPP

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/graph/shape.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// Lists the rotations, by quarters clockwise, of the classes of a network, from their labels: `90`
/// or `180_degree`. An error if it is not about orientation: of lines by two classes, or of pages
/// by four.
pplcnet::Error rotations_of(const pplcnet::AnyClassifier& classifier,
                            std::vector<std::size_t>& rotations);
/// Lists the same of a network with these labels, whose name is for messages.
pplcnet::Error rotations_of(std::string_view name, int class_count,
                            std::span<const std::string> labels,
                            std::vector<std::size_t>& rotations);

/// Whether a network of four rotations is for tiles of pages.
bool sees_tiles(const pplcnet::Extent& input);

/// A network for orientation with the rotations that its classes stand for.
class OrientationReader {
 public:
  OrientationReader(pplcnet::AnyClassifier& classifier, std::span<const std::size_t> rotations)
      : classifier_(classifier), rotations_(rotations) {}

  /// Computes how probable it is that a picture is rotated by 0, 90, 180 and 270 degrees: lines of
  /// text are read in pieces, pages in tiles if the network is for such, others as a whole.
  /// Returns false if a picture is too narrow.
  bool read(pplcnet::ImageView image, std::array<double, 4>& probabilities);

 private:
  /// Probabilities of the quarters, in their order; valid until the next call.
  std::span<const float> see(pplcnet::ImageView image);

  pplcnet::AnyClassifier& classifier_;
  std::span<const std::size_t> rotations_;
  bool good_ = true;
  std::vector<float> scores_;
  std::array<float, 4> quarters_ = {};
  std::array<float, 2> both_ = {};
};

#endif  // PPLCNET_EXAMPLES_ORIENTATION_READER_HPP
