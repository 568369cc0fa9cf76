#include "upright.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "output_file.hpp"
#include "picture.hpp"
#include "png.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/file.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

/// The Exif orientations that only turn, by the quarters clockwise that they ask for.
constexpr std::array<int, 4> kTurns = {1, 6, 3, 8};

std::optional<int> quarters_of(int orientation) {
  const auto* found = std::ranges::find(kTurns, orientation);
  if (found == kTurns.end()) return std::nullopt;
  return static_cast<int>(found - kTurns.begin());
}

/// A segment of Exif data that says nothing but the orientation.
std::string exif_segment(int orientation) {
  using namespace std::string_literals;
  std::string tiff = "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s;
  tiff += static_cast<char>(orientation);
  tiff += "\0\0\0\0\0\0\0"s;
  const std::string body = "Exif\0\0"s + tiff;
  const std::size_t length = body.size() + 2;
  return "\xFF\xE1"s + static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) + body;
}

/// A JPEG with another Exif orientation; all else is kept.
std::string with_orientation(std::span<const std::byte> jpeg, int orientation) {
  std::string file(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
  if (const std::size_t place = pplcnet::find_exif_orientation(jpeg).offset; place > 0) {
    file[place] = static_cast<char>(orientation);
    return file;
  }
  constexpr std::size_t kBegin = 2;
  return file.insert(kBegin, exif_segment(orientation));
}

/// Pixels turned counter-clockwise by quarters.
std::vector<std::uint8_t> turned(std::span<const std::uint8_t> pixels, int width, int height,
                                 int channels, int quarters) {
  std::vector<std::uint8_t> result(pixels.size());
  const bool across = quarters % 2 == 1;
  const int new_width = across ? height : width, new_height = across ? width : height;
  for (int y = 0; y < new_height; ++y)
    for (int x = 0; x < new_width; ++x) {
      const auto [from_x, from_y] = quarters == 0   ? std::pair(x, y)
                                    : quarters == 1 ? std::pair(width - 1 - y, x)
                                    : quarters == 2 ? std::pair(width - 1 - x, height - 1 - y)
                                                    : std::pair(y, height - 1 - x);
      const auto at = [&](int column, int row, int row_width) {
        return (static_cast<std::size_t>(row) * static_cast<std::size_t>(row_width) +
                static_cast<std::size_t>(column)) *
               static_cast<std::size_t>(channels);
      };
      std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(at(from_x, from_y, width)), channels,
                  result.begin() + static_cast<std::ptrdiff_t>(at(x, y, new_width)));
    }
  return result;
}

/// Another picture as PNG. `quarters` are clockwise, of the pixels as they are stored.
Error turned_png(std::span<const std::byte> file, std::string_view path, int quarters,
                 std::string& png) {
  const auto* const data = reinterpret_cast<const stbi_uc*>(file.data());
  const int size = static_cast<int>(file.size());
  if (stbi_is_16_bit_from_memory(data, size) != 0)
    return Error::of(path, ": has 16 bits for each value, of which a copy would keep 8");
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(data, size, &width, &height, &channels, 0), stbi_image_free);
  if (pixels == nullptr) return Error::of(path, ": not a picture that can be decoded");
  const std::span<const std::uint8_t> all(pixels.get(), static_cast<std::size_t>(width) *
                                                            static_cast<std::size_t>(height) *
                                                            static_cast<std::size_t>(channels));
  const auto upright = turned(all, width, height, channels, (4 - quarters) % 4);
  const bool across = quarters % 2 == 1;
  png = encode_png(upright, across ? height : width, across ? width : height, channels);
  return {};
}

}  // namespace

Error write_upright(const std::string& path, const std::string& folder, int angle) {
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(path, file)) return error;
  const auto bytes = std::as_const(file).bytes();
  const auto stored = quarters_of(pplcnet::exif_orientation(bytes));
  if (!stored) return Error::of(path, ": is mirrored, by its Exif orientation; it is not copied");
  const int quarters = (*stored + 4 - angle / 90) % 4;  // clockwise, of what is stored
  const bool is_jpeg =
      bytes.size() > 2 && bytes[0] == std::byte{0xFF} && bytes[1] == std::byte{0xD8};
  std::string copy;
  if (is_jpeg) {
    copy = with_orientation(bytes, kTurns[static_cast<std::size_t>(quarters)]);
  } else if (auto error = turned_png(bytes, path, quarters, copy)) {
    return error;
  }
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  fs::path target = fs::path(folder) / fs::path(path).filename();
  if (!is_jpeg) target.replace_extension(".png");
  if (auto error = write_output(target.string(), copy, OutputFile::Existing::kept))
    return Error::of(path, ": ", error.message());
  return {};
}
