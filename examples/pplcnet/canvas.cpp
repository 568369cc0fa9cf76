#include "canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "png.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#endif
#include <stb/stb_easy_font.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

namespace {

constexpr float kTextScale = 2;  // of stb's letters

std::uint8_t to_byte(float value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

/// A place in a row or column, and its share of a new pixel.
struct Share {
  int at = 0;
  float part = 0;
};

/// Returns the pixels of `from` that pixel `at` of `to` is made of.
std::vector<Share> shares_of(int at, int from, int to) {
  const float scale = static_cast<float>(from) / static_cast<float>(to);
  std::vector<Share> shares;
  if (scale <= 1) {
    const float centre = std::clamp((static_cast<float>(at) + 0.5f) * scale - 0.5f, 0.0f,
                                    static_cast<float>(from - 1));
    const int first = static_cast<int>(centre);
    const float part = centre - static_cast<float>(first);
    return {{first, 1 - part}, {std::min(first + 1, from - 1), part}};
  }
  const float begin = static_cast<float>(at) * scale, end = begin + scale;
  for (int i = static_cast<int>(begin); i < from && static_cast<float>(i) < end; ++i)
    shares.push_back(
        {i, (std::min(end, static_cast<float>(i + 1)) - std::max(begin, static_cast<float>(i))) /
                scale});
  return shares;
}

/// A corner of a letter's rectangle, as stb writes it.
struct Corner {
  float x, y, z;
  std::uint32_t colour;
};

}  // namespace

Canvas::Canvas(int width, int height, const Colour& background) : width_(width), height_(height) {
  pixels_.resize(place(0, height));
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) set(x, y, background);
}

Canvas::Canvas(pplcnet::ImageView image, int width, int height) : Canvas(width, height, Colour{}) {
  std::vector<std::vector<Share>> columns;
  for (int x = 0; x < width; ++x) columns.push_back(shares_of(x, image.width, width));
  for (int y = 0; y < height; ++y) {
    const auto rows = shares_of(y, image.height, height);
    for (int x = 0; x < width; ++x) {
      Colour sum = {};
      for (const Share& row : rows)
        for (const Share& column : columns[static_cast<std::size_t>(x)]) {
          const std::uint8_t* const from = image.row(row.at) + std::ptrdiff_t{column.at} * 3;
          for (std::size_t i = 0; i < 3; ++i) sum[i] += row.part * column.part * from[i];
        }
      set(x, y, sum);
    }
  }
}

Colour Canvas::at(int x, int y) const {
  const std::uint8_t* const pixel = pixels_.data() + place(x, y);
  return {static_cast<float>(pixel[0]), static_cast<float>(pixel[1]), static_cast<float>(pixel[2])};
}

void Canvas::set(int x, int y, const Colour& colour) {
  std::ranges::transform(colour, pixels_.begin() + static_cast<std::ptrdiff_t>(place(x, y)),
                         to_byte);
}

void Canvas::fill(int left, int top, int right, int bottom, const Colour& colour) {
  for (int y = std::max(top, 0); y < std::min(bottom, height_); ++y)
    for (int x = std::max(left, 0); x < std::min(right, width_); ++x) set(x, y, colour);
}

void Canvas::draw(const Canvas& other, int left, int top) {
  for (int y = 0; y < other.height_; ++y)
    std::memcpy(pixels_.data() + place(left, top + y), other.pixels_.data() + other.place(0, y),
                other.place(other.width_, 0));
}

void Canvas::write(int left, int top, std::string_view text, const Colour& colour) {
  std::string letters(text.substr(0, 200));
  std::vector<Corner> corners(letters.size() * 100);
  const int quads = stb_easy_font_print(0, 0, letters.data(), nullptr, corners.data(),
                                        static_cast<int>(corners.size() * sizeof(Corner)));
  const auto covered = [](float begin, float end, int pixel) {
    const auto from = static_cast<float>(pixel);
    return std::clamp(std::min(end, from + 1) - std::max(begin, from), 0.0f, 1.0f);
  };
  for (std::size_t i = 0; i < static_cast<std::size_t>(quads); ++i) {
    const Corner& first = corners[4 * i];
    const Corner& last = corners[4 * i + 2];
    const float x0 = static_cast<float>(left) + first.x * kTextScale;
    const float y0 = static_cast<float>(top) + first.y * kTextScale;
    const float x1 = static_cast<float>(left) + last.x * kTextScale;
    const float y1 = static_cast<float>(top) + last.y * kTextScale;
    for (int y = std::max(0, static_cast<int>(y0)); static_cast<float>(y) < y1 && y < height_; ++y)
      for (int x = std::max(0, static_cast<int>(x0)); static_cast<float>(x) < x1 && x < width_;
           ++x) {
        const float ink = covered(x0, x1, x) * covered(y0, y1, y);
        Colour mixed = at(x, y);
        for (std::size_t c = 0; c < 3; ++c) mixed[c] += ink * (colour[c] - mixed[c]);
        set(x, y, mixed);
      }
  }
}

int Canvas::width_of(std::string_view text) {
  std::string letters(text.substr(0, 200));
  return static_cast<int>(
      std::ceil(static_cast<float>(stb_easy_font_width(letters.data())) * kTextScale));
}

std::string Canvas::png() const { return encode_png(pixels_, width_, height_, 3); }
