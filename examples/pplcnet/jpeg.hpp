#ifndef PPLCNET_EXAMPLES_JPEG_HPP
#define PPLCNET_EXAMPLES_JPEG_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "jpeg_colours.hpp"
#include "jpeg_header.hpp"
#include "jpeg_transform.hpp"
#include "jpeg_upsampling.hpp"
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

/// A decoder of stb_image's, of which only the coefficients are taken: it computes samples in other
/// steps than libjpeg.
class JpegDecoder {
 public:
  JpegDecoder() = default;
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() {
    if (state_) stbi__cleanup_jpeg(state_.get());
  }

  /// Decodes the samples of all components.
  pplcnet::Error decode(std::span<const std::uint8_t> file, JpegEnd& end) {
    state_.reset(static_cast<stbi__jpeg*>(std::calloc(1, sizeof(stbi__jpeg))));
    end.had_memory = state_ != nullptr;
    if (!state_) return out_of_memory();
    stbi__start_mem(&context_, file.data(), static_cast<int>(file.size()));
    state_->s = &context_;
    state_->idct_block_kernel = [](std::uint8_t* samples, int stride, std::int16_t* coefficients) {
      InverseTransform::run(coefficients, samples, stride);
    };
    stbi__g_failure_reason = "";  // not that of another picture
    const bool decoded = stbi__decode_jpeg_image(state_.get()) != 0;
    end.bits_left = state_->code_bits;
    if (decoded) return {};
    const std::string_view reason = stbi_failure_reason();
    end.had_memory = reason != "outofmem";
    if (!end.had_memory) return out_of_memory();
    return pplcnet::Error::of("it is damaged: ", reason);
  }

  int width() const { return static_cast<int>(context_.img_x); }
  int height() const { return static_cast<int>(context_.img_y); }
  std::size_t components() const { return static_cast<std::size_t>(context_.img_n); }
  JpegPlane plane(std::size_t component) const {
    const auto& one = state_->img_comp[component];
    return {.samples = one.data,
            .stride = static_cast<std::size_t>(one.w2),
            .width = one.x,
            .height = one.y,
            .pixels_across = state_->img_h_max / one.h,
            .pixels_down = state_->img_v_max / one.v};
  }

 private:
  stbi__context context_ = {};
  std::unique_ptr<stbi__jpeg, Free> state_;
};

/// Decodes a JPEG whose header was found good.
inline pplcnet::Error decode_complete_jpeg(std::span<const std::uint8_t> file, JpegColours colours,
                                           Pixels& pixels, JpegEnd& end) {
  JpegDecoder decoder;
  if (auto error = decoder.decode(file, end)) return error;
  pixels.width = decoder.width();
  pixels.height = decoder.height();
  pixels.channels = 3;
  pixels.memory = allocate(3 * pixels.count());
  std::array<UpsampledRows, 4> components;
  end.had_memory = pixels.memory != nullptr;
  for (std::size_t i = 0; i < decoder.components(); ++i)
    end.had_memory = components[i].begin(decoder.plane(i)) && end.had_memory;
  if (!end.had_memory) return out_of_memory();
  std::uint8_t* out = pixels.memory.get();
  for (int y = 0; y < pixels.height; ++y) {
    const std::uint8_t* rows[4] = {};
    for (std::size_t i = 0; i < decoder.components(); ++i) rows[i] = components[i].row(y);
    write_rgb(colours, rows, pixels.width, out);
    out += 3 * static_cast<std::size_t>(pixels.width);
  }
  return {};
}

/// Decodes a JPEG without the marker after its last scan. It is complete if neither the
/// pixels nor what is read for them depend on what follows.
inline pplcnet::Error decode_endless_jpeg(std::span<const std::byte> file, JpegColours colours,
                                          Pixels& pixels) {
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
  auto error = decode_complete_jpeg({completed.get(), size}, colours, pixels, end);  // zeros follow
  std::memset(filler, 0xFE, kFiller);                                                // ones follow
  if (!error) error = decode_complete_jpeg({completed.get(), size}, colours, other, other_end);
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
  if (!header.has_end()) return decode_endless_jpeg(file, header.colours(), pixels);
  JpegEnd end;
  return decode_complete_jpeg({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()},
                              header.colours(), pixels, end);
}

}  // namespace decoding

#endif  // PPLCNET_EXAMPLES_JPEG_HPP
