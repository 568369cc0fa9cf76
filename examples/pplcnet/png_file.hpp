#ifndef PPLCNET_EXAMPLES_PNG_FILE_HPP
#define PPLCNET_EXAMPLES_PNG_FILE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

#include "picture_limits.hpp"
#include "png_chunks.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/error.hpp"
#include "stb_decoders.hpp"

namespace decoding {

/// Pixels as a PNG file has them, row after row, each from a byte on.
struct PngRows {
  Memory memory;
  std::size_t first = 0, stride = 0;  ///< of the first row, and from row to row

  std::uint8_t* row(int y) const {
    return memory.get() + first + static_cast<std::size_t>(y) * stride;
  }
};

/// Returns a sample of at most 8 bits in a row.
inline unsigned png_sample(const std::uint8_t* row, std::size_t index, int depth) {
  const std::size_t bit = index * static_cast<std::size_t>(depth);
  return (row[bit / 8] >> (8 - depth - static_cast<int>(bit % 8))) & ((1u << depth) - 1);
}
/// Reads the same, into a row of zeros.
inline void set_png_sample(std::uint8_t* row, std::size_t index, int depth, unsigned value) {
  const std::size_t bit = index * static_cast<std::size_t>(depth);
  row[bit / 8] =
      static_cast<std::uint8_t>(row[bit / 8] | value << (8 - depth - static_cast<int>(bit % 8)));
}

/// A PNG file, whose pixels are not yet decoded.
class PngFile {
 public:
  enum Colour { grey = 0, rgb = 2, palette = 3, grey_alpha = 4, rgba = 6 };

  int width = 0, height = 0, depth = 0;
  Colour colour = grey;
  bool interlaced = false, animated = false;
  std::span<const std::byte> colours;       ///< of the palette, each of three bytes
  std::span<const std::byte> transparency;  ///< what chunk tRNS holds

  /// Returns an error if the file ends early, or pixels or palette are not as its checksums say.
  static pplcnet::Error parse(std::span<const std::byte> file, PngFile& png) {
    png = PngFile();
    png.file_ = file;
    std::span<const std::byte> rest = file.subspan(kPngSignature.size());
    for (std::string_view before; true;) {
      const auto chunk = take_chunk(rest);
      if (!chunk) return pplcnet::Error::of("it is truncated after ", file.size(), " bytes");
      if (auto error = png.add(*chunk, before)) return error;
      if (chunk->type() == "IEND") break;
      before = chunk->type();
    }
    if (png.deflated_size_ == 0) return pplcnet::Error::of("it has no pixels");
    if (png.colour == palette && png.colours.empty())
      return pplcnet::Error::of("it has no palette");
    return {};
  }

  int channels() const {
    constexpr std::array kChannels = {1, 0, 3, 1, 2, 0, 4};
    return kChannels[static_cast<std::size_t>(colour)];
  }
  bool has_alpha() const { return colour == grey_alpha || colour == rgba || !transparency.empty(); }
  /// Returns the bytes of a row of so many pixels.
  std::uint64_t row_bytes(std::uint64_t pixels) const {
    return (pixels * static_cast<std::uint64_t>(channels() * depth) + 7) / 8;
  }
  std::uint64_t inflated_bytes() const {
    std::uint64_t sum = 0;
    for (const Pass& pass : passes())
      if (pass.width > 0) sum += (row_bytes(pass.width) + 1) * pass.height;
    return sum;
  }
  /// Returns the memory for its rows.
  std::uint64_t bytes() const {
    const std::uint64_t rows =
        row_bytes(static_cast<std::uint64_t>(width)) * static_cast<std::uint64_t>(height);
    return deflated_size_ + inflated_bytes() + kSpare + (interlaced ? rows : 0);
  }

  /// Decodes its rows, at the depth that they have.
  pplcnet::Error decode(PngRows& rows) const {
    const std::uint64_t expected = inflated_bytes(), room = expected + kSpare;
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    if (room > kMost || deflated_size_ > kMost) return out_of_memory();
    const Memory deflated = allocate(static_cast<std::size_t>(deflated_size_));
    rows.memory = allocate(static_cast<std::size_t>(room));
    if (!deflated || !rows.memory) return out_of_memory();
    gather(deflated.get());
    const int size = stbi_zlib_decode_buffer(
        reinterpret_cast<char*>(rows.memory.get()), static_cast<int>(room),
        reinterpret_cast<const char*>(deflated.get()), static_cast<int>(deflated_size_));
    if (size < 0) return pplcnet::Error::of("the data stream of its pixels is broken");
    if (static_cast<std::uint64_t>(size) < expected)
      return pplcnet::Error::of("its pixels end after ", size, " of ", expected, " bytes");
    std::uint8_t* pass_begin = rows.memory.get();
    for (const Pass& pass : passes())
      if (auto error = unfilter(pass, pass_begin)) return error;
    rows.first = 1;
    rows.stride = static_cast<std::size_t>(row_bytes(static_cast<std::uint64_t>(width)) + 1);
    return interlaced ? weave(rows) : pplcnet::Error();
  }

 private:
  static constexpr std::uint64_t kSpare = 4096;  // some encoders write a little more than pixels

  /// A part of the picture: every so many columns and rows, from a first one on.
  struct Pass {
    std::uint64_t left, top, across, down, width, height;
  };

  std::array<Pass, 7> passes() const {
    const auto w = static_cast<std::uint64_t>(width), h = static_cast<std::uint64_t>(height);
    std::array<Pass, 7> result = {{{0, 0, 8, 8, 0, 0},
                                   {4, 0, 8, 8, 0, 0},
                                   {0, 4, 4, 8, 0, 0},
                                   {2, 0, 4, 4, 0, 0},
                                   {0, 2, 2, 4, 0, 0},
                                   {1, 0, 2, 2, 0, 0},
                                   {0, 1, 1, 2, 0, 0}}};
    if (!interlaced) return {{{0, 0, 1, 1, w, h}}};
    for (Pass& pass : result) {
      pass.width = (w + pass.across - 1 - pass.left) / pass.across;
      pass.height = (h + pass.down - 1 - pass.top) / pass.down;
    }
    return result;
  }

  pplcnet::Error add(const PngChunk& chunk, std::string_view before) {
    const std::string_view type = chunk.type();
    const auto data = chunk.data();
    if (type == "CgBI") return pplcnet::Error::of("it is a PNG for iPhones alone (chunk CgBI)");
    const bool is_first = before.empty();
    if (is_first != (type == "IHDR")) return pplcnet::Error::of("its first chunk is not IHDR");
    if ((chunk.is_critical() || type == "tRNS") && !chunk.is_intact())
      return pplcnet::Error::of("the checksum of its chunk ", pplcnet::quote(type), " is wrong");
    if (type == "IHDR") return read_header(data);
    if (type == "IDAT") {
      if (deflated_size_ > 0 && before != "IDAT")
        return pplcnet::Error::of("its chunks IDAT are not together");
      deflated_size_ += data.size();
    } else if (type == "PLTE") {
      if (deflated_size_ > 0 || data.empty() || data.size() % 3 != 0 || data.size() > 3 * 256)
        return pplcnet::Error::of("its palette of ", data.size(), " bytes is wrong");
      colours = data;
    } else if (type == "tRNS" && deflated_size_ == 0) {
      const std::size_t expected = colour == grey ? 2 : colour == rgb ? 6 : data.size();
      if (colour == grey_alpha || colour == rgba || data.size() != expected ||
          (colour == palette && data.size() > colours.size() / 3))
        return pplcnet::Error::of("its chunk tRNS of ", data.size(), " bytes is wrong");
      transparency = data;
    } else if (type == "acTL") {
      animated = true;
    } else if (chunk.is_critical() && type != "IEND") {
      return pplcnet::Error::of("its chunk ", pplcnet::quote(type), " is not known");
    }
    return {};
  }

  pplcnet::Error read_header(std::span<const std::byte> data) {
    if (data.size() != 13) return pplcnet::Error::of("its header has ", data.size(), " bytes");
    const pplcnet::ByteReader reader{data};
    const std::uint64_t across = reader.number(0, 4), down = reader.number(4, 4);
    const std::uint64_t bits = reader.number(8, 1), kind = reader.number(9, 1);
    constexpr std::uint64_t kMost = 0x7FFFFFFF;
    if (across == 0 || down == 0 || across > kMost || down > kMost)
      return pplcnet::Error::of("it has ", across, "x", down, " pixels");
    const bool one_bit_at_least = bits == 1 || bits == 2 || bits == 4;
    const bool good =
        (kind == grey && (one_bit_at_least || bits == 8 || bits == 16)) ||
        (kind == palette && (one_bit_at_least || bits == 8)) ||
        ((kind == rgb || kind == grey_alpha || kind == rgba) && (bits == 8 || bits == 16));
    if (!good || reader.number(10, 2) != 0 || reader.number(12, 1) > 1)
      return pplcnet::Error::of("its header has ", bits, " bits of colour type ", kind,
                                ", compression ", reader.number(10, 1), ", filter ",
                                reader.number(11, 1), ", interlace ", reader.number(12, 1));
    width = static_cast<int>(across);
    height = static_cast<int>(down);
    depth = static_cast<int>(bits);
    colour = static_cast<Colour>(kind);
    interlaced = reader.number(12, 1) == 1;
    return {};
  }

  void gather(std::uint8_t* out) const {
    std::span<const std::byte> rest = file_.subspan(kPngSignature.size());
    while (const auto chunk = take_chunk(rest)) {
      if (chunk->type() == "IEND") break;
      if (chunk->type() != "IDAT" || chunk->data().empty()) continue;
      std::memcpy(out, chunk->data().data(), chunk->data().size());
      out += chunk->data().size();
    }
  }

  /// Undoes the filters of a pass, in place; then its rows begin after one byte each.
  pplcnet::Error unfilter(const Pass& pass, std::uint8_t*& begin) const {
    if (pass.width == 0 || pass.height == 0) return {};
    const auto size = static_cast<std::size_t>(row_bytes(pass.width));
    const auto step = static_cast<std::size_t>(std::max(1, channels() * depth / 8));
    for (std::uint64_t y = 0; y < pass.height; ++y, begin += size + 1) {
      std::uint8_t* const row = begin + 1;
      if (!undo_filter(begin[0], row, y > 0 ? row - (size + 1) : nullptr, size, step))
        return pplcnet::Error::of("row ", y, " has filter ", int{begin[0]});
    }
    return {};
  }

  /// Returns false if there is no such filter. Before the first row, and to the left, there are
  /// zeros.
  static bool undo_filter(int type, std::uint8_t* row, const std::uint8_t* above, std::size_t size,
                          std::size_t step) {
    const auto add = [&](std::size_t i, int value) {
      row[i] = static_cast<std::uint8_t>(row[i] + value);
    };
    const std::size_t first = std::min(step, size);
    switch (type) {
      case 0:
        return true;
      case 1:
        for (std::size_t i = step; i < size; ++i) add(i, row[i - step]);
        return true;
      case 2:
        for (std::size_t i = 0; above && i < size; ++i) add(i, above[i]);
        return true;
      case 3:
        for (std::size_t i = 0; above && i < first; ++i) add(i, above[i] / 2);
        for (std::size_t i = step; above && i < size; ++i) add(i, (row[i - step] + above[i]) / 2);
        for (std::size_t i = step; !above && i < size; ++i) add(i, row[i - step] / 2);
        return true;
      case 4:
        if (!above) return undo_filter(1, row, above, size, step);
        for (std::size_t i = 0; i < first; ++i) add(i, above[i]);
        for (std::size_t i = step; i < size; ++i) {
          const int a = row[i - step], b = above[i], c = above[i - step];
          const int to_a = std::abs(b - c), to_b = std::abs(a - c), to_c = std::abs(a + b - 2 * c);
          add(i, to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c);
        }
        return true;
      default:
        return false;
    }
  }

  /// Puts the pixels of all passes in their places.
  pplcnet::Error weave(PngRows& rows) const {
    PngRows woven;
    woven.stride = static_cast<std::size_t>(row_bytes(static_cast<std::uint64_t>(width)));
    woven.memory = allocate(woven.stride * static_cast<std::size_t>(height));
    if (!woven.memory) return out_of_memory();
    const std::uint8_t* from = rows.memory.get();
    const int bits = std::min(8, depth);
    const auto samples = static_cast<std::uint64_t>(channels() * depth / bits);  // of a pixel
    for (const Pass& pass : passes()) {
      if (pass.width == 0) continue;
      for (std::uint64_t y = 0; y < pass.height; ++y, from += row_bytes(pass.width) + 1) {
        std::uint8_t* const to = woven.row(static_cast<int>(pass.top + y * pass.down));
        for (std::uint64_t x = 0; x < pass.width; ++x) {
          const auto in = static_cast<std::size_t>(x * samples);
          const auto out = static_cast<std::size_t>((pass.left + x * pass.across) * samples);
          for (std::size_t i = 0; i < samples; ++i)
            set_png_sample(to, out + i, bits, png_sample(from + 1, in + i, bits));
        }
      }
    }
    rows = std::move(woven);
    return {};
  }

  std::span<const std::byte> file_;
  std::uint64_t deflated_size_ = 0;
};

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_PNG_FILE_HPP
