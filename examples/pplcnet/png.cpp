#include "png.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "picture_format.hpp"
#include "picture_limits.hpp"
#include "png_file.hpp"
#include "pplcnet/image/orientation.hpp"

using decoding::PngChunk;
using decoding::PngFile;
using decoding::PngRows;
using pplcnet::Error;

namespace {

std::string big_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

/// Appends a chunk.
void add_chunk(std::string& png, std::string_view type, std::string_view data) {
  png += big_endian(data.size());
  const std::size_t begin = png.size();
  png += type;
  png += data;
  png += big_endian(decoding::png_checksum(std::as_bytes(std::span(png)).subspan(begin)));
}

/// What a row is, less what each filter foresees of it: type and bytes.
class Filter {
 public:
  Filter(std::size_t row_bytes, std::size_t step, bool any)
      : step_(step), types_(any ? 5 : 1), above_(row_bytes), best_(row_bytes + 1), tried_(best_) {}

  std::span<const std::uint8_t> operator()(const std::uint8_t* row) {
    std::uint64_t least = ~std::uint64_t{0};
    for (int type = 0; type < types_; ++type) {
      const std::uint64_t sum = filter(type, row);
      if (sum >= least) continue;
      least = sum;
      std::swap(best_, tried_);
    }
    std::copy_n(row, above_.size(), above_.begin());
    return best_;
  }

 private:
  /// Returns the sum of the differences, which is small where there is little to say.
  std::uint64_t filter(int type, const std::uint8_t* row) {
    tried_[0] = static_cast<std::uint8_t>(type);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < above_.size(); ++i) {
      const int a = i < step_ ? 0 : row[i - step_], b = above_[i];
      int foreseen = 0;
      if (type == 1) foreseen = a;
      if (type == 2) foreseen = b;
      if (type == 3) foreseen = (a + b) / 2;
      if (type == 4) {
        const int c = i < step_ ? 0 : above_[i - step_];
        const int to_a = std::abs(b - c), to_b = std::abs(a - c), to_c = std::abs(a + b - 2 * c);
        foreseen = to_a <= to_b && to_a <= to_c ? a : to_b <= to_c ? b : c;
      }
      const auto difference = static_cast<std::uint8_t>(row[i] - foreseen);
      tried_[i + 1] = difference;
      sum += std::min<unsigned>(difference, 256u - difference);
    }
    return sum;
  }

  std::size_t step_;
  int types_;
  std::vector<std::uint8_t> above_, best_, tried_;
};

/// Deflates what is given in pieces.
class Deflate {
 public:
  Deflate() {
    if (deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc();
  }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
  ~Deflate() { deflateEnd(&stream_); }

  void add(std::span<const std::uint8_t> bytes, bool last) {
    std::array<Bytef, 1 << 15> out;
    stream_.next_in = const_cast<Bytef*>(bytes.data());  // zlib has no const
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = out.data();
      stream_.avail_out = static_cast<uInt>(out.size());
      deflate(&stream_, last ? Z_FINISH : Z_NO_FLUSH);
      deflated_.append(reinterpret_cast<const char*>(out.data()), out.size() - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }
  const std::string& deflated() const { return deflated_; }

 private:
  z_stream stream_ = {};
  std::string deflated_;
};

/// Returns the data of chunk IDAT for rows of `bytes`, `step` of them for a pixel.
std::string deflated_rows(const PngRows& rows, int height, std::size_t bytes, std::size_t step,
                          bool filtered) {
  Deflate deflate;
  Filter filter(bytes, step, filtered);
  for (int y = 0; y < height; ++y) deflate.add(filter(rows.row(y)), y == height - 1);
  return deflate.deflated();
}

/// Copies rows, rotated clockwise by quarters.
Error rotated_rows(const PngFile& png, const PngRows& rows, int quarters, PngRows& rotated) {
  const bool across = quarters % 2 == 1;
  const int width = across ? png.height : png.width, height = across ? png.width : png.height;
  rotated.stride = png.row_bytes(static_cast<std::uint64_t>(width));
  rotated.memory = decoding::allocate(rotated.stride * static_cast<std::size_t>(height));
  if (!rotated.memory) return decoding::out_of_memory();
  const int bits = png.channels() * png.depth;
  const auto bytes = static_cast<std::size_t>(bits / 8);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* const to = rotated.row(y);
    for (int x = 0; x < width; ++x) {
      const auto [from_x, from_y] = quarters == 1   ? std::pair(y, png.height - 1 - x)
                                    : quarters == 2 ? std::pair(width - 1 - x, height - 1 - y)
                                    : quarters == 3 ? std::pair(png.width - 1 - y, x)
                                                    : std::pair(x, y);
      const std::uint8_t* const from = rows.row(from_y);
      const auto column = static_cast<std::size_t>(x), source = static_cast<std::size_t>(from_x);
      if (bits >= 8)
        std::memcpy(to + column * bytes, from + source * bytes, bytes);
      else
        decoding::set_png_sample(to, column, bits, decoding::png_sample(from, source, bits));
    }
  }
  return {};
}

/// Returns an error if a chunk says something about places in the picture, or may do so.
Error check_rotatable(std::string_view type) {
  constexpr std::string_view kPlaces[] = {"oFFs", "sCAL", "vpAg", "caNv"};
  constexpr std::string_view kNoPlaces[] = {"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "cHRM",
                                            "gAMA", "iCCP", "sBIT", "sRGB", "cICP", "mDCV",
                                            "cLLI", "bKGD", "hIST", "sPLT", "tIME", "iDOT"};
  const bool safe_to_copy = (type[3] & 0x20) != 0;
  const bool good = safe_to_copy ? std::ranges::count(kPlaces, type) == 0
                                 : std::ranges::count(kNoPlaces, type) > 0;
  if (good) return {};
  return Error::of("its chunk ", pplcnet::quote(type),
                   " may not be true of it any more when it is rotated");
}

/// Returns the data of a chunk as they are to be when the picture is rotated.
std::string turned_data(std::string_view type, std::string data, int quarters,
                        const std::string& pixels) {
  const bool across = quarters % 2 == 1;
  if (type == "IDAT" && quarters != 0) return pixels;
  if (type == "IHDR" && across && data.size() >= 8)
    std::rotate(data.begin(), data.begin() + 4, data.begin() + 8);
  if (type == "pHYs" && across && data.size() >= 8)
    std::rotate(data.begin(), data.begin() + 4, data.begin() + 8);
  if (type == "eXIf") {
    const auto bytes = std::as_bytes(std::span(data));
    const std::size_t place = pplcnet::tiff_orientation(bytes, 0, bytes.size()).offset;
    if (place > 0) data[place] = 1;
  }
  return data;
}

}  // namespace

std::string encode_png(std::span<const std::uint8_t> pixels, int width, int height, int channels) {
  constexpr std::array kColours = {'\0', '\4', '\2', '\6'};
  const auto step = static_cast<std::size_t>(channels);
  PngRows rows;
  rows.stride = static_cast<std::size_t>(width) * step;
  rows.memory = decoding::allocate(pixels.size());
  if (!rows.memory) throw std::bad_alloc();
  std::ranges::copy(pixels, rows.memory.get());
  std::string png(decoding::kPngSignature);
  std::string header = big_endian(static_cast<std::uint64_t>(width)) +
                       big_endian(static_cast<std::uint64_t>(height)) + '\x08' + kColours[step - 1];
  add_chunk(png, "IHDR", header.append(3, '\0'));
  add_chunk(png, "IDAT", deflated_rows(rows, height, rows.stride, step, true));
  add_chunk(png, "IEND", "");
  return png;
}

Error decode_png_numbers(std::span<const std::byte> file, pplcnet::ImageSize& size,
                         std::vector<std::uint8_t>& numbers) {
  const decoding::NamedFormat format = decoding::picture_format(file);
  if (format.format != decoding::Format::png)
    return Error::of("expected PNG, found ", format.name.empty() ? "another file" : format.name);
  PngFile png;
  if (auto error = PngFile::parse(file, png)) return error;
  if ((png.colour != PngFile::grey && png.colour != PngFile::palette) || png.depth > 8)
    return Error::of("expected pixels that are numbers, grey or of a palette, of at most 8 bits, ",
                     "found ", png.channels(), " channels of ", png.depth, " bits");
  const auto width = static_cast<std::size_t>(png.width);
  const std::uint64_t pixels = std::uint64_t{width} * static_cast<std::uint64_t>(png.height);
  if (auto error = decoding::check(PictureLimits(), width, static_cast<std::uint64_t>(png.height),
                                   file.size() + png.bytes() + pixels))
    return error;
  PngRows rows;
  if (auto error = png.decode(rows)) return error;
  size = {png.width, png.height};
  numbers.clear();
  numbers.reserve(pixels);
  for (int y = 0; y < png.height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      numbers.push_back(static_cast<std::uint8_t>(decoding::png_sample(rows.row(y), x, png.depth)));
  return {};
}

Error rotate_png(std::span<const std::byte> file, int quarters, std::string& rotated) {
  PngFile png;
  if (auto error = PngFile::parse(file, png)) return error;
  std::string pixels;
  if (quarters != 0) {
    if (png.animated) return Error::of("it is animated, and a copy would have one picture");
    if (png.interlaced) return Error::of("it is interlaced, which a rotated copy would not be");
    if (auto error =
            decoding::check(PictureLimits(), static_cast<std::uint64_t>(png.width),
                            static_cast<std::uint64_t>(png.height), file.size() + 2 * png.bytes()))
      return error;
    PngRows rows, upright;
    if (auto error = png.decode(rows)) return error;
    if (auto error = rotated_rows(png, rows, quarters, upright)) return error;
    const bool filtered = png.depth >= 8 && png.colour != PngFile::palette;
    const auto step = static_cast<std::size_t>(std::max(1, png.channels() * png.depth / 8));
    pixels = deflated_rows(upright, quarters % 2 == 1 ? png.width : png.height, upright.stride,
                           step, filtered);
  }
  rotated.assign(decoding::kPngSignature);
  auto rest = file.subspan(decoding::kPngSignature.size());
  bool has_pixels = false;
  while (const auto chunk = decoding::take_chunk(rest)) {
    const std::string_view type = chunk->type();
    if (quarters != 0)
      if (auto error = check_rotatable(type)) return error;
    const bool once = quarters != 0 && (type == "iDOT" || (type == "IDAT" && has_pixels));
    has_pixels = has_pixels || type == "IDAT";
    if (once) continue;
    const std::string_view data(reinterpret_cast<const char*>(chunk->data().data()),
                                chunk->data().size());
    const std::string new_data = turned_data(type, std::string(data), quarters, pixels);
    if (new_data == data)
      rotated.append(reinterpret_cast<const char*>(chunk->whole.data()), chunk->whole.size());
    else
      add_chunk(rotated, type, new_data);
    if (type == "IEND") break;
  }
  rotated.append(reinterpret_cast<const char*>(rest.data()), rest.size());
  return {};
}
