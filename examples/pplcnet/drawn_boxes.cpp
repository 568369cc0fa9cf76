#include "drawn_boxes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <vector>

#include "canvas.hpp"
#include "explain.hpp"
#include "label_places.hpp"
#include "pplcnet/text/box_score.hpp"

using pplcnet::Box;
using pplcnet::Detection;

namespace {

/// Colours that are told from each other and from most photographs; classes take turns.
constexpr Colour kClassColours[] = {{239, 108, 0},  {0, 150, 199},  {67, 160, 71}, {216, 27, 96},
                                    {251, 192, 45}, {124, 77, 255}, {0, 137, 123}, {229, 57, 53},
                                    {57, 73, 171},  {142, 36, 170}, {0, 172, 193}, {124, 179, 66}};
constexpr int kFrameLine = 3, kPadding = 6;

const Colour& colour_of(int class_id) {
  return kClassColours[static_cast<std::size_t>(class_id) % std::size(kClassColours)];
}

/// Returns the colour of letters: dark on light colours, light on dark ones.
Colour ink_on(const Colour& colour) {
  const float light = 0.3f * colour[0] + 0.59f * colour[1] + 0.11f * colour[2];
  return light > 150 ? Colour{29, 37, 48} : Colour{255, 255, 255};
}

std::string caption_of(const pplcnet::AnyDetector& detector, const Detection& one) {
  std::string label = detector.label(one.class_id);
  const bool ascii = std::ranges::all_of(label, [](char c) { return c >= ' ' && c <= '~'; });
  if (!ascii || label.empty()) label = "class " + std::to_string(one.class_id);
  char score[16];
  std::snprintf(score, sizeof(score), " %.0f%%", 100 * double{one.score});
  return label + score;
}

Frame frame_of(const Box& box, pplcnet::ImageSize picture, const Canvas& canvas) {
  const auto scaled = [](float at, int from, int to) {
    const double place = double{at} * to / from;
    return static_cast<int>(std::clamp(std::round(place), 0.0, static_cast<double>(to)));
  };
  return {scaled(box.x1, picture.width, canvas.width()),
          scaled(box.y1, picture.height, canvas.height()),
          scaled(box.x2, picture.width, canvas.width()),
          scaled(box.y2, picture.height, canvas.height())};
}

void draw_frame(Canvas& canvas, const Frame& frame, const Colour& colour) {
  const auto [left, top, right, bottom] = frame;
  canvas.fill(left, top, right, top + kFrameLine, colour);
  canvas.fill(left, bottom - kFrameLine, right, bottom, colour);
  canvas.fill(left, top, left + kFrameLine, bottom, colour);
  canvas.fill(right - kFrameLine, top, right, bottom, colour);
}

/// Draws a label above its box, or elsewhere at its edges where it hides less.
void draw_label(Canvas& canvas, LabelPlaces& places, const Frame& frame, const std::string& text,
                const Colour& colour) {
  const int height = Canvas::kTextHeight + kPadding / 2;
  const int width = Canvas::width_of(text) + 2 * kPadding;
  const auto [left, top, right, bottom] = frame;
  std::vector<pplcnet::Pixel> wishes;
  if (top >= height) wishes = {{left, top - height}, {right - width, top - height}};
  for (const pplcnet::Pixel wish :
       std::initializer_list<pplcnet::Pixel>{{left, top},
                                             {left, bottom},
                                             {right - width, bottom},
                                             {right, top},
                                             {left - width, top},
                                             {right - width, top},
                                             {left, bottom - height},
                                             {right - width, bottom - height},
                                             {right, bottom - height},
                                             {left - width, bottom - height},
                                             {left, top - 2 * height},
                                             {left, top + height},
                                             {left, bottom + height}})
    wishes.push_back(wish);
  const Frame place = places.place({width, height}, wishes);
  canvas.fill(place.left, place.top, place.right, place.bottom, colour);
  canvas.write(place.left + kPadding, place.top + kPadding / 2, text, ink_on(colour));
}

}  // namespace

std::string drawn_boxes_png(const pplcnet::AnyDetector& detector, pplcnet::ImageView image,
                            std::span<const Detection> detections) {
  const pplcnet::ImageSize size = shown_size(image.size());
  Canvas canvas(image, size.width, size.height);
  std::vector<Detection> ordered(detections.begin(), detections.end());
  std::ranges::stable_sort(ordered, std::greater<>(), &Detection::score);
  std::vector<Frame> frames;
  for (const Detection& one : ordered) frames.push_back(frame_of(one.box, image.size(), canvas));
  for (std::size_t i = ordered.size(); i-- > 0;)  // the best on top
    draw_frame(canvas, frames[i], colour_of(ordered[i].class_id));
  LabelPlaces places(size, frames);
  for (std::size_t i = 0; i < ordered.size(); ++i)
    draw_label(canvas, places, frames[i], caption_of(detector, ordered[i]),
               colour_of(ordered[i].class_id));
  return canvas.png();
}
