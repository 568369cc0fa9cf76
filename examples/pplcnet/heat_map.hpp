#ifndef PPLCNET_EXAMPLES_HEAT_MAP_HPP
#define PPLCNET_EXAMPLES_HEAT_MAP_HPP

#include <span>
#include <vector>

#include "canvas.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/view.hpp"

/// Computes how much each place of the last map contributes to a class, as a part of the largest:
/// the gradient of the class's logit by the pooled vector, which is exact for this head, times the
/// map (Grad-CAM, Selvaraju 2017). [rows][columns] of that map, none below 0.
struct HeatMap {
  int rows = 0, columns = 0;
  std::vector<float> values;
};

/// Returns the layer whose output, planar, a map is of: what the network pools.
int heat_layer(const pplcnet::AnyNetwork& network);

/// Returns how much each place speaks for one class, of the output of heat_layer for a picture, in
/// the units of logits; below 0 what speaks against it.
HeatMap class_map(const pplcnet::AnyNetwork& network, int class_id, std::span<const float> maps);

/// Makes such a map, or one that is put together of several, a part of its largest value.
void normalise(HeatMap& map);

/// Returns class_map, normalised.
HeatMap heat_map(const pplcnet::AnyNetwork& network, int class_id, std::span<const float> maps);

/// From black through purple, red and orange to pale yellow: the more, the lighter, as in
/// matplotlib's "inferno".
Colour heat_colour(float heat);

/// The colours of a map, from the lowest value to the highest, as a CSS gradient.
inline constexpr const char* kHeatGradient =
    "linear-gradient(90deg, #000004, #1f0c48, #550f6d, #88226a, #ba3655, #e35933, #f98c0a, "
    "#f9c932, "
    "#fcffa4)";

/// Returns the map over the picture in grey; what the network did not see is pale.
Canvas draw_heat(const pplcnet::Preprocessing& preprocessing, pplcnet::ImageView image,
                 const HeatMap& map, pplcnet::ImageSize size);

#endif  // PPLCNET_EXAMPLES_HEAT_MAP_HPP
