#include "jpeg_orientation.hpp"

#include <cstdint>
#include <string_view>

#include "pplcnet/image/orientation.hpp"

using pplcnet::ByteReader;
using pplcnet::Error;

namespace {

constexpr std::size_t kEntryBytes = 12;
constexpr std::uint64_t kOrientationTag = 0x0112;

std::string number(std::uint64_t value, unsigned size, bool little_endian) {
  std::string bytes(size, '\0');
  for (unsigned i = 0; i < size; ++i)
    bytes[little_endian ? i : size - 1 - i] = static_cast<char>(value >> 8 * i & 255);
  return bytes;
}

/// Returns an entry of a directory: one SHORT.
std::string orientation_entry(int orientation, bool little_endian) {
  return number(kOrientationTag, 2, little_endian) + number(3, 2, little_endian) +
         number(1, 4, little_endian) +
         number(static_cast<std::uint64_t>(orientation), 2, little_endian) + std::string(2, '\0');
}

/// Returns a segment of Exif data around a TIFF file.
std::string exif_segment(std::string_view tiff) {
  using namespace std::string_literals;
  const std::string body = "Exif\0\0"s.append(tiff);
  return "\xFF\xE1"s + number(body.size() + 2, 2, false) + body;
}

/// Makes a TIFF file whose first directory has the orientation in it. That is written anew, at the
/// end: what else there is stays where offsets say that it is.
Error with_entry(std::string_view tiff, int orientation, std::string& result) {
  const bool little_endian = tiff.starts_with("II");
  const ByteReader reader{std::as_bytes(std::span(tiff)), little_endian};
  const std::uint64_t directory = reader.number(4, 4), count = reader.number(directory, 2);
  const std::uint64_t end = directory + 2 + count * kEntryBytes;
  const bool is_tiff = reader.number(2, 2) == 42 && (little_endian || tiff.starts_with("MM"));
  if (!is_tiff || directory < 8 || end + 4 > tiff.size())
    return Error::of("its Exif data are damaged, so no orientation can be put into them");
  std::string entries;
  std::uint64_t kept = 0;
  bool is_in = false;
  const auto put_in = [&] {
    if (!is_in) entries += orientation_entry(orientation, little_endian);
    is_in = true;
  };
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t place = directory + 2 + i * kEntryBytes, tag = reader.number(place, 2);
    if (tag >= kOrientationTag) put_in();  // they are in the order of their tags
    if (tag == kOrientationTag) continue;
    entries += tiff.substr(place, kEntryBytes);
    ++kept;
  }
  put_in();
  result = tiff;
  if (result.size() % 2 == 1) result += '\0';
  result.replace(4, 4, number(result.size(), 4, little_endian));
  result += number(kept + 1, 2, little_endian) + entries;
  result += tiff.substr(end, 4);  // where the next directory is
  return {};
}

}  // namespace

Error with_orientation(std::span<const std::byte> jpeg, int orientation, std::string& copy) {
  copy.assign(reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
  const pplcnet::ExifOrientation found = pplcnet::find_exif_orientation(jpeg);
  if (found.value == orientation) return {};
  if (found.offset > 0) {
    copy[found.offset] = static_cast<char>(orientation);
    return {};
  }
  const pplcnet::ExifPlace place = pplcnet::find_exif(jpeg);
  if (place.begin == 0) {
    const ByteReader reader{jpeg};
    std::size_t begin = 2;  // after the segment of JFIF, if that comes first
    if (reader.number(2, 2) == 0xFFE0 && reader.number(4, 2) + 4 < jpeg.size())
      begin = static_cast<std::size_t>(reader.number(4, 2)) + 4;
    const std::string directory =
        number(1, 2, true) + orientation_entry(orientation, true) + number(0, 4, true);
    copy.insert(begin, exif_segment("II" + number(42, 2, true) + number(8, 4, true) + directory));
    return {};
  }
  if (place.size > copy.size() - place.begin) return Error::of("its Exif data are truncated");
  const std::string_view tiff = std::string_view(copy).substr(place.begin, place.size);
  std::string changed;
  if (auto error = with_entry(tiff, orientation, changed)) return error;
  const std::string segment = exif_segment(changed);
  constexpr std::size_t kMostBytes = 0xFFFF + 2, kHeader = 10;  // marker, length, Exif
  if (segment.size() > kMostBytes)
    return Error::of("its Exif data have no room for an orientation");
  copy.replace(place.begin - kHeader, kHeader + place.size, segment);
  return {};
}
