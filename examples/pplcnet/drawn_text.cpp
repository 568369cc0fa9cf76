#include "drawn_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "canvas.hpp"
#include "explain.hpp"
#include "label_places.hpp"
#include "pplcnet/text/box_score.hpp"

namespace {

/// Neighbouring lines differ.
constexpr Colour kTextColours[] = {{0, 150, 199}, {216, 27, 96}, {67, 160, 71}, {124, 77, 255}};
constexpr Colour kNumberColour = {255, 255, 255};

pplcnet::Pixel scaled_corner(pplcnet::Point corner, pplcnet::ImageSize picture,
                             const Canvas& canvas) {
  const auto scaled = [](double place, int from, int to) {
    return std::clamp(static_cast<int>(place * to / from), 0, to - 1);
  };
  return {scaled(corner.x, picture.width, canvas.width()),
          scaled(corner.y, picture.height, canvas.height())};
}

/// A line on a canvas.
struct DrawnLine {
  std::array<pplcnet::Pixel, 4> corners;
  Frame frame;          ///< around it
  bool stands = false;  ///< on end
};

DrawnLine drawn_line(const pplcnet::TextBox& box, pplcnet::ImageSize picture,
                     const Canvas& canvas) {
  DrawnLine line;
  for (std::size_t i = 0; i < 4; ++i)
    line.corners[i] = scaled_corner(box.corners[i], picture, canvas);
  const auto [left, right] = std::ranges::minmax(line.corners, {}, &pplcnet::Pixel::x);
  const auto [top, bottom] = std::ranges::minmax(line.corners, {}, &pplcnet::Pixel::y);
  line.frame = {left.x, top.y, right.x + 1, bottom.y + 1};
  const auto [across, down] = box.corners[2] - box.corners[0];
  line.stands = std::abs(down) > std::abs(across);
  return line;
}

void draw_outline(Canvas& canvas, const DrawnLine& line, const Colour& colour) {
  for (std::size_t k = 0; k < 4; ++k)
    pplcnet::for_each_pixel(line.corners[k], line.corners[(k + 1) % 4], [&](pplcnet::Pixel pixel) {
      canvas.fill(pixel.x - 1, pixel.y - 1, pixel.x + 1, pixel.y + 1, colour);
    });
}

/// Draws a number before the line; above one that stands on end, as another may be before it.
void draw_number(Canvas& canvas, LabelPlaces& places, const DrawnLine& line,
                 const std::string& number, const Colour& colour) {
  constexpr int kHeight = Canvas::kTextHeight;
  const int width = Canvas::width_of(number) + 4;
  const auto [x, y] = line.corners[0];
  std::vector<pplcnet::Pixel> wishes;
  for (int i = 1; i <= 3; ++i)  // the further away, the more lines
    wishes.push_back(line.stands ? pplcnet::Pixel{x, y - i * kHeight}
                                 : pplcnet::Pixel{x - i * width, y});
  wishes.push_back(line.stands ? pplcnet::Pixel{x, line.frame.bottom}
                               : pplcnet::Pixel{line.frame.right, y});
  wishes.push_back({x, y});
  const Frame place = places.place({width, kHeight}, wishes);
  canvas.fill(place.left, place.top, place.right, place.bottom, colour);
  canvas.write(place.left + 2, place.top, number, kNumberColour);
}

}  // namespace

std::string drawn_text_png(pplcnet::ImageView image, std::span<const pplcnet::TextBox> boxes) {
  const pplcnet::ImageSize size = shown_size(image.size());
  Canvas canvas(image, size.width, size.height);
  const auto colour_of = [](std::size_t i) { return kTextColours[i % std::size(kTextColours)]; };
  std::vector<DrawnLine> lines;
  std::vector<Frame> frames;
  for (const pplcnet::TextBox& box : boxes) {
    lines.push_back(drawn_line(box, image.size(), canvas));
    frames.push_back(lines.back().frame);
    draw_outline(canvas, lines.back(), colour_of(lines.size() - 1));
  }
  LabelPlaces places(size, frames);
  for (std::size_t i = 0; i < lines.size(); ++i)
    draw_number(canvas, places, lines[i], std::to_string(i + 1), colour_of(i));
  return canvas.png();
}
