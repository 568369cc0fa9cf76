#ifndef PPLCNET_EXAMPLES_CANVAS_HPP
#define PPLCNET_EXAMPLES_CANVAS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/image/view.hpp"

using Colour = std::array<float, 3>;  ///< red, green, blue, from 0 to 255

/// A picture to draw on.
class Canvas {
 public:
  Canvas(int width, int height, const Colour& background);

  /// A picture in another size: averaged where it shrinks, smooth where it grows.
  Canvas(pplcnet::ImageView image, int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }

  Colour at(int x, int y) const;
  /// Returns the red, green and blue of all pixels, row by row.
  const std::vector<std::uint8_t>& pixels() const { return pixels_; }
  void set(int x, int y, const Colour& colour);

  /// Fills a rectangle, as far as it lies within.
  void fill(int left, int top, int right, int bottom, const Colour& colour);

  /// Draws another one, which lies within.
  void draw(const Canvas& other, int left, int top);

  /// Draws printable ASCII, in letters of kTextHeight; what does not fit is cut off.
  void write(int left, int top, std::string_view text, const Colour& colour);
  static int width_of(std::string_view text);
  static constexpr int kTextHeight = 22;

  /// Returns the bytes of a PNG file.
  std::string png() const;

 private:
  std::size_t place(int x, int y) const {
    return (static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) +
            static_cast<std::size_t>(x)) *
           3;
  }

  int width_, height_;
  std::vector<std::uint8_t> pixels_;
};

#endif  // PPLCNET_EXAMPLES_CANVAS_HPP
