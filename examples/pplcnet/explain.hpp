#ifndef PPLCNET_EXAMPLES_EXPLAIN_HPP
#define PPLCNET_EXAMPLES_EXPLAIN_HPP

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "heat_map.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/error.hpp"

/// Draws heat maps over pictures, into a folder.
class Explanations {
 public:
  /// Writes the maps; the folder is made if it is not there; an error if the network is none that
  /// pools a map.
  static pplcnet::Error open(const std::string& folder, pplcnet::AnyClassifier& classifier,
                             std::optional<Explanations>& result);

  /// Writes NAME.png: the picture, beside or below it the map of its most probable class, and what
  /// the colours mean. Pictures of one name in several folders get numbers.
  pplcnet::Error draw(const std::string& path, pplcnet::ImageView image,
                      pplcnet::AnyClassifier& classifier, std::span<const float> scores);

 private:
  explicit Explanations(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::set<std::string> names_;
};

/// Returns the map of one class for a picture; none if it is too narrow.
std::optional<HeatMap> heat_map(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                                int class_id);

/// In which size a picture is shown: at least 320 pixels wide, at most 1024 wide and high, unless
/// it is too narrow for both.
pplcnet::ImageSize shown_size(pplcnet::ImageSize size);

/// Returns the picture and the map of a class side by side, with a legend: the bytes of a PNG file.
std::string explanation_png(const pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                            const HeatMap& map, int class_id, float score);

#endif  // PPLCNET_EXAMPLES_EXPLAIN_HPP
