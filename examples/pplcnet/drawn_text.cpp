#include "drawn_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>

#include "canvas.hpp"
#include "explain.hpp"
#include "pplcnet/text/box_score.hpp"

namespace {

/// Neighbouring lines differ.
constexpr Colour kTextColours[] = {{0, 150, 199}, {216, 27, 96}, {67, 160, 71}, {124, 77, 255}};
constexpr Colour kPaper = {255, 255, 255};

pplcnet::Pixel scaled_corner(pplcnet::Point corner, pplcnet::ImageSize picture,
                             const Canvas& canvas) {
  const auto scaled = [](double place, int from, int to) {
    return std::clamp(static_cast<int>(place * to / from), 0, to - 1);
  };
  return {scaled(corner.x, picture.width, canvas.width()),
          scaled(corner.y, picture.height, canvas.height())};
}

}  // namespace

std::string drawn_text_png(pplcnet::ImageView image, std::span<const pplcnet::TextBox> boxes) {
  const pplcnet::ImageSize size = shown_size(image.size());
  Canvas canvas(image, size.width, size.height);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const Colour& colour = kTextColours[i % std::size(kTextColours)];
    for (std::size_t k = 0; k < 4; ++k) {
      const auto from = scaled_corner(boxes[i].corners[k], image.size(), canvas);
      const auto to = scaled_corner(boxes[i].corners[(k + 1) % 4], image.size(), canvas);
      pplcnet::for_each_pixel(from, to, [&](pplcnet::Pixel pixel) {
        canvas.fill(pixel.x - 1, pixel.y - 1, pixel.x + 1, pixel.y + 1, colour);
      });
    }
    const std::string number = std::to_string(i + 1);
    const auto [x, y] = scaled_corner(boxes[i].corners[0], image.size(), canvas);
    const int width = Canvas::width_of(number) + 4;
    // Before the line; above one that stands on end, as another may be before it.
    const auto [across, down] = boxes[i].corners[2] - boxes[i].corners[0];
    const bool stands = std::abs(down) > std::abs(across);
    const int left = std::clamp(stands ? x : x - width, 0, std::max(0, canvas.width() - width));
    const int top = std::clamp(stands ? y - Canvas::kTextHeight : y, 0,
                               std::max(0, canvas.height() - Canvas::kTextHeight));
    canvas.fill(left, top, left + width, top + Canvas::kTextHeight, colour);
    canvas.write(left + 2, top, number, kPaper);
  }
  return canvas.png();
}
