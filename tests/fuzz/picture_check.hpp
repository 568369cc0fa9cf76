#ifndef PPLCNET_TESTS_FUZZ_PICTURE_CHECK_HPP
#define PPLCNET_TESTS_FUZZ_PICTURE_CHECK_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "picture.hpp"
#include "picture_format.hpp"
#include "png_chunks.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet_test {

/// Small ones: what they allow takes a moment.
inline constexpr PictureLimits kSmallLimits = {.pixels = 1 << 14, .bytes = 1 << 20, .scans = 12};

inline pplcnet::Error decode_picture(std::string_view contents, std::string_view name,
                                     Picture& picture) {
  return Picture::decode(
      std::as_bytes(std::span(contents)), name, picture,
      {.transparency = Picture::Transparency::on_contrast, .limits = kSmallLimits});
}

/// The sum of all values, of which each is looked at.
inline std::uint64_t sum_of(const Picture& picture) {
  const pplcnet::ImageView view = picture.view();
  std::uint64_t sum = 0;
  for (int y = 0; y < view.height; ++y)
    for (int i = 0; i < 3 * view.width; ++i) sum += view.row(y)[i] > 127 ? 1 : view.row(y)[i];
  return sum;
}

/// A PNG file whose checksums are right again: damage after a wrong one would not be seen.
inline std::string with_checksums(std::string png) {
  const auto bytes = std::as_bytes(std::span(png));
  if (decoding::picture_format(bytes).format != decoding::Format::png) return png;
  auto rest = bytes.subspan(decoding::kPngSignature.size());
  while (const auto chunk = decoding::take_chunk(rest)) {
    const std::uint32_t checksum =
        decoding::png_checksum(chunk->whole.subspan(4, chunk->whole.size() - 8));
    for (unsigned i = 0; i < 4; ++i)
      png[png.size() - rest.size() - 1 - i] = static_cast<char>(checksum >> 8 * i & 255);
  }
  return png;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_FUZZ_PICTURE_CHECK_HPP
