#ifndef PPLCNET_EXAMPLES_JPEG_HEADER_HPP
#define PPLCNET_EXAMPLES_JPEG_HEADER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "jpeg_colours.hpp"
#include "picture_limits.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/error.hpp"

namespace decoding {

/// Header of a JPEG, from all of its markers; nothing is decoded.
class JpegHeader {
 public:
  /// Returns an error if the file ends early, or is of a kind that is not decoded.
  static pplcnet::Error parse(std::span<const std::byte> file, JpegHeader& header) {
    header = JpegHeader();
    header.reader_ = {file};
    return header.walk();
  }

  std::uint64_t width() const { return width_; }
  std::uint64_t height() const { return height_; }
  std::uint64_t scans() const { return scans_; }
  std::uint64_t samples_of_scans() const { return samples_of_scans_; }
  JpegColours colours() const {
    if (count_ == 1) return JpegColours::grey;
    if (count_ == 4) return adobe_transform_ == 0 ? JpegColours::cmyk : JpegColours::ycck;
    const bool is_rgb = !is_jfif_ && (adobe_transform_ == 0 || is_named_rgb());
    return is_rgb ? JpegColours::rgb : JpegColours::ycc;
  }
  bool has_end() const { return has_end_; }  ///< the marker after the last scan

  /// Samples of all components, in whole blocks.
  std::uint64_t samples() const {
    std::uint64_t sum = 0;
    for (const Component& one : components()) sum += samples_of(one);
    return sum;
  }
  /// Returns the memory for decoding it to RGB; coefficients of a progressive one are kept.
  std::uint64_t bytes() const { return samples() * (progressive_ ? 3 : 1) + width_ * height_ * 3; }

 private:
  struct Component {
    std::uint64_t id = 0, across = 1, down = 1;  // sampling factors
    std::array<int, 64> missing_bits = {};       // of each coefficient; those not seen: kNone
  };
  static constexpr int kNone = 99;

  std::span<const Component> components() const { return {components_.data(), count_}; }
  std::uint64_t most_across() const {
    return std::ranges::max(components(), {}, &Component::across).across;
  }
  std::uint64_t most_down() const {
    return std::ranges::max(components(), {}, &Component::down).down;
  }
  bool is_named_rgb() const {
    return count_ == 3 && components_[0].id == 'R' && components_[1].id == 'G' &&
           components_[2].id == 'B';
  }
  static std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }
  std::uint64_t mcus_across() const { return ceil_div(width_, 8 * most_across()); }
  std::uint64_t mcus_down() const { return ceil_div(height_, 8 * most_down()); }

  std::uint64_t samples_of(const Component& one) const {
    return mcus_across() * one.across * 8 * mcus_down() * one.down * 8;
  }

  std::uint64_t byte(std::uint64_t offset) const { return reader_.number(offset, 1); }
  std::uint64_t size() const { return reader_.bytes.size(); }
  pplcnet::Error truncated() const {
    return pplcnet::Error::of("it is truncated after ", size(), " bytes");
  }

  pplcnet::Error walk() {
    std::uint64_t offset = 2;
    while (true) {
      if (offset >= size()) return at_end_of_file();
      if (byte(offset) != 0xFF) return pplcnet::Error::of("a marker was expected at byte ", offset);
      while (offset < size() && byte(offset) == 0xFF) ++offset;
      if (offset >= size()) return at_end_of_file();
      const std::uint64_t marker = byte(offset++);
      if (marker == 0xD9) {
        has_end_ = true;
        return check_scans();
      }
      if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xD8))
        return pplcnet::Error::of("marker ", marker, " at byte ", offset - 1, " is unexpected");
      const std::uint64_t length = reader_.number(offset, 2);
      if (length > size() - offset || size() - offset < 2) return truncated();
      if (length < 2) return pplcnet::Error::of("the segment at byte ", offset, " has no length");
      if (auto error = segment(marker, offset + 2, length - 2)) return error;
      offset += length;
      if (marker == 0xDA)
        if (auto error = skip_scan(offset)) return error;
    }
  }

  pplcnet::Error segment(std::uint64_t marker, std::uint64_t begin, std::uint64_t length) {
    using namespace std::string_view_literals;
    switch (marker) {
      case 0xC0:
      case 0xC1:
      case 0xC2:
        progressive_ = marker == 0xC2;
        return frame(begin, length);
      case 0xC4:
        return check_codes(begin, begin + length);
      case 0xDA:
        return scan(begin, length);
      case 0xDC:
        return pplcnet::Error::of("its height follows its pixels, which is not supported");
      case 0xDD:
        restart_interval_ = reader_.number(begin, 2);
        return {};
      case 0xE0:
        is_jfif_ = is_jfif_ || (length >= 5 && reader_.has(begin, "JFIF\0"sv));
        return {};
      case 0xEE:
        if (length >= 12 && reader_.has(begin, "Adobe"sv))
          adobe_transform_ = static_cast<int>(byte(begin + 11));
        return {};
      default:
        if (marker < 0xD0)
          return pplcnet::Error::of("it is a ",
                                    marker == 0xC9 || marker == 0xCA
                                        ? "JPEG with arithmetic coding"
                                        : "lossless or hierarchical JPEG",
                                    ", which is not supported");
        return {};
    }
  }

  /// Returns an error for a table of more codes than there are values: stb_image has no room for
  /// it.
  pplcnet::Error check_codes(std::uint64_t begin, std::uint64_t end) const {
    constexpr std::uint64_t kLengths = 16;
    while (begin < end) {
      std::uint64_t codes = 0;
      for (std::uint64_t i = 1; i <= kLengths; ++i) codes += byte(begin + i);
      if (codes > 256) return pplcnet::Error::of("it has a table of ", codes, " codes");
      begin += 1 + kLengths + codes;
    }
    if (begin == end) return {};
    return pplcnet::Error::of("its tables of codes end at byte ", begin, " and not ", end);
  }

  pplcnet::Error frame(std::uint64_t begin, std::uint64_t length) {
    if (count_ > 0) return pplcnet::Error::of("it has two frames");
    if (byte(begin) != 8)
      return pplcnet::Error::of("it has ", byte(begin), " bits for each sample, 8 are supported");
    height_ = reader_.number(begin + 1, 2);
    width_ = reader_.number(begin + 3, 2);
    const std::uint64_t count = byte(begin + 5);
    if (width_ == 0 || height_ == 0)
      return pplcnet::Error::of("it has no pixels: ", width_, "x", height_);
    if (count != 1 && count != 3 && count != 4)
      return pplcnet::Error::of("it has ", count, " components, 1, 3 and 4 are supported");
    if (length != 6 + 3 * count) return pplcnet::Error::of("its frame has a wrong length");
    count_ = static_cast<std::size_t>(count);
    for (std::size_t i = 0; i < count_; ++i) {
      Component& one = components_[i];
      one.id = byte(begin + 6 + 3 * i);
      one.across = byte(begin + 7 + 3 * i) >> 4;
      one.down = byte(begin + 7 + 3 * i) & 15;
      one.missing_bits.fill(kNone);
      if (one.across < 1 || one.across > 4 || one.down < 1 || one.down > 4)
        return pplcnet::Error::of("its sampling factors are ", one.across, "x", one.down);
    }
    return {};
  }

  /// Where colours are not said in a way that all decoders read alike, none is guessed.
  pplcnet::Error check_colours() const {
    if (count_ == 4 && adobe_transform_ < 0)
      return pplcnet::Error::of(
          "it has four components and no Adobe marker, so nothing says whether they are inverted");
    if (count_ == 4 && adobe_transform_ != 0 && adobe_transform_ != 2)
      return pplcnet::Error::of("its Adobe marker says ", adobe_transform_,
                                " of four components, which is neither CMYK nor YCCK");
    if (is_named_rgb() && (is_jfif_ || adobe_transform_ > 0))
      return pplcnet::Error::of("its components are named RGB, its header says YCbCr");
    return {};
  }

  pplcnet::Error scan(std::uint64_t begin, std::uint64_t length) {
    if (count_ == 0) return pplcnet::Error::of("a scan comes before its frame");
    ++scans_;
    const std::uint64_t count = byte(begin);
    if (count < 1 || count > count_ || length != 4 + 2 * count)
      return pplcnet::Error::of("scan ", scans_, " has a wrong header");
    const std::uint64_t first = byte(begin + 1 + 2 * count);
    const std::uint64_t last = progressive_ ? byte(begin + 2 + 2 * count) : 63;
    const std::uint64_t low = progressive_ ? byte(begin + 3 + 2 * count) & 15 : 0;
    if (first > last || last > 63)
      return pplcnet::Error::of("scan ", scans_, " has coefficients ", first, " to ", last);
    scan_component_ = nullptr;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto end = components_.begin() + static_cast<std::ptrdiff_t>(count_);
      const auto one =
          std::ranges::find(components_.begin(), end, byte(begin + 1 + 2 * i), &Component::id);
      if (one == end) return pplcnet::Error::of("scan ", scans_, " has an unknown component");
      if (first > 0 && one->missing_bits[0] == kNone)
        return pplcnet::Error::of("scan ", scans_, " comes before that of the mean values");
      for (auto k = first; k <= last; ++k)
        one->missing_bits[static_cast<std::size_t>(k)] = static_cast<int>(low);
      samples_of_scans_ += samples_of(*one);
      if (count == 1) scan_component_ = &*one;
    }
    return {};
  }

  /// To the marker after a scan. What is cut off between two restarts would be seen as nothing.
  pplcnet::Error skip_scan(std::uint64_t& offset) {
    const auto* const data = reinterpret_cast<const char*>(reader_.bytes.data());
    std::uint64_t restarts = 0;
    while (offset < size()) {
      const void* const found =
          std::memchr(data + offset, 0xFF, static_cast<std::size_t>(size() - offset));
      offset = found ? static_cast<std::uint64_t>(static_cast<const char*>(found) - data) : size();
      const std::uint64_t next = byte(offset + 1);  // 0 at the end
      if (offset + 1 < size() && next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) break;
      restarts += next >= 0xD0 && next <= 0xD7;
      offset += next == 0xFF ? 1 : 2;
    }
    offset = std::min(offset, size());
    std::uint64_t mcus = mcus_across() * mcus_down();
    if (scan_component_)
      mcus = ceil_div(ceil_div(width_ * scan_component_->across, most_across()), 8) *
             ceil_div(ceil_div(height_ * scan_component_->down, most_down()), 8);
    const std::uint64_t expected = restart_interval_ ? ceil_div(mcus, restart_interval_) - 1 : 0;
    if (restarts < expected)
      return pplcnet::Error::of("scan ", scans_, " has ", restarts, " of ", expected, " restarts");
    return {};
  }

  pplcnet::Error check_scans() const {
    if (count_ == 0) return pplcnet::Error::of("it has no frame");
    for (const Component& one : components())
      if (one.missing_bits[0] == kNone)
        return pplcnet::Error::of("component ", one.id, " is in no scan");
    return check_colours();
  }

  /// Checks that a file ends where it may: the last marker alone may be missing.
  pplcnet::Error at_end_of_file() const {
    if (count_ == 0) return truncated();
    const auto complete = [](int bits) { return bits == 0; };
    for (const Component& one : components())
      if (!std::ranges::all_of(one.missing_bits, complete)) return truncated();
    if (size() > 4 && reader_.number(size() - 4, 4) == 0) return truncated();  // filled with zeros
    return check_scans();
  }

  pplcnet::ByteReader reader_;
  std::uint64_t width_ = 0, height_ = 0, scans_ = 0, samples_of_scans_ = 0;
  std::uint64_t restart_interval_ = 0;
  std::size_t count_ = 0;
  std::array<Component, 4> components_ = {};
  const Component* scan_component_ = nullptr;  // the only one of the scan
  bool progressive_ = false, has_end_ = false, is_jfif_ = false;
  int adobe_transform_ = -1;
};

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_HEADER_HPP
