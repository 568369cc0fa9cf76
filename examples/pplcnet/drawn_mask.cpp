#include "drawn_mask.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iterator>

#include "canvas.hpp"
#include "explain.hpp"

namespace {

/// Colours that are told from each other, of neighbouring classes in particular.
constexpr Colour kMaskColours[] = {
    {108, 92, 231},  {232, 67, 147},  {116, 185, 255}, {178, 132, 90},  {250, 177, 160},
    {99, 110, 114},  {253, 203, 110}, {255, 234, 167}, {0, 184, 148},   {163, 203, 56},
    {9, 132, 227},   {214, 48, 49},   {255, 118, 117}, {0, 206, 201},   {111, 30, 81},
    {241, 144, 102}, {6, 82, 221},    {162, 155, 254}, {129, 236, 236}, {85, 230, 193}};

const Colour& mask_colour(int class_id) {
  return kMaskColours[static_cast<std::size_t>(class_id) % std::size(kMaskColours)];
}

/// The mask in the size in which it is shown: of each pixel the class at its centre.
class ShownMask {
 public:
  ShownMask(pplcnet::ImageSize size, std::span<const std::uint8_t> mask, pplcnet::ImageSize shown)
      : size_(size), mask_(mask), shown_(shown) {}

  int at(int x, int y) const {
    const auto place = [](int i, int shown, int size) {
      const int inside = std::clamp(i, 0, shown - 1);
      return static_cast<std::size_t>((2 * std::int64_t{inside} + 1) * size / (2 * shown));
    };
    return mask_[place(y, shown_.height, size_.height) * static_cast<std::size_t>(size_.width) +
                 place(x, shown_.width, size_.width)];
  }
  /// Whether another class begins at a pixel's right or below it.
  bool is_edge(int x, int y) const { return at(x, y) != at(x + 1, y) || at(x, y) != at(x, y + 1); }

 private:
  pplcnet::ImageSize size_;
  std::span<const std::uint8_t> mask_;
  pplcnet::ImageSize shown_;
};

/// The picture, in grey for the most part, under the colours; white lines where classes meet.
Canvas overlay(pplcnet::ImageView image, std::span<const std::uint8_t> mask,
               pplcnet::ImageSize size) {
  constexpr float kPicture = 0.25F, kGrey = 0.25F, kColour = 0.5F;
  Canvas canvas(image, size.width, size.height);
  const ShownMask shown(image.size(), mask, size);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const Colour pixel = canvas.at(x, y);
      const float grey = 0.3F * pixel[0] + 0.59F * pixel[1] + 0.11F * pixel[2];
      Colour mixed = {255, 255, 255};
      if (!shown.is_edge(x, y))
        for (std::size_t i = 0; i < mixed.size(); ++i)
          mixed[i] = kPicture * pixel[i] + kGrey * grey + kColour * mask_colour(shown.at(x, y))[i];
      canvas.set(x, y, mixed);
    }
  return canvas;
}

std::string legend_text(const MaskShare& one) {
  const bool ascii = std::ranges::all_of(one.label, [](char c) { return c >= ' ' && c <= '~'; });
  char percent[16];
  std::snprintf(percent, sizeof(percent), "  %.1f %%", 100 * one.share);
  return (ascii && !one.label.empty() ? one.label : "class " + std::to_string(one.class_id)) +
         percent;
}

}  // namespace

std::string drawn_mask_png(pplcnet::ImageView image, std::span<const std::uint8_t> mask,
                           const std::vector<MaskShare>& shares) {
  constexpr Colour kPaper = {255, 255, 255}, kInk = {29, 37, 48};
  constexpr int kMargin = 16, kGap = 8, kLine = Canvas::kTextHeight + kGap;
  constexpr int kSwatch = Canvas::kTextHeight - 4;
  const pplcnet::ImageSize size = shown_size(image.size());
  int widest = 0;
  for (const MaskShare& one : shares) widest = std::max(widest, Canvas::width_of(legend_text(one)));
  const int column = kSwatch + kGap + widest;
  const bool below = size.width > 2 * size.height;
  const int columns = below ? std::max(1, (size.width + kGap) / (column + kGap)) : 1;
  const int rows = (static_cast<int>(shares.size()) + columns - 1) / columns;
  const int width = below ? std::max(size.width, column) : size.width + kMargin + column;
  const int height =
      below ? size.height + kMargin + rows * kLine : std::max(size.height, rows * kLine);
  Canvas page(width + 2 * kMargin, height + 2 * kMargin, kPaper);
  page.draw(overlay(image, mask, size), kMargin, kMargin);
  for (int i = 0; i < static_cast<int>(shares.size()); ++i) {
    const MaskShare& one = shares[static_cast<std::size_t>(i)];
    const int left = kMargin + (below ? i % columns * (column + kGap) : size.width + kMargin);
    const int top = kMargin + (below ? size.height + kMargin : 0) + i / columns * kLine;
    page.fill(left, top, left + kSwatch, top + kSwatch, mask_colour(one.class_id));
    page.write(left + kSwatch + kGap, top, legend_text(one), kInk);
  }
  return page.png();
}
