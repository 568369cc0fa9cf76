#include "picture.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "bmp.hpp"
#include "jpeg.hpp"
#include "picture_format.hpp"
#include "png_pixels.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/path.hpp"

pplcnet::Error Picture::decode(std::span<const std::byte> file, std::string_view name,
                               Picture& picture, const Options& options) {
  picture = Picture();
  if (auto error = picture.decode(file, options)) {
    picture = Picture();
    return pplcnet::Error::of(name, ": not a picture that can be decoded: ", error.message());
  }
  return {};
}

pplcnet::Error Picture::read(std::string_view path, Picture& picture, const Options& options) {
  std::error_code unknown;
  const auto size = std::filesystem::file_size(pplcnet::path_of(path), unknown);
  if (!unknown && size > options.limits.bytes)
    return pplcnet::Error::of(path, ": has ", size >> 20, " MB, more than the ",
                              options.limits.bytes >> 20, " that are allowed for a picture");
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(path, file)) return error;
  return decode(std::as_const(file).bytes(), path, picture, options);
}

pplcnet::Error Picture::decode(std::span<const std::byte> file, const Options& options) {
  using decoding::Format;
  const auto [format, name] = decoding::picture_format(file);
  const int orientation = options.exif == Exif::applied ? pplcnet::exif_orientation(file) : 1;
  const bool with_alpha = options.transparency == Transparency::on_contrast;
  pplcnet::Error error;
  if (file.empty()) {
    error = pplcnet::Error::of("it is empty");
  } else if (format == Format::jpeg) {
    error = decoding::decode_jpeg(file, options.limits, file.size(), pixels_);
  } else if (format == Format::png) {
    error = decoding::decode_png(file, options.limits, file.size(), with_alpha, pixels_);
  } else if (format == Format::bmp) {
    error = decoding::decode_bmp(file, options.limits, file.size(), with_alpha, pixels_);
  } else if (format == Format::other) {
    error = pplcnet::Error::of("it is ", name, "; JPEG, PNG and BMP are supported");
  } else {
    error = pplcnet::Error::of("it is neither JPEG nor PNG nor BMP");
  }
  if (error) return error;
  if (pixels_.channels == 4) put_on_contrast();
  return orientation == 1 ? pplcnet::Error() : rotate(orientation, file.size(), options.limits);
}

void Picture::put_on_contrast() {
  const std::size_t count = pixels_.count();
  const std::uint8_t* const all = pixels_.memory.get();
  std::uint64_t light = 0, seen = 0;
  for (const std::uint8_t* pixel = all; pixel < all + 4 * count; pixel += 4) {
    light += std::uint64_t{pixel[3]} * (pixel[0] + 2u * pixel[1] + pixel[2]);
    seen += pixel[3];
  }
  const unsigned ground = light < 4 * 128 * seen ? 255 : 0;
  std::uint8_t* out = pixels_.memory.get();
  for (const std::uint8_t* pixel = all; pixel < all + 4 * count; pixel += 4) {
    const unsigned opacity = pixel[3];
    for (int c = 0; c < 3; ++c)
      *out++ =
          static_cast<std::uint8_t>((pixel[c] * opacity + ground * (255 - opacity) + 127) / 255);
  }
  pixels_.channels = 3;
}

pplcnet::Error Picture::rotate(int orientation, std::uint64_t file_bytes,
                               const PictureLimits& limits) {
  const std::size_t size = 3 * pixels_.count();
  if (file_bytes + 2 * size > limits.bytes)
    return pplcnet::Error::of("it would take ", (file_bytes + 2 * size) >> 20,
                              " MB to rotate, more than the ", limits.bytes >> 20,
                              " that are allowed");
  decoding::Memory rotated = decoding::allocate(size);
  if (!rotated) return decoding::out_of_memory();
  const pplcnet::ImageView upright = pplcnet::write_oriented(view(), orientation, rotated.get());
  pixels_.width = upright.width;
  pixels_.height = upright.height;
  pixels_.memory = std::move(rotated);
  return {};
}
