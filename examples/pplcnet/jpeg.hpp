#ifndef PPLCNET_EXAMPLES_JPEG_HPP
#define PPLCNET_EXAMPLES_JPEG_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "jpeg_header.hpp"
#include "picture_limits.hpp"
#include "pplcnet/weights/error.hpp"
#include "stb_decoders.hpp"

namespace decoding {

/// Result of the decoder.
struct JpegEnd {
  bool had_memory = true;
  int bits_left = 0;  ///< that were read of the last scan and not needed

  bool operator==(const JpegEnd&) const = default;
};

/// Decodes a JPEG whose header was found good.
inline pplcnet::Error decode_complete_jpeg(std::span<const std::uint8_t> file, Pixels& pixels,
                                           JpegEnd& end) {
  const std::unique_ptr<stbi__jpeg, Free> decoder(
      static_cast<stbi__jpeg*>(std::calloc(1, sizeof(stbi__jpeg))));
  end.had_memory = decoder != nullptr;
  if (!decoder) return out_of_memory();
  stbi__context context;
  stbi__start_mem(&context, file.data(), static_cast<int>(file.size()));
  decoder->s = &context;
  stbi__setup_jpeg(decoder.get());
  int channels = 0;
  pixels.channels = 3;
  stbi__g_failure_reason = "";  // not that of another picture
  pixels.memory.reset(load_jpeg_image(decoder.get(), &pixels.width, &pixels.height, &channels, 3));
  end.bits_left = decoder->code_bits;
  if (pixels.memory) return {};
  const std::string_view reason = stbi_failure_reason();
  end.had_memory = reason != "outofmem";
  if (!end.had_memory) return out_of_memory();
  return pplcnet::Error::of("it is damaged: ", reason);
}

/// Decodes a JPEG without the marker after its last scan. It is complete if neither the
/// pixels nor what is read for them depend on what follows.
inline pplcnet::Error decode_endless_jpeg(std::span<const std::byte> file, Pixels& pixels) {
  constexpr std::size_t kFiller = 32;
  const std::size_t size = file.size() + kFiller + 2;
  const Memory completed = allocate(size);
  if (!completed) return out_of_memory();
  std::memcpy(completed.get(), file.data(), file.size());
  std::uint8_t* const filler = completed.get() + file.size();
  filler[kFiller] = 0xFF;
  filler[kFiller + 1] = 0xD9;
  Pixels other;
  JpegEnd end, other_end;
  auto error = decode_complete_jpeg({completed.get(), size}, pixels, end);  // zeros follow
  std::memset(filler, 0xFE, kFiller);                                       // ones follow
  if (!error) error = decode_complete_jpeg({completed.get(), size}, other, other_end);
  if (!end.had_memory || !other_end.had_memory) return error;
  if (!error && end == other_end &&
      std::memcmp(pixels.memory.get(), other.memory.get(), 3 * pixels.count()) == 0)
    return {};
  return pplcnet::Error::of("it is truncated after ", file.size(), " bytes");
}

inline pplcnet::Error decode_jpeg(std::span<const std::byte> file, const PictureLimits& limits,
                                  std::uint64_t other_bytes, Pixels& pixels) {
  while (file.size() > 2 && file.back() == std::byte{0xFF}) file = file.first(file.size() - 1);
  JpegHeader header;
  if (auto error = JpegHeader::parse(file, header)) return error;
  const std::uint64_t more =
      header.has_end() ? 0 : file.size() + 3 * header.width() * header.height();
  if (auto error =
          check(limits, header.width(), header.height(), header.bytes() + more + other_bytes))
    return error;
  if (header.samples_of_scans() > limits.scans * limits.pixels)
    return pplcnet::Error::of("its ", header.scans(), " scans of ", header.width(), "x",
                              header.height(), " pixels would take too long");
  if (!header.has_end()) return decode_endless_jpeg(file, pixels);
  JpegEnd end;
  return decode_complete_jpeg({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()},
                              pixels, end);
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_HPP
