#ifndef PPLCNET_EXAMPLES_EXPLAIN_HPP
#define PPLCNET_EXAMPLES_EXPLAIN_HPP

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "classifier.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/weights/error.hpp"

/// How much each place of the last map says for a class, as a part of the largest: the gradient of
/// the class's logit by the pooled vector, which is exact for this head, times the map (Grad-CAM,
/// Selvaraju 2017). [rows][columns] of that map, none below 0.
struct HeatMap {
  int rows = 0, columns = 0;
  std::vector<float> values;
};

/// Draws heat maps over pictures, into a folder.
class Explanations {
 public:
  /// The folder is made if it is not there; an error if the network is none that pools a map.
  static pplcnet::Error open(const std::string& folder, Classifier& classifier,
                             std::optional<Explanations>& result);

  /// Writes NAME.png, as wide and high as the picture: what was seen of it, with the map of its
  /// most probable class. Pictures of one name in several folders get numbers.
  pplcnet::Error draw(const std::string& path, pplcnet::ImageView image, Classifier& classifier,
                      std::span<const float> scores);

 private:
  explicit Explanations(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
  std::set<std::string> names_;
};

/// The map of one class for a picture; none if it is too narrow.
std::optional<HeatMap> heat_map(Classifier& classifier, pplcnet::ImageView image, int class_id);

/// The picture, darkened where nothing was seen, as a PNG file's bytes; at most `longest` pixels
/// wide and high.
std::string heat_map_png(const Classifier& classifier, pplcnet::ImageView image, const HeatMap& map,
                         int longest);

#endif  // PPLCNET_EXAMPLES_EXPLAIN_HPP
