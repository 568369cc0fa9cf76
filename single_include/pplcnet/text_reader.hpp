// pplcnet 0.2.0: PP-LCNet and other lightweight networks on CPUs.
// SPDX-License-Identifier: Apache-2.0
//
// Made by single_include/amalgamate.py from the headers in include/; change those, not this file.

#include "pplcnet/pplcnet.hpp"

// from pplcnet/text_reader.hpp
#ifndef PPLCNET_TEXT_READER_HPP
#define PPLCNET_TEXT_READER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/line_reader.hpp
#ifndef PPLCNET_LINE_READER_HPP
#define PPLCNET_LINE_READER_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

// from pplcnet/text/crop.hpp
#ifndef PPLCNET_TEXT_CROP_HPP
#define PPLCNET_TEXT_CROP_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

// from pplcnet/text/quadrilateral.hpp
#ifndef PPLCNET_TEXT_QUADRILATERAL_HPP
#define PPLCNET_TEXT_QUADRILATERAL_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// A point in pixels, x to the right and y down.
struct Point {
  double x = 0, y = 0;

  constexpr bool operator==(const Point&) const = default;
  friend constexpr Point operator+(Point a, Point b) { return {a.x + b.x, a.y + b.y}; }
  friend constexpr Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
  friend constexpr Point operator*(Point a, double factor) {
    return {rounded(a.x * factor), rounded(a.y * factor)};
  }
};

constexpr double dot(Point a, Point b) { return rounded(a.x * b.x) + rounded(a.y * b.y); }
constexpr double cross(Point a, Point b) { return rounded(a.x * b.y) - rounded(a.y * b.x); }
inline double length(Point a) { return std::sqrt(dot(a, a)); }

/// Corners one after another: around a line of text from its top left one, clockwise.
using Quadrilateral = std::array<Point, 4>;

/// Returns the area that a polygon encloses.
inline double area_of(std::span<const Point> polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    sum += cross(polygon[i], polygon[(i + 1) % polygon.size()]);
  return std::abs(sum) / 2;
}

/// Returns the sum of a polygon's sides.
inline double perimeter_of(std::span<const Point> polygon) {
  double sum = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i)
    sum += length(polygon[(i + 1) % polygon.size()] - polygon[i]);
  return sum;
}

/// Moves the convex hull of `points` to the front of `hull`, counter-clockwise where y points up,
/// and returns its size. The points are in the order of their y, equal ones in that of their x;
/// `hull` has room for one more than they are.
inline std::size_t convex_hull(std::span<const Point> points, std::span<Point> hull) {
  if (points.size() < 3) {
    std::ranges::copy(points, hull.begin());
    return points.size();
  }
  std::size_t count = 0;
  const auto add = [&](Point point, std::size_t least) {
    while (count > least && cross(hull[count - 1] - hull[count - 2], point - hull[count - 1]) <= 0)
      --count;
    hull[count++] = point;
  };
  for (const Point point : points) add(point, 1);
  const std::size_t half = count;
  for (std::size_t i = points.size() - 1; i-- > 0;) add(points[i], half);
  return count - 1;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_QUADRILATERAL_HPP
// from pplcnet/text/warp_taps.hpp
#ifndef PPLCNET_TEXT_WARP_TAPS_HPP
#define PPLCNET_TEXT_WARP_TAPS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>


namespace pplcnet::inline PPLCNET_ABI {

/// How much each of 4×4 pixels contributes to one between them: OpenCV's INTER_CUBIC of 8-bit
/// pictures (imgproc/src/imgwarp.cpp), for positions of 1/32 of a pixel, in fixed point.
struct WarpTaps {
  static constexpr int kBits = 5, kPositions = 1 << kBits;
  static constexpr int kWeightBits = 15, kOne = 1 << kWeightBits;

  std::array<std::int16_t, 16> weights = {};

  /// Returns the value of a channel; `rows` and `columns` are where the pixels are.
  std::uint8_t of(const std::array<const std::uint8_t*, 4>& rows,
                  const std::array<std::ptrdiff_t, 4>& columns, std::ptrdiff_t channel) const {
    int sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      sum += weights[i] * rows[i / 4][columns[i % 4] + channel];
    return static_cast<std::uint8_t>(std::clamp((sum + kOne / 2) >> kWeightBits, 0, 255));
  }

  /// Returns the weights along one axis, at `x` from the second pixel.
  static constexpr std::array<float, 4> along_axis(float x) {
    constexpr float kA = -0.75F;
    const float y = 1 - x, z = x + 1;
    const float first = ((kA * z - 5 * kA) * z + 8 * kA) * z - 4 * kA;
    const float second = ((kA + 2) * x - (kA + 3)) * x * x + 1;
    const float third = ((kA + 2) * y - (kA + 3)) * y * y + 1;
    return {first, second, third, 1 - first - second - third};
  }

  static WarpTaps at(int x, int y) {
    const auto across = along_axis(static_cast<float>(x) / kPositions);
    const auto down = along_axis(static_cast<float>(y) / kPositions);
    WarpTaps taps;
    int rest = kOne;
    for (std::size_t i = 0; i < 16; ++i) {
      const std::int64_t weight = round_half_even(double{down[i / 4] * across[i % 4] * kOne});
      taps.weights[i] = static_cast<std::int16_t>(std::min<std::int64_t>(weight, INT16_MAX));
      rest -= taps.weights[i];
    }
    // What is missing to one goes to the largest of the last four, what is too much comes from the
    // smallest.
    constexpr std::array<std::size_t, 4> kLast = {10, 11, 14, 15};
    const auto value = [&](std::size_t i) { return taps.weights[i]; };
    const std::size_t chosen = rest > 0 ? *std::ranges::max_element(kLast, {}, value)
                                        : *std::ranges::min_element(kLast, {}, value);
    taps.weights[chosen] = static_cast<std::int16_t>(taps.weights[chosen] + rest);
    return taps;
  }
};

/// Returns the taps of a position, of whose coordinates the last bits count.
inline const WarpTaps& warp_taps(int x, int y) {
  constexpr int kMask = WarpTaps::kPositions - 1;
  static const auto kTable = [] {
    std::array<WarpTaps, WarpTaps::kPositions * WarpTaps::kPositions> table;
    for (std::size_t i = 0; i < table.size(); ++i)
      table[i] = WarpTaps::at(static_cast<int>(i) & kMask, static_cast<int>(i) >> WarpTaps::kBits);
    return table;
  }();
  return kTable[static_cast<std::size_t>((y & kMask) << WarpTaps::kBits | (x & kMask))];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_WARP_TAPS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// A projective map of the plane, row by row.
using Homography = std::array<double, 9>;

/// Returns the map that takes the corners of a quadrilateral to those of a rectangle at the origin;
/// zeros if there is none. All steps are cv2.getPerspectiveTransform's: a last bit decides where
/// a pixel lies that is just between two.
inline Homography homography_of(const Quadrilateral& from, ImageSize rectangle) {
  const double w = rectangle.width, h = rectangle.height;
  const Quadrilateral to = {Point{0, 0}, Point{w, 0}, Point{w, h}, Point{0, h}};
  std::array<std::array<double, 9>, 8> m = {};  // eight equations, and what they are equal to
  for (std::size_t i = 0; i < 4; ++i) {
    const auto [x, y] = from[i];
    const auto [u, v] = to[i];
    m[i] = {x, y, 1, 0, 0, 0, -x * u, -y * u, u};
    m[i + 4] = {0, 0, 0, x, y, 1, -x * v, -y * v, v};
  }
  for (std::size_t column = 0; column < 8; ++column) {
    const auto below = m.begin() + static_cast<std::ptrdiff_t>(column);
    std::iter_swap(below, std::max_element(below, m.end(), [&](const auto& a, const auto& b) {
                     return std::abs(a[column]) < std::abs(b[column]);
                   }));
    if (std::abs(m[column][column]) < 100 * std::numeric_limits<double>::epsilon()) return {};
    const double inverse = -1 / m[column][column];
    for (std::size_t row = column + 1; row < 8; ++row) {
      const double factor = m[row][column] * inverse;
      for (std::size_t i = column + 1; i < 9; ++i) m[row][i] += rounded(factor * m[column][i]);
    }
  }
  Homography result = {};
  for (std::size_t i = 8; i-- > 0;) {
    double sum = m[i][8];
    for (std::size_t k = i + 1; k < 8; ++k) sum -= rounded(m[i][k] * result[k]);
    result[i] = sum / m[i][i];
  }
  result[8] = 1;
  return result;
}

/// Returns the inverse of a map, as cv2.invert does; zeros if there is none.
inline Homography inverse_of(const Homography& m) {
  const auto minor = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    return rounded(m[a] * m[b]) - rounded(m[c] * m[d]);
  };
  const double determinant = rounded(m[0] * minor(4, 8, 5, 7)) - rounded(m[1] * minor(3, 8, 5, 6)) +
                             rounded(m[2] * minor(3, 7, 4, 6));
  if (determinant == 0) return {};
  const double scale = 1 / determinant;
  return {minor(4, 8, 5, 7) * scale, minor(2, 7, 1, 8) * scale, minor(1, 5, 2, 4) * scale,
          minor(5, 6, 3, 8) * scale, minor(0, 8, 2, 6) * scale, minor(2, 3, 0, 5) * scale,
          minor(3, 7, 4, 6) * scale, minor(1, 6, 0, 7) * scale, minor(0, 4, 1, 3) * scale};
}

/// Returns the size of the picture that a quadrilateral becomes: the longer ones of its sides.
inline ImageSize crop_size(const Quadrilateral& box) {
  const auto longer = [&](std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
    return static_cast<int>(std::max(length(box[a] - box[b]), length(box[c] - box[d])));
  };
  return {longer(0, 1, 2, 3), longer(0, 3, 1, 2)};
}

/// Returns the size of the line in a box when it is read.
inline ImageSize line_size(const Quadrilateral& box) {
  const ImageSize size = crop_size(box);
  return stands_on_end(size) ? ImageSize{size.height, size.width} : size;
}

/// A picture of its own, RGB without gaps.
struct RgbImage {
  std::vector<std::uint8_t> pixels;
  ImageSize size;

  ImageView view() const { return {pixels.data(), size.width, size.height, PixelFormat::rgb}; }
  void resize(ImageSize to) {
    size = to;
    pixels.resize(static_cast<std::size_t>(to.width) * static_cast<std::size_t>(to.height) *
                  kImageChannels);
  }
};

/// Cuts a line of text out of a picture and straightens it: cv2.warpPerspective with INTER_CUBIC
/// and BORDER_REPLICATE, in its fixed point. False if the box is empty.
inline bool crop(ImageView source, const Quadrilateral& box, RgbImage& result) {
  const ImageSize size = crop_size(box);
  if (source.empty() || size.width < 1 || size.height < 1) return false;
  const Homography m = inverse_of(homography_of(box, size));
  // OpenCV computes blocks, and coordinates from the left end of one.
  const int block = std::min(1024 / std::min(16, size.height), size.width);
  result.resize(size);
  const auto [bytes, red, green, blue] = source.layout;
  const std::array channels = {red, green, blue};
  std::uint8_t* out = result.pixels.data();
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int left = x / block * block;
      const auto along = [&](std::size_t row) {
        return rounded(m[row] * left) + rounded(m[row + 1] * y) + m[row + 2] +
               rounded(m[row] * (x - left));
      };
      const double w = along(6);
      const double scale = w == 0 ? 0 : WarpTaps::kPositions / w;
      const auto place = [&](double value) {
        constexpr double kMost = 1 << 30;
        return static_cast<int>(round_half_even(std::clamp(value * scale, -kMost, kMost)));
      };
      const int px = place(along(0)), py = place(along(3));
      const WarpTaps& taps = warp_taps(px, py);
      std::array<const std::uint8_t*, 4> rows;
      std::array<std::ptrdiff_t, 4> columns;
      for (int i = 0; i < 4; ++i) {
        const auto tap = static_cast<std::size_t>(i);
        rows[tap] = source.row(std::clamp((py >> WarpTaps::kBits) + i - 1, 0, source.height - 1));
        columns[tap] = std::clamp((px >> WarpTaps::kBits) + i - 1, 0, source.width - 1) * bytes;
      }
      for (const std::ptrdiff_t channel : channels) *out++ = taps.of(rows, columns, channel);
    }
  }
  return true;
}

/// Returns where a pixel of a picture that was rotated counter-clockwise by quarters was before.
constexpr Point before_rotation(Point after, int quarters, ImageSize before) {
  switch (quarters) {
    case 1:
      return {before.width - 1 - after.y, after.x};
    case 2:
      return {before.width - 1 - after.x, before.height - 1 - after.y};
    case 3:
      return {after.y, before.height - 1 - after.x};
    default:
      return after;
  }
}

/// Returns a picture rotated counter-clockwise by quarters, from 0 to 3: a view of the same pixels.
constexpr ImageView rotated(ImageView source, int quarters) {
  const auto [width, height] = source.size();
  PixelLayout layout = source.layout;
  switch (quarters) {
    case 1:
      layout.bytes = source.row_bytes;
      return {source.pixel(width - 1, 0), height, width, layout, -source.layout.bytes};
    case 2:
      layout.bytes = -layout.bytes;
      return {source.pixel(width - 1, height - 1), width, height, layout, -source.row_bytes};
    case 3:
      layout.bytes = -source.row_bytes;
      return {source.pixel(0, height - 1), height, width, layout, source.layout.bytes};
    default:
      return source;
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_CROP_HPP
// from pplcnet/text/ctc.hpp
#ifndef PPLCNET_TEXT_CTC_HPP
#define PPLCNET_TEXT_CTC_HPP

#include <cstddef>
#include <span>


// From the probabilities of a text recogniser to a line of text (PaddleOCR `rec_postprocess.py`,
// CTCLabelDecode).

namespace pplcnet::inline PPLCNET_ABI {

/// The class of a recogniser that stands for no character.
inline constexpr int kCtcBlank = 0;

/// A character of a line: its class, the probability of that class, and the column where it begins.
struct CtcCharacter {
  int label = kCtcBlank;
  float probability = 0;
  int column = 0;
};

/// What a line says: so many characters, and the mean of their probabilities; 0 without any.
struct CtcLine {
  std::size_t count = 0;
  float score = 0;
};

/// Decodes [classes][columns] probabilities: the most probable class of each column, of equal ones
/// the first; columns that repeat the class of the column before them and blanks are left out.
/// `characters` has room for one in each column, and that many are used meanwhile.
inline CtcLine decode_ctc(std::span<const float> probabilities, std::size_t columns,
                          std::span<CtcCharacter> characters) noexcept {
  if (columns == 0 || probabilities.size() < columns || characters.size() < columns) return {};
  for (std::size_t i = 0; i < columns; ++i)
    characters[i] = {kCtcBlank, probabilities[i], static_cast<int>(i)};
  const std::size_t classes = probabilities.size() / columns;
  for (std::size_t label = 1; label < classes; ++label) {
    const std::span<const float> row = probabilities.subspan(label * columns, columns);
    for (std::size_t i = 0; i < columns; ++i)
      if (row[i] > characters[i].probability) {
        characters[i].label = static_cast<int>(label);
        characters[i].probability = row[i];
      }
  }
  CtcLine line;
  int last = kCtcBlank;
  double sum = 0;
  for (const CtcCharacter& one : characters.first(columns)) {
    const bool repeats = one.label == last;
    last = one.label;
    if (repeats || one.label == kCtcBlank) continue;
    sum += double{one.probability};
    characters[line.count++] = one;
  }
  if (line.count > 0) line.score = static_cast<float>(sum / static_cast<double>(line.count));
  return line;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_CTC_HPP
// from pplcnet/text/dictionary.hpp
#ifndef PPLCNET_TEXT_DICTIONARY_HPP
#define PPLCNET_TEXT_DICTIONARY_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// from pplcnet/weights/utf8.hpp
#ifndef PPLCNET_WEIGHTS_UTF8_HPP
#define PPLCNET_WEIGHTS_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// Appends a code point up to U+10FFFF that is not a surrogate.
inline void append_utf8(std::string& text, std::uint32_t code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
    return;
  }
  const int continuations = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
  const std::uint32_t lead_mark = 0x7f80u >> continuations & 0xff;  // 110, 1110 or 11110 in front
  text += static_cast<char>(lead_mark | code_point >> (6 * continuations));
  for (int i = continuations - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | (code_point >> (6 * i) & 0x3f));
  }
}

/// Returns the number of a character that is UTF-8.
inline std::uint32_t code_point_of(std::string_view character) {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return lead;
  std::uint32_t code_point = lead & (0x7fu >> character.size());
  for (const char byte : character.substr(1)) {
    code_point = code_point << 6 | (static_cast<unsigned char>(byte) & 0x3f);
  }
  return code_point;
}

/// Returns whether a character moves a cursor, ends a line, or turns the direction of writing.
inline bool is_control(std::uint32_t code_point) {
  return code_point < 0x20 || (code_point >= 0x7f && code_point <= 0x9f) || code_point == 0x61c ||
         code_point == 0x200e || code_point == 0x200f ||
         (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfeff;
}

/// Returns whether `text` is UTF-8 as the Unicode standard has it (table 3-7): shortest forms only,
/// no surrogates, nothing above U+10FFFF.
inline bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const int continuations = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    std::uint32_t code_point = lead & (0x3fu >> continuations);
    for (int k = 0; k < continuations; ++k) {
      if (i == text.size()) return false;
      const auto byte = static_cast<unsigned char>(text[i++]);
      if (byte >> 6 != 2) return false;
      code_point = code_point << 6 | (byte & 0x3f);
    }
    if (continuations == 2 && code_point < 0x800) return false;
    if (continuations == 3 && (code_point < 0x10000 || code_point > 0x10ffff)) return false;
    if (code_point >= 0xd800 && code_point <= 0xdfff) return false;
  }
  return true;
}

/// Returns the bytes of the first character of `text`; none if it does not begin with UTF-8.
inline std::string_view first_character(std::string_view text) {
  for (std::size_t size = 1; size <= 4 && size <= text.size(); ++size) {
    if (is_utf8(text.substr(0, size))) return text.substr(0, size);
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_UTF8_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// The characters of a text recogniser, as PaddleOCR's dictionaries list them: an entry on each
/// line, in UTF-8. Class 0 is the blank, the entries follow, the last class is the space.
class Dictionary {
 public:
  /// Reads a dictionary. Only line ends are no part of an entry: characters such as U+3000 stay.
  static Error parse(std::string_view text, std::string_view path, Dictionary& result) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
    Dictionary dictionary;
    for (std::size_t line = 1; !text.empty(); ++line) {
      std::string_view entry = text.substr(0, text.find('\n'));
      text.remove_prefix(entry.size() < text.size() ? entry.size() + 1 : text.size());
      while (entry.ends_with('\r')) entry.remove_suffix(1);
      if (!is_utf8(entry))
        return Error::of(path, ": line ", line, ": expected UTF-8, found ", quote(entry));
      dictionary.add(entry);
    }
    if (dictionary.classes() == 1)
      return Error::of(path, ": expected a character on each line, found none");
    dictionary.add(" ");
    result = std::move(dictionary);
    return {};
  }

  /// Makes a dictionary of entries that were read elsewhere.
  static Dictionary of(std::span<const std::string> entries) {
    Dictionary dictionary;
    for (const std::string& entry : entries) dictionary.add(entry);
    dictionary.add(" ");
    return dictionary;
  }

  /// Reads the file of a dictionary.
  static Error read(std::string_view path, Dictionary& result) {
    constexpr std::uint64_t kMaxBytes = 1 << 22;
    return with_memory_for(path, [&]() -> Error {
      FileBytes bytes;
      if (auto error = read_file(path, bytes, kMaxBytes)) return error;
      const std::span<const std::byte> all = std::as_const(bytes).bytes();
      return parse({reinterpret_cast<const char*>(all.data()), all.size()}, path, result);
    });
  }

  /// Returns how many classes a recogniser of these characters has.
  int classes() const { return static_cast<int>(ends_.size()); }

  /// Returns the bytes of the longest text of a class.
  std::size_t longest() const {
    std::size_t most = 0;
    for (std::size_t i = 1; i < ends_.size(); ++i) most = std::max(most, ends_[i] - ends_[i - 1]);
    return most;
  }

  /// Returns the text of a class; empty for the blank, and for what is no class.
  std::string_view operator[](int label) const {
    if (label <= kCtcBlank || label >= classes()) return {};
    const auto index = static_cast<std::size_t>(label);
    return std::string_view(text_).substr(ends_[index - 1], ends_[index] - ends_[index - 1]);
  }

 private:
  void add(std::string_view entry) {
    text_ += entry;
    ends_.push_back(text_.size());
  }

  std::string text_;
  std::vector<std::size_t> ends_ = {0};  // of the entries in the text; of the blank
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_DICTIONARY_HPP
// from pplcnet/text/input.hpp
#ifndef PPLCNET_TEXT_INPUT_HPP
#define PPLCNET_TEXT_INPUT_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>


// How PaddleOCR prepares pictures for its detectors and recognisers of text (`operators.py`,
// DetResizeForTest and NormalizeImage; `predict_rec.py`, resize_norm_img).

namespace pplcnet::inline PPLCNET_ABI {

/// Height and width of a detector's input are multiples of it.
inline constexpr int kDetectorStep = 32;

/// Returns the size that a picture has for a detector: its shorter side is made no shorter than
/// `shortest_side`, then the longer one no longer than `longest_side`; then both become multiples
/// of 32. That is PaddleOCR's `limit_type` max with 0, and min with the largest `longest_side`.
inline Extent detector_input(ImageSize picture, int longest_side = 960, int shortest_side = 0) {
  const auto scaled = [](ImageSize size, double ratio) {
    const auto side = [&](int pixels) {
      constexpr double kMost = 1 << 30;
      return static_cast<int>(std::min(rounded(pixels * ratio), kMost));
    };
    return ImageSize{side(size.width), side(size.height)};
  };
  const int shorter = std::min(picture.width, picture.height);
  if (shorter < shortest_side)
    picture = scaled(picture, static_cast<double>(shortest_side) / shorter);
  const int longer = std::max(picture.width, picture.height);
  if (longer > longest_side) picture = scaled(picture, static_cast<double>(longest_side) / longer);
  const auto side = [](int pixels) {
    const auto steps =
        static_cast<int>(round_half_even(static_cast<double>(pixels) / kDetectorStep));
    return std::max(steps * kDetectorStep, kDetectorStep);
  };
  return {side(picture.height), side(picture.width)};
}

/// Returns the largest sides, each of them alone, that pictures up to a size have for a detector.
inline Extent largest_detector_input(ImageSize most, int longest_side, int shortest_side) {
  const int side = shortest_side > 0 ? longest_side : 0;  // any picture may be enlarged to it
  return detector_input(
      {std::clamp(most.width, side, longest_side), std::clamp(most.height, side, longest_side)},
      longest_side);
}

/// A picture whose sides are less than this together is tiny.
inline constexpr int kTinySides = 64;

/// Returns a picture as a detector sees it: a tiny one has
/// black to its right and below, up to 32 pixels each, in `storage`.
inline ImageView with_least_size(ImageView picture, RgbImage& storage) {
  const ImageSize size = picture.size();
  constexpr int kLeast = 32;
  if (size.width + size.height >= kTinySides) return picture;
  storage.resize({std::max(size.width, kLeast), std::max(size.height, kLeast)});
  std::ranges::fill(storage.pixels, std::uint8_t{0});
  const auto [bytes, red, green, blue] = picture.layout;
  for (int y = 0; y < size.height; ++y) {
    std::uint8_t* out = storage.pixels.data() + std::ptrdiff_t{y} * storage.size.width * 3;
    for (int x = 0; x < size.width; ++x) {
      const std::uint8_t* pixel = picture.row(y) + x * bytes;
      for (const std::ptrdiff_t channel : {red, green, blue}) *out++ = pixel[channel];
    }
  }
  return storage.view();
}

/// Returns how a picture becomes a detector's input of that size.
constexpr Preprocessing detector_preprocessing(Extent input) {
  Preprocessing preprocessing = paddle_direct(input.height, input.width);
  preprocessing.channel_order = ChannelOrder::bgr;
  return preprocessing;
}

/// Height of a recogniser's input, and the least width that lines are padded to.
inline constexpr int kLineHeight = 48, kLeastLineWidth = 320;

/// Returns the width of the input of a line, which is padded if it is shorter than `least`.
inline int recogniser_width(ImageSize line, int least = kLeastLineWidth) {
  const double ratio = static_cast<double>(line.width) / line.height;
  const double least_ratio = static_cast<double>(least) / kLineHeight;
  return static_cast<int>(rounded(kLineHeight * std::max(ratio, least_ratio)));
}

/// Storage of prepare_line(); reuse it, and lines of a size seen before allocate nothing.
struct LineScratch {
  OpenCvScratch opencv;
  std::vector<std::uint8_t> pixels;
};

/// Turns a line into a recogniser's input `chw` of kLineHeight × width: BGR planes of values from
/// -1 to 1, resized with its shape kept, then zeros.
inline void prepare_line(ImageView line, int width, std::span<float> chw, LineScratch& scratch) {
  constexpr Normalisation kNormalisation = {
      .formula = NormalisationFormula::timm, .mean = {0.5, 0.5, 0.5}, .deviation = {0.5, 0.5, 0.5}};
  static constexpr std::array<float, 256> kTable = normalisation_table(kNormalisation, 0);
  const double ratio = static_cast<double>(line.width) / line.height;
  const double longest = std::ceil(rounded(kLineHeight * ratio));
  const int resized = static_cast<int>(std::min(longest, static_cast<double>(width)));
  const CropWindow all = {0, 0, resized, kLineHeight};
  scratch.pixels.resize(all.byte_count());
  resize_opencv_linear(line, {resized, kLineHeight}, all, scratch.pixels, scratch.opencv);
  float* out = chw.data();
  for (int plane = 0; plane < kImageChannels; ++plane) {
    const std::uint8_t* pixel = scratch.pixels.data() + (kImageChannels - 1 - plane);
    for (int y = 0; y < kLineHeight; ++y) {
      for (int x = 0; x < resized; ++x, pixel += kImageChannels) *out++ = kTable[*pixel];
      out = std::fill_n(out, width - resized, 0.0F);
    }
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_INPUT_HPP
// from pplcnet/text_networks.hpp
#ifndef PPLCNET_TEXT_NETWORKS_HPP
#define PPLCNET_TEXT_NETWORKS_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// A network with its weights, and the function that it is for pictures of any size.
struct TextNetwork {
  AnyNetwork network;
  Graph (*graph)(const WidthOptions& options) = nullptr;
  WidthOptions options;

  /// Takes pictures of a size.
  Error resize(Extent input) {
    if (network.traits().input == input) return {};
    options.input = input;
    return network.resize([&] { return graph(options); });
  }
  /// Allocates what pictures of a size need.
  Error reserve(Extent input) {
    options.input = input;
    return network.reserve([&] { return graph(options); });
  }
};

/// Computes the result of a network, which stays in `values`: finite numbers, or it is an error,
/// which says what the network is.
inline Error compute_result(const char* what, AnyNetwork& network, const Picture& picture,
                            std::vector<float>& values, const RunOptions& run) {
  const int result = network.plan().outputs[0];
  const Layer& layer = network.layers()[static_cast<std::size_t>(result)];
  values.resize(static_cast<std::size_t>(layer.output.size()));
  network.run(picture, result, values, run);
  if (all_finite(values)) return {};
  return Error::of("the output of ", what, " is no finite number; its weights may be damaged");
}

/// Computes the same for the pixels that `preprocessing` has left in `scratch`; `tables` are those
/// of its normalisation.
inline Error compute_result(const char* what, AnyNetwork& network,
                            const Preprocessing& preprocessing,
                            const std::array<ByteTable, kImageChannels>& tables,
                            const PreprocessScratch& scratch, std::vector<float>& values,
                            const RunOptions& run) {
  const Shape shape = network.input_shape();
  const Picture picture = Picture::interleaved(scratch.pixels.data(), tables.data(), shape);
  const bool bgr = preprocessing.channel_order == ChannelOrder::bgr;
  return compute_result(what, network, bgr ? picture.reversed(shape) : picture, values, run);
}

/// Returns what is wrong if a dictionary is not that of a recogniser.
inline Error check_dictionary(const TextNetwork& recogniser, const Dictionary& dictionary) {
  const int found = recogniser.network.layers().back().output.channels;
  if (found == dictionary.classes()) return {};
  return Error::of("the recogniser has ", found, " classes, and the dictionary ",
                   dictionary.classes(), ", the blank and the space included");
}

/// The networks that read text.
struct TextNetworks {
  TextNetwork detector;    ///< such as `ocr_detection`
  TextNetwork recogniser;  ///< such as `ocr_recognition`, with the classes of the dictionary
  Dictionary dictionary;
  /// A classifier of lines, whose second class is upside down, and how it sees pictures.
  std::optional<AnyNetwork> orientation = {};
  Preprocessing orientation_preprocessing = kTextlineOrientation;

  /// Returns what is wrong if the networks are not for each other.
  Error check() const {
    if (auto error = check_dictionary(recogniser, dictionary)) return error;
    if (orientation && orientation->classes() != 2)
      return Error::of("the classifier of lines has ", orientation->classes(),
                       " classes, expected 2");
    return {};
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_NETWORKS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Reads pictures of single lines of text. What a line needs of memory stays for those after it.
/// Copies have memory of their own: one copy for each thread.
class LineReader {
 public:
  /// The dictionary is the recogniser's: check_dictionary() says whether it is. Lines whose input
  /// would be wider than `widest` are squeezed to it.
  LineReader(TextNetwork recogniser, Dictionary dictionary, int widest = 4096)
      : recogniser_(std::move(recogniser)), dictionary_(std::move(dictionary)), widest_(widest) {}

  /// Appends what a line says to `text`, and gives the mean probability of its characters, 0 if
  /// there are none. The line's input is padded to `least` columns.
  Error read(ImageView line, std::string& text, float& score, int least = kLeastLineWidth,
             const RunOptions& run = {}) {
    score = 0;
    if (line.empty()) return Error::of("the line has no pixels");
    const int width = std::min(std::max(recogniser_width(line.size()), least), widest_);
    if (auto error = recogniser_.resize({kLineHeight, width})) return error;
    AnyNetwork& network = recogniser_.network;
    const Shape shape = network.input_shape();
    input_.resize(static_cast<std::size_t>(shape.size()));
    prepare_line(line, width, input_, scratch_);
    if (auto error = compute_result("the recogniser", network,
                                    Picture::planar(input_.data(), shape), values_, run))
      return error;
    const auto columns = static_cast<std::size_t>(network.layers().back().output.width);
    characters_.resize(std::max(characters_.size(), columns));
    const CtcLine decoded = decode_ctc(values_, columns, characters_);
    for (const CtcCharacter& one : std::span(characters_).first(decoded.count))
      text += dictionary_[one.label];
    score = decoded.score;
    return {};
  }

  /// Allocates all that lines of any width need, and room for so many of them in `text`.
  Error reserve(std::size_t lines, std::string& text) {
    if (auto error = recogniser_.resize({kLineHeight, widest_})) return error;
    for (int columns = std::min(kLeastLineWidth, widest_); columns <= widest_; ++columns)
      if (auto error = recogniser_.reserve({kLineHeight, columns})) return error;
    const Shape shape = recogniser_.network.input_shape();
    const Shape result = recogniser_.network.layers().back().output;
    const auto columns = static_cast<std::size_t>(result.width);
    values_.reserve(static_cast<std::size_t>(result.size()));
    characters_.resize(columns);
    text.reserve(lines * columns * dictionary_.longest());
    input_.resize(static_cast<std::size_t>(shape.size()));
    RgbImage line;
    line.resize({widest_, 1});
    prepare_line(line.view(), widest_, input_, scratch_);
    return {};
  }

  const TextNetwork& recogniser() const { return recogniser_; }
  const Dictionary& dictionary() const { return dictionary_; }

 private:
  TextNetwork recogniser_;
  Dictionary dictionary_;
  int widest_;
  LineScratch scratch_;
  std::vector<float> input_, values_;
  std::vector<CtcCharacter> characters_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_LINE_READER_HPP
// from pplcnet/text/line_batches.hpp
#ifndef PPLCNET_TEXT_LINE_BATCHES_HPP
#define PPLCNET_TEXT_LINE_BATCHES_HPP

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

// from pplcnet/text/text_boxes.hpp
#ifndef PPLCNET_TEXT_TEXT_BOXES_HPP
#define PPLCNET_TEXT_TEXT_BOXES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/text/box_score.hpp
#ifndef PPLCNET_TEXT_BOX_SCORE_HPP
#define PPLCNET_TEXT_BOX_SCORE_HPP

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// A pixel of a map.
struct Pixel {
  int x = 0, y = 0;
};

/// Calls `visit(pixel)` for each pixel of a line, from its left end on, as OpenCV draws it.
template <class Visit>
void for_each_pixel(Pixel from, Pixel to, const Visit& visit) {
  if (to.x < from.x) std::swap(from, to);
  const int width = to.x - from.x, height = std::abs(to.y - from.y);
  const int down = to.y < from.y ? -1 : 1;
  const bool steep = height > width;
  const int longer = std::max(width, height), shorter = std::min(width, height);
  int error = longer - 2 * shorter;
  for (int i = 0; i <= longer; ++i) {
    visit(from);
    const bool both = error < 0;
    error += (both ? 2 * longer : 0) - 2 * shorter;
    if (!steep || both) ++from.x;
    if (steep || both) from.y += down;
  }
}

/// Returns the mean of a map inside a rectangle in any direction, outline included: PaddleOCR's
/// `box_score_fast`. Corners are cut to whole pixels; `map` has rows of `columns` values.
inline double box_score(std::span<const float> map, int columns, const Quadrilateral& box) {
  const int rows = static_cast<int>(map.size() / static_cast<std::size_t>(columns));
  const auto bound = [](double value, int last) {
    return static_cast<int>(std::clamp(value, 0.0, static_cast<double>(last)));
  };
  const auto [left, right] = std::ranges::minmax(box, {}, &Point::x);
  const auto [upper, lower] = std::ranges::minmax(box, {}, &Point::y);
  const int first_column = bound(std::floor(left.x), columns - 1);
  const int last_column = bound(std::ceil(right.x), columns - 1);
  const int first_row = bound(std::floor(upper.y), rows - 1);
  const int last_row = bound(std::ceil(lower.y), rows - 1);
  Pixel corners[4];
  std::ranges::transform(box, corners, [&](Point corner) {
    return Pixel{first_column + static_cast<int>(corner.x - first_column),
                 first_row + static_cast<int>(corner.y - first_row)};
  });
  double sum = 0;
  std::int64_t count = 0;
  for (int y = first_row; y <= last_row; ++y) {
    int begin = std::numeric_limits<int>::max(), end = -1;
    for (std::size_t i = 0; i < 4; ++i)
      for_each_pixel(corners[i], corners[(i + 1) % 4], [&](Pixel pixel) {
        if (pixel.y != y) return;
        begin = std::min(begin, pixel.x);
        end = std::max(end, pixel.x);
      });
    begin = std::max(begin, first_column);
    end = std::min(end, last_column);
    for (int x = begin; x <= end; ++x)
      sum += double{map[static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) +
                        static_cast<std::size_t>(x)]};
    count += std::max(0, end - begin + 1);
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_BOX_SCORE_HPP
// from pplcnet/text/offset_polygon.hpp
#ifndef PPLCNET_TEXT_OFFSET_POLYGON_HPP
#define PPLCNET_TEXT_OFFSET_POLYGON_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>


namespace pplcnet::inline PPLCNET_ABI {

/// A rectangle that has grown in all directions, with round corners: the points on its outline.
class OffsetPolygon {
 public:
  /// Points at most: of corners that are rounder, steps are larger.
  static constexpr std::size_t kMost = 1024;

  /// Offsets a rectangle by a distance as Clipper does it (`ClipperOffset` with JoinType::jtRound):
  /// in whole pixels, to which corners are cut and results rounded. The corners are clockwise.
  OffsetPolygon(const Quadrilateral& rectangle, double distance) {
    Quadrilateral corners;
    std::ranges::transform(rectangle, corners.begin(), [](Point point) {
      return Point{std::trunc(point.x), std::trunc(point.y)};
    });
    const double tolerance = std::min(kArcTolerance, distance * kArcTolerance);
    const double steps = std::min(std::numbers::pi / std::acos(1 - tolerance / distance),
                                  distance * std::numbers::pi);
    std::array<Point, 4> normals;
    for (std::size_t i = 0; i < 4; ++i) {
      const Point side = corners[(i + 1) % 4] - corners[i];
      const double size = length(side);
      if (size == 0) return;
      normals[i] = Point{side.y, -side.x} * (1 / size);
    }
    for (std::size_t i = 0; i < 4; ++i)
      round(corners[i], normals[(i + 3) % 4], normals[i], distance, steps);
  }

  std::span<const Point> points() const { return std::span(points_).first(count_); }

 private:
  static constexpr double kArcTolerance = 0.25;

  /// Adds the arc around a corner from the normal of the side before it to that of the next.
  void round(Point corner, Point from, Point to, double distance, double steps_of_circle) {
    const double turn = std::atan2(cross(from, to), dot(from, to));
    constexpr double kCircle = 2 * std::numbers::pi;
    const double count = std::round(steps_of_circle / kCircle * std::abs(turn));
    const auto steps = static_cast<int>(std::clamp(count, 1.0, double{kMost} / 4 - 1));
    const double angle = kCircle / steps_of_circle;
    const Point rotation = {std::cos(angle), std::sin(angle)};
    for (int i = 0; i < steps; ++i) {
      add(corner + from * distance);
      from = {dot(from, {rotation.x, -rotation.y}), dot(from, {rotation.y, rotation.x})};
    }
    add(corner + to * distance);
  }

  void add(Point point) { points_[count_++] = {std::round(point.x), std::round(point.y)}; }

  std::array<Point, kMost> points_;
  std::size_t count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OFFSET_POLYGON_HPP
// from pplcnet/text/outlines.hpp
#ifndef PPLCNET_TEXT_OUTLINES_HPP
#define PPLCNET_TEXT_OUTLINES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>


namespace pplcnet::inline PPLCNET_ABI {

/// Finds the regions of a map that are above a threshold, and the holes in them: what
/// cv2.findContours(…, RETR_LIST, …) gives an outline of. Allocates only where a map is larger than
/// all before it.
class OutlineFinder {
 public:
  /// Allocates what maps of so many rows and columns need.
  void reserve(int rows, int columns) {
    const auto grow = [](auto& values, std::size_t size) {
      if (values.size() < size) values.resize(size);
    };
    const std::size_t height = static_cast<std::size_t>(rows) + 2;
    const std::size_t width = static_cast<std::size_t>(columns) + 2;
    grow(marks_, height * width);
    grow(stack_, height * width);
    grow(rows_, height);
    grow(points_, 2 * height);
    grow(hull_, 2 * height + 1);
  }

  /// Calls `visit(hull)` with the convex hull of each outline, in the order of their first pixels;
  /// `visit` returns whether to go on. Pixels of a region touch each other, also at corners; those
  /// of a hole do not at corners, and its outline is what of the region touches it. `map` has
  /// `rows` rows of `columns` values.
  template <class Visit>
  void find(std::span<const float> map, int rows, int columns, float threshold,
            const Visit& visit) {
    reserve(rows, columns);
    mark(map, rows, columns, threshold);
    fill(0, background);  // what surrounds all
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(rows + 2) * width_; ++i) {
      const std::uint8_t mark = marks_[static_cast<std::size_t>(i)];
      if (mark == seen) continue;
      const bool hole = mark == background;
      top_ = bottom_ = i / width_ - (hole ? 1 : 0);
      rows_[static_cast<std::size_t>(top_)] = {};
      fill(i, mark);
      if (!visit(hull())) return;
    }
  }

 private:
  enum Mark : std::uint8_t { background, region, seen };

  struct Extent {
    int first = std::numeric_limits<int>::max(), last = -1;
  };

  /// Marks the pixels, with background around the map.
  void mark(std::span<const float> map, int rows, int columns, float threshold) {
    width_ = columns + 2;
    size_ = (rows + 2) * width_;
    std::fill_n(marks_.begin(), size_, background);
    for (int y = 0; y < rows; ++y) {
      const float* const values = map.data() + std::ptrdiff_t{y} * columns;
      std::uint8_t* const marks = marks_.data() + std::ptrdiff_t{y + 1} * width_ + 1;
      for (int x = 0; x < columns; ++x) marks[x] = values[x] > threshold ? region : background;
    }
  }

  /// Visits all pixels of a region or hole, from one of them on; notes how far its outline reaches.
  void fill(std::int32_t first, std::uint8_t mark) {
    const std::array<std::int32_t, 8> steps = {1,          -1,         width_,      -width_,
                                               width_ + 1, width_ - 1, -width_ + 1, -width_ - 1};
    const std::size_t step_count = mark == region ? 8 : 4;
    const bool notes = first != 0;
    std::size_t count = 0;
    const auto push = [&](std::int32_t pixel) {
      marks_[static_cast<std::size_t>(pixel)] = seen;
      stack_[count++] = pixel;
    };
    push(first);
    while (count > 0) {
      const std::int32_t pixel = stack_[--count];
      if (notes) note(pixel, mark == background);
      for (const std::int32_t step : std::span(steps).first(step_count)) {
        const std::int32_t next = pixel + step;
        if (next >= 0 && next < size_ && marks_[static_cast<std::size_t>(next)] == mark) push(next);
      }
    }
  }

  /// Notes a pixel of an outline, or those around a pixel of a hole.
  void note(std::int32_t pixel, bool hole) {
    const int x = pixel % width_, y = pixel / width_;
    if (hole) {
      extend(y - 1, x, x);
      extend(y, x - 1, x + 1);
      extend(y + 1, x, x);
    } else {
      extend(y, x, x);
    }
  }

  void extend(int y, int first, int last) {
    while (bottom_ < y) rows_[static_cast<std::size_t>(++bottom_)] = {};
    Extent& row = rows_[static_cast<std::size_t>(y)];
    row.first = std::min(row.first, first);
    row.last = std::max(row.last, last);
  }

  /// Returns the convex hull of what was noted, in the coordinates of the map; its top left corner
  /// is the last.
  std::span<const Point> hull() {
    std::size_t count = 0;
    for (int y = top_; y <= bottom_; ++y) {
      const Extent& row = rows_[static_cast<std::size_t>(y)];
      points_[count++] = {row.first - 1.0, y - 1.0};
      if (row.last > row.first) points_[count++] = {row.last - 1.0, y - 1.0};
    }
    const std::span<const Point> points = std::span(points_).first(count);
    const auto hull = std::span(hull_).first(convex_hull(points, hull_));
    // The original goes around from the top left corner, the other way.
    std::rotate(hull.begin(), hull.begin() + 1, hull.end());
    return hull;
  }

  std::vector<std::uint8_t> marks_;  // of the pixels, and of a border around them
  std::vector<std::int32_t> stack_;
  std::vector<Extent> rows_;  // of the outline that is being followed
  std::vector<Point> points_, hull_;
  int width_ = 0, size_ = 0, top_ = 0, bottom_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OUTLINES_HPP
// from pplcnet/text/smallest_rectangle.hpp
#ifndef PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP
#define PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <utility>


namespace pplcnet::inline PPLCNET_ABI {

/// A rectangle in any direction, and its shorter side.
struct RotatedRectangle {
  Quadrilateral corners;
  double short_side = 0;
};

namespace smallest_rectangle_parts {

// OpenCV computes in float32, and 12 may become 11.999998, which Clipper cuts to 11: results are
// equal only if each operation is rounded like its own. An operation on floats that is done in
// double and rounded is the same as one in float.

constexpr double single(double value) { return double{rounded(static_cast<float>(value))}; }
constexpr Point single(Point a) { return {single(a.x), single(a.y)}; }
constexpr double single_dot(Point a, Point b) {
  return single(single(a.x * b.x) + single(a.y * b.y));
}

/// Returns a vector turned back by so many right angles.
constexpr Point turned_back(Point a, std::size_t right_angles) {
  const std::array<Point, 4> turned = {a, {a.y, -a.x}, {-a.x, -a.y}, {-a.y, a.x}};
  return turned[right_angles];
}

constexpr Point across(Point along) { return {-along.y, along.x}; }

/// A rectangle around a polygon.
struct Fit {
  Point along;           ///< the direction of a side, of length 1
  double width, height;  ///< along that, and across
  Point left, bottom;    ///< corners of the polygon that it touches
};

/// Turns a rectangle around a convex polygon by a right angle, from side to side of the polygon,
/// and returns the smallest one on the way, the last of equal ones.
inline Fit smallest_fit(std::span<const Point> hull) {
  std::array<std::size_t, 4> touched = {};  // at the bottom, right, top and left
  for (std::size_t i = 0; i < hull.size(); ++i) {
    if (hull[i].y < hull[touched[0]].y) touched[0] = i;
    if (hull[i].x > hull[touched[1]].x) touched[1] = i;
    if (hull[i].y > hull[touched[2]].y) touched[2] = i;
    if (hull[i].x < hull[touched[3]].x) touched[3] = i;
  }
  const auto corner = [&](std::size_t side) { return hull[touched[side]]; };
  const auto next_side = [&](std::size_t side) {
    return turned_back(hull[(touched[side] + 1) % hull.size()] - corner(side), side);
  };
  Fit best = {};
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < hull.size(); ++k) {
    std::size_t nearest = 0;
    for (std::size_t side = 1; side < 4; ++side)
      if (cross(next_side(nearest), next_side(side)) < 0) nearest = side;
    const Point side = next_side(nearest);
    const Point along = single(side * single(1 / length(side)));
    touched[nearest] = (touched[nearest] + 1) % hull.size();
    const double width = single_dot(corner(1) - corner(3), along);
    const double height = single_dot(corner(2) - corner(0), across(along));
    if (single(width * height) > least) continue;
    least = single(width * height);
    best = {along, width, height, corner(3), corner(0)};
  }
  return best;
}

/// Returns a rectangle as cv2.minAreaRect and cv2.boxPoints do, by its centre, sides and angle.
inline RotatedRectangle rectangle_of(const Fit& fit) {
  const Point along = fit.along;
  const double first = single_dot(along, fit.left), second = single_dot(across(along), fit.bottom);
  const double scale = single(1 / single_dot(along, along));
  const Point origin = {single(single_dot({first, second}, {along.x, -along.y}) * scale),
                        single(single_dot({second, first}, along) * scale)};
  const Point wide = single(along * fit.width), high = single(across(along) * fit.height);
  const Point centre = single(origin + single(wide + high) * 0.5);
  const double width = single(length(wide)), height = single(length(high));
  const double degrees =
      single(single(single(std::atan2(wide.y, wide.x)) * 180) / std::numbers::pi);
  const double angle = degrees * std::numbers::pi / 180;
  const double cosine = single(std::cos(angle)) / 2, sine = single(std::sin(angle)) / 2;
  const Point right = single(Point{cosine, sine} * width);
  const Point up = single(Point{-sine, cosine} * height);
  const Point a = single(single(centre + up) - right), b = single(single(centre - up) - right);
  return {.corners = {a, b, single(centre * 2 - a), single(centre * 2 - b)},
          .short_side = std::min(width, height)};
}

}  // namespace smallest_rectangle_parts

/// Returns the smallest rectangle around a convex polygon, counter-clockwise where y points up, to
/// the last bit as OpenCV 4.6 does; where several are equally small, the corner decides from which
/// on the polygon's are listed. Corners are in the order in which PaddleOCR has them: of the two
/// leftmost ones the upper, of the others the upper and the lower, and the last.
inline RotatedRectangle smallest_rectangle(std::span<const Point> hull) {
  if (hull.empty()) return {};
  RotatedRectangle result = {.corners = {hull.front(), hull.front(), hull.back(), hull.back()}};
  if (hull.size() > 2)
    result = smallest_rectangle_parts::rectangle_of(smallest_rectangle_parts::smallest_fit(hull));
  Quadrilateral& corners = result.corners;
  std::ranges::sort(corners, {}, &Point::x);
  if (corners[0].y > corners[1].y) std::swap(corners[0], corners[1]);
  if (corners[2].y > corners[3].y) std::swap(corners[2], corners[3]);
  corners = {corners[0], corners[2], corners[3], corners[1]};
  return result;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_SMALLEST_RECTANGLE_HPP

// From a text detector's probabilities to boxes (PaddleOCR `db_postprocess.py`, boxes in quad mode,
// and what `predict_det.py` and `predict_system.py` do with them).

namespace pplcnet::inline PPLCNET_ABI {

/// A line of text in a picture: corners in whole pixels, clockwise from the top left one.
struct TextBox {
  Quadrilateral corners;
  float score = 0;  ///< the mean probability inside of it
};

/// When a region of a detector's probabilities is a line of text.
struct TextBoxOptions {
  float threshold = 0.3F;      ///< a pixel is of text above this probability
  double box_threshold = 0.6;  ///< a box has at least this score
  double unclip_ratio = 1.5;   ///< times area / perimeter: how far a box grows in all directions
  std::size_t most = 1000;     ///< outlines that are looked at
  double least_side = 3;       ///< of an outline's rectangle, in pixels of the map; 2 more of a box
  int least_side_in_source = 3;  ///< a box's sides are longer than this, in pixels of the picture
};

namespace text_boxes {

/// Returns a coordinate of a map in the picture that it is of, as numpy computes it in float32.
inline double scaled(double coordinate, int map, int source) {
  const float share = static_cast<float>(coordinate) / static_cast<float>(map);
  const std::int64_t value = round_half_even(share * static_cast<float>(source));
  return static_cast<double>(std::clamp<std::int64_t>(value, 0, source));
}

/// Returns the same corners from that with the smallest sum on, clockwise.
inline Quadrilateral clockwise(const Quadrilateral& box) {
  const auto sum = [](Point point) { return point.x + point.y; };
  const auto first = std::ranges::min_element(box, {}, sum) - box.begin();
  const auto third = std::ranges::max_element(box, {}, sum) - box.begin();
  Quadrilateral rest = box;
  std::size_t count = 0;
  for (std::ptrdiff_t i = 0; i < 4; ++i)
    if (i != first && i != third) rest[count++] = box[static_cast<std::size_t>(i)];
  if (count != 2) return box;
  if (rest[0].y - rest[0].x > rest[1].y - rest[1].x) std::swap(rest[0], rest[1]);
  return {box[static_cast<std::size_t>(first)], rest[0], box[static_cast<std::size_t>(third)],
          rest[1]};
}

}  // namespace text_boxes

/// Finds the boxes of lines in a detector's probabilities. Allocates only where a map is larger
/// than all before it.
class TextBoxFinder {
 public:
  /// Allocates what maps of so many rows and columns need, and so many boxes.
  void reserve(int rows, int columns, std::size_t boxes) {
    outlines_.reserve(rows, columns);
    boxes_.reserve(boxes);
  }

  /// Returns the boxes in the picture that the map is of, in reading order; they stay until the
  /// next call. `map` has `rows` rows of `columns` probabilities.
  std::span<const TextBox> find(std::span<const float> map, int rows, int columns, ImageSize source,
                                const TextBoxOptions& options = {}) {
    boxes_.clear();
    boxes_.reserve(options.most);
    std::size_t looked_at = 0;
    outlines_.find(map, rows, columns, options.threshold, [&](std::span<const Point> hull) {
      if (looked_at++ == options.most) return false;
      const RotatedRectangle inner = smallest_rectangle(hull);
      if (inner.short_side < options.least_side) return true;
      const double score = box_score(map, columns, inner.corners);
      if (!(score >= options.box_threshold)) return true;
      const RotatedRectangle box = unclip(inner, options);
      if (box.short_side >= options.least_side + 2)
        add(box.corners, static_cast<float>(score), {columns, rows}, source, options);
      return true;
    });
    sort();
    return boxes_;
  }

 private:
  static RotatedRectangle unclip(const RotatedRectangle& inner, const TextBoxOptions& options) {
    const double distance =
        area_of(inner.corners) * options.unclip_ratio / perimeter_of(inner.corners);
    const OffsetPolygon offset(inner.corners, distance);
    std::array<Point, OffsetPolygon::kMost> points;
    std::array<Point, OffsetPolygon::kMost + 1> hull;
    const auto end = std::ranges::copy(offset.points(), points.begin()).out;
    const std::span sorted(points.begin(), end);
    std::ranges::sort(sorted, [](Point a, Point b) { return a.y != b.y ? a.y < b.y : a.x < b.x; });
    const auto grown = std::span(hull).first(convex_hull(sorted, hull));
    if (grown.size() < 3) return {};
    // Clipper goes around to the top right corner.
    const int first = grown[1].y == grown[0].y ? 2 : 1;
    std::rotate(grown.begin(), grown.begin() + first, grown.end());
    return smallest_rectangle(grown);
  }

  /// Adds a box in the picture's pixels, if it is large enough there.
  void add(Quadrilateral corners, float score, ImageSize map, ImageSize source,
           const TextBoxOptions& options) {
    const double width = source.width, height = source.height;
    for (Point& corner : corners)
      corner = {text_boxes::scaled(corner.x, map.width, source.width),
                text_boxes::scaled(corner.y, map.height, source.height)};
    corners = text_boxes::clockwise(corners);
    for (Point& corner : corners)
      corner = {std::min(corner.x, width - 1), std::min(corner.y, height - 1)};
    const int across = static_cast<int>(length(corners[1] - corners[0]));
    const int down = static_cast<int>(length(corners[3] - corners[0]));
    if (std::min(across, down) > options.least_side_in_source) boxes_.push_back({corners, score});
  }

  /// Sorts boxes from top to bottom, and those of a row, which begin less than 10 pixels from each
  /// other, from left to right.
  void sort() {
    constexpr double kRow = 10;
    std::ranges::sort(boxes_, [](const TextBox& a, const TextBox& b) {
      const Point &p = a.corners[0], &q = b.corners[0];
      return p.y != q.y ? p.y < q.y : p.x < q.x;
    });
    for (std::size_t i = 1; i < boxes_.size(); ++i)
      for (std::size_t j = i; j > 0; --j) {
        const Point &p = boxes_[j - 1].corners[0], &q = boxes_[j].corners[0];
        if (!(std::abs(q.y - p.y) < kRow && q.x < p.x)) break;
        std::swap(boxes_[j - 1], boxes_[j]);
      }
  }

  OutlineFinder outlines_;
  std::vector<TextBox> boxes_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_TEXT_BOXES_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Lines that PaddleOCR reads together (`predict_rec.py`, `rec_batch_num`): neighbours by their
/// shape, all of them padded to the widest. What a line says may depend on it.
class LineBatches {
 public:
  /// Allocates what so many boxes need.
  void reserve(std::size_t boxes) {
    ratios_.reserve(boxes);
    order_.reserve(boxes);
    widths_.reserve(boxes);
  }

  /// Returns the width of the recogniser's input of each box, in batches of so many; they stay
  /// until the next call.
  std::span<const int> widths(std::span<const TextBox> boxes, std::size_t batch) {
    const auto line_of = [&](std::size_t i) { return line_size(boxes[i].corners); };
    ratios_.clear();
    for (std::size_t i = 0; i < boxes.size(); ++i)
      ratios_.push_back(static_cast<double>(line_of(i).width) / std::max(line_of(i).height, 1));
    order_.resize(boxes.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::sort(order_, [&](std::size_t a, std::size_t b) {
      return ratios_[a] != ratios_[b] ? ratios_[a] < ratios_[b] : a < b;
    });
    widths_.resize(boxes.size());
    for (std::size_t begin = 0; begin < order_.size(); begin += batch) {
      const std::size_t end = std::min(begin + batch, order_.size());
      const ImageSize widest = line_of(order_[end - 1]);
      const int width = widest.height < 1 ? kLeastLineWidth : recogniser_width(widest);
      for (std::size_t i = begin; i < end; ++i) widths_[order_[i]] = width;
    }
    return widths_;
  }

 private:
  std::vector<double> ratios_;
  std::vector<std::size_t> order_;
  std::vector<int> widths_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_LINE_BATCHES_HPP
// from pplcnet/text_detector.hpp
#ifndef PPLCNET_TEXT_DETECTOR_HPP
#define PPLCNET_TEXT_DETECTOR_HPP

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

// from pplcnet/text_options.hpp
#ifndef PPLCNET_TEXT_OPTIONS_HPP
#define PPLCNET_TEXT_OPTIONS_HPP

#include <cstddef>
#include <string_view>


namespace pplcnet::inline PPLCNET_ABI {

/// How text is found and read. The defaults are PaddleOCR's for PP-OCRv4.
struct TextReaderOptions {
  int longest_side = 960;     ///< of what the detector sees of a picture, in pixels
  int shortest_side = 0;      ///< smaller pictures are enlarged to it, up to `longest_side`
  TextBoxOptions boxes = {};  ///< what a line of text is
  float least_score = 0.5F;   ///< of a line that is worth reporting
  int widest_line = 4096;     ///< of a recogniser's input; longer lines are squeezed to it
  double rotated_from = 0.9;  ///< the probability from which on a line is taken to be upside down
  std::size_t batch = 1;      ///< lines padded to the widest of them; PaddleOCR's is 6
  int threads = 1;            ///< of an executor that read lines, each with memory of its own
  /// The largest picture, for which `make` allocates all memory, and that of all lines that `boxes`
  /// and `widest_line` allow: to read then allocates nothing. Without it pictures have any size,
  /// and memory grows with them.
  ImageSize largest_picture = {};
};

/// A line of text in a picture.
struct TextLine {
  TextBox box;
  std::string_view text;     ///< UTF-8; it stays until the next picture
  float score = 0;           ///< the mean probability of its characters
  bool upside_down = false;  ///< it was read after half a turn, of a page that is upright else
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OPTIONS_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Finds the lines of text in pictures. What a picture needs of memory stays for those after it.
/// Copies have memory of their own: one copy for each thread.
class TextDetector {
 public:
  TextDetector(TextNetwork network, const TextReaderOptions& options)
      : network_(std::move(network)),
        longest_side_(options.longest_side),
        shortest_side_(options.shortest_side),
        options_(options.boxes),
        tables_(normalisation_tables(detector_preprocessing({}).normalisation)) {}

  /// Finds the lines of a picture in reading order; they stay until the next call.
  Error find(ImageView picture, std::span<const TextBox>& boxes, const RunOptions& run = {}) {
    boxes = {};
    if (picture.empty()) return Error::of("the picture has no pixels");
    const ImageView seen = with_least_size(picture, padded_);
    const Extent input = detector_input(seen.size(), longest_side_, shortest_side_);
    if (auto error = network_.resize(input)) return error;
    const Preprocessing preprocessing = detector_preprocessing(input);
    resize_and_crop(preprocessing, seen, scratch_);
    if (auto error = compute_result("the detector of text", network_.network, preprocessing,
                                    tables_, scratch_, values_, run))
      return error;
    boxes = finder_.find(values_, input.height, input.width, picture.size(), options_);
    return {};
  }

  /// Allocates all that pictures up to a size need: for each input of the network, as which one
  /// needs most depends on its plan.
  Error reserve(ImageSize picture) {
    const Extent most = largest_detector_input(picture, longest_side_, shortest_side_);
    for (Extent input = most; input.height > 0; input.height -= kDetectorStep)
      for (input.width = most.width; input.width > 0; input.width -= kDetectorStep)
        if (auto error = network_.reserve(input)) return error;
    values_.reserve(static_cast<std::size_t>(most.height) * static_cast<std::size_t>(most.width));
    finder_.reserve(most.height, most.width, options_.most);
    padded_.resize({kTinySides, kTinySides});
    resize_and_crop(detector_preprocessing(most), padded_.view(), scratch_);
    return {};
  }

  const TextNetwork& network() const { return network_; }

 private:
  TextNetwork network_;
  int longest_side_, shortest_side_;
  TextBoxOptions options_;
  TextBoxFinder finder_;
  std::array<ByteTable, kImageChannels> tables_;
  PreprocessScratch scratch_;
  RgbImage padded_;
  std::vector<float> values_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_DETECTOR_HPP

namespace pplcnet::inline PPLCNET_ABI {

/// Reads the text of pictures: finds its lines, straightens, rotates and reads each. What a picture
/// needs of memory stays for those after it; see TextReaderOptions::largest_picture. Copies have
/// memory of their own: one copy for each thread.
///
/// With a classifier of lines, a page most of whose lines are upside down or on their side is
/// rotated as a whole, and read again: it then says the same as if it had been upright.
class TextReader {
 public:
  /// Fails if the networks are not for each other.
  static Error make(TextNetworks networks, const TextReaderOptions& options,
                    std::optional<TextReader>& result) {
    if (auto error = networks.check()) return error;
    if (options.threads < 1 || options.threads > AnyNetwork::kMostThreads)
      return Error::of("expected from 1 to ", AnyNetwork::kMostThreads, " threads, found ",
                       options.threads);
    if (options.batch < 1) return Error::of("expected batches of at least 1 line, found 0");
    return with_memory_for("the text reader", [&]() -> Error {
      TextReader reader(std::move(networks), options);
      if (auto error = reader.reserve()) return error;
      result.emplace(std::move(reader));
      return {};
    });
  }
  TextReader(const TextReader& other) : TextReader(other.networks(), other.options_) {
    if (reserve()) fail_allocation();
  }
  TextReader(TextReader&&) noexcept = default;
  TextReader& operator=(const TextReader& other) {
    if (this != &other) *this = TextReader(other);
    return *this;
  }
  TextReader& operator=(TextReader&&) noexcept = default;
  ~TextReader() = default;

  /// Reads a picture; its lines are in reading order, and stay until the next call.
  Error read(ImageView picture, std::span<const TextLine>& lines, const RunOptions& run = {}) {
    lines = {};
    if (auto error = check(picture)) return error;
    if (auto error = read_as_it_lies(picture, run)) return error;
    quarters_ = orientation_ ? quarters_of_lines() : 0;
    if (quarters_ > 0) {
      if (auto error = read_as_it_lies(rotated(picture, quarters_), run)) return error;
      for (TextLine& line : lines_) {
        for (Point& corner : line.box.corners)
          corner = before_rotation(corner, quarters_, picture.size());
        line.box.corners = text_boxes::clockwise(line.box.corners);
      }
    }
    lines = lines_;
    return {};
  }

  /// Returns by how many degrees clockwise the last picture is rotated, as its lines say: 0, 90,
  /// 180 or 270; 0 without a classifier of lines.
  int rotation() const { return 90 * quarters_; }

  /// Finds the lines of a picture, which stay until the next call.
  Error find(ImageView picture, std::span<const TextBox>& boxes, const RunOptions& run = {}) {
    if (auto error = check(picture)) return error;
    return detector_.find(picture, boxes, run);
  }

 private:
  TextReader(TextNetworks networks, const TextReaderOptions& options)
      : detector_(std::move(networks.detector), options),
        recogniser_(std::move(networks.recogniser), std::move(networks.dictionary),
                    options.widest_line),
        orientation_(std::move(networks.orientation)),
        orientation_preprocessing_(networks.orientation_preprocessing),
        options_(options),
        orientation_tables_(normalisation_tables(orientation_preprocessing_.normalisation)) {
    lines_.reserve(options.boxes.most);
    share_.reserve(options.boxes.most);
    lengths_.reserve(options.boxes.most);
    batches_.reserve(options.boxes.most);
    for (int i = 1; i < options.threads; ++i) {
      TextReaderOptions alone = options;
      alone.threads = 1;
      others_.push_back(TextReader(this->networks(), alone));
    }
  }

  TextNetworks networks() const {
    return {detector_.network(), recogniser_.recogniser(), recogniser_.dictionary(), orientation_,
            orientation_preprocessing_};
  }

  bool is_bounded() const { return options_.largest_picture != ImageSize{}; }

  Error check(ImageView picture) const {
    if (picture.empty()) return Error::of("the picture has no pixels");
    const ImageSize most = options_.largest_picture;
    if (is_bounded() && (picture.width > most.width || picture.height > most.height))
      return Error::of("the picture has ", picture.width, " x ", picture.height,
                       " pixels, expected at most ", most.width, " x ", most.height);
    return {};
  }

  /// Finds and reads lines.
  Error read_as_it_lies(ImageView picture, const RunOptions& run) {
    lines_.clear();
    std::span<const TextBox> boxes;
    if (auto error = detector_.find(picture, boxes, run)) return error;
    const std::span<const int> widths = batches_.widths(boxes, options_.batch);
    const int readers = std::min(run.executor.threads(), static_cast<int>(others_.size()) + 1);
    const auto reader = [&](std::size_t part) -> TextReader& {
      return part == 0 ? *this : others_[part - 1];
    };
    const auto count = static_cast<std::size_t>(std::max(readers, 1));
    const auto read_share = [&](int part) {
      const auto first = static_cast<std::size_t>(part);
      reader(first).read_lines(picture, boxes, widths, first, count, {.isa = run.isa});
    };
    run.executor(static_cast<int>(count), Task(read_share));
    for (std::size_t part = 0; part < count; ++part)
      if (reader(part).error_) return reader(part).error_;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (const std::optional<TextLine>& line = reader(i % count).share_[i / count])
        lines_.push_back(*line);
    return {};
  }

  /// Returns by how many quarters a page was rotated clockwise: how most of its lines are, where
  /// long ones count for more.
  int quarters_of_lines() const {
    std::array<double, 4> lengths = {};
    double sum = 0;
    for (const TextLine& line : lines_) {
      const ImageSize size = crop_size(line.box.corners);
      const std::size_t quarters = (stands_on_end(size) ? 1U : 0U) + (line.upside_down ? 2U : 0U);
      lengths[quarters] += std::max(size.width, size.height);
      sum += std::max(size.width, size.height);
    }
    const auto most = std::ranges::max_element(lengths);
    return 2 * *most > sum ? static_cast<int>(most - lengths.begin()) : 0;
  }

  /// Allocates all that reading pictures up to the largest one needs.
  Error reserve() {
    if (!is_bounded()) return {};
    const ImageSize most = options_.largest_picture;
    if (std::min(most.width, most.height) < 1 || std::max(most.width, most.height) > kLongestSide)
      return Error::of("the largest picture has ", most.width, " x ", most.height,
                       " pixels, expected sides from 1 to ", kLongestSide);
    const int longer = std::max(most.width, most.height);
    return with_memory_for("the text reader", [&]() -> Error {
      if (auto error = detector_.reserve(orientation_ ? ImageSize{longer, longer} : most))
        return error;
      if (auto error = reserve_lines()) return error;
      for (TextReader& other : others_)
        if (auto error = other.reserve_lines()) return error;
      return {};
    });
  }

  /// Allocates for lines of each width, and for their texts.
  Error reserve_lines() {
    // A line is no longer and no higher than the picture's diagonal.
    const auto square = [](int side) { return std::int64_t{side} * side; };
    const auto [width, height] = options_.largest_picture;
    const std::int64_t pixels = square(width) + square(height);
    line_.pixels.reserve(static_cast<std::size_t>(pixels) * kImageChannels);
    if (auto error = recogniser_.reserve(options_.boxes.most, text_)) return error;
    if (!orientation_) return {};
    values_.reserve(static_cast<std::size_t>(orientation_->classes()));
    const Interpolation kind = orientation_preprocessing_.interpolation;
    if (kind != Interpolation::opencv_linear && kind != Interpolation::opencv_cubic)
      return Error::of("a text reader with a largest picture resizes lines as OpenCV does, found ",
                       orientation_preprocessing_.name);
    line_.resize({1, 1});
    resize_and_crop(orientation_preprocessing_, line_.view(), scratch_);
    return {};
  }

  /// Finds out whether a line is upside down; one that cannot be seen is not.
  Error see_orientation(ImageView line, bool& upside_down, const RunOptions& run) {
    if (!orientation_) return {};
    if (!resize_and_crop(orientation_preprocessing_, line, scratch_)) return {};
    if (auto error =
            compute_result("the classifier of lines", *orientation_, orientation_preprocessing_,
                           orientation_tables_, scratch_, values_, run))
      return error;
    pplcnet::softmax(values_);
    upside_down = values_[1] >= options_.rotated_from;
    return {};
  }

  /// Reads every so many boxes from the first one on: in one thread.
  void read_lines(ImageView picture, std::span<const TextBox> boxes, std::span<const int> widths,
                  std::size_t first, std::size_t step, const RunOptions& run) {
    share_.clear();
    lengths_.clear();
    text_.clear();
    error_ = with_memory_for("the text reader", [&]() -> Error {
      for (std::size_t i = first; i < boxes.size(); i += step)
        if (auto error = read_box(picture, boxes[i], widths[i], run)) return error;
      return {};
    });
    // Where the texts are is known when all are there.
    std::string_view rest = text_;
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      if (share_[i]) share_[i]->text = rest.substr(0, lengths_[i]);
      rest.remove_prefix(lengths_[i]);
    }
  }

  /// Reads the line in a box, and keeps it if it is read well enough.
  Error read_box(ImageView picture, const TextBox& box, int width, const RunOptions& run) {
    share_.emplace_back();
    lengths_.push_back(0);
    if (!crop(picture, box.corners, line_)) return {};
    const ImageView view = rotated(line_.view(), stands_on_end(line_.size) ? 1 : 0);
    TextLine line = {.box = box, .text = {}};
    if (auto error = see_orientation(view, line.upside_down, run)) return error;
    const ImageView upright = rotated(view, line.upside_down ? 2 : 0);
    const std::size_t begin = text_.size();
    if (auto error = recogniser_.read(upright, text_, line.score, width, run)) return error;
    if (text_.size() == begin || !(line.score >= options_.least_score)) {
      text_.resize(begin);
      return {};
    }
    share_.back() = line;
    lengths_.back() = text_.size() - begin;
    return {};
  }

  static constexpr int kLongestSide = 1 << 20;  // of a picture

  TextDetector detector_;
  LineReader recogniser_;
  std::optional<AnyNetwork> orientation_;
  Preprocessing orientation_preprocessing_;
  TextReaderOptions options_;
  LineBatches batches_;
  std::array<ByteTable, kImageChannels> orientation_tables_;
  PreprocessScratch scratch_;
  RgbImage line_;
  std::vector<float> values_;
  int quarters_ = 0;  // by which the last picture was rotated, clockwise
  std::vector<TextLine> lines_;
  std::vector<std::optional<TextLine>> share_;  // of the boxes that are this one's to read
  std::vector<std::size_t> lengths_;            // of their texts
  std::string text_;
  Error error_;
  std::vector<TextReader> others_;  // that read lines in other threads
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_READER_HPP
