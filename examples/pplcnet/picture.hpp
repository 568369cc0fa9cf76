#ifndef PPLCNET_EXAMPLES_PICTURE_HPP
#define PPLCNET_EXAMPLES_PICTURE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "picture_limits.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/weights/error.hpp"

/// A decoded picture, from a file or from the bytes of one: what a server gets, and what cv2.imread
/// gives, with red before green and blue.
///
///     Picture picture;
///     if (auto error = Picture::decode(bytes, "upload 17", picture)) return fail(error.message());
///     classifier.probabilities(picture.view());
///
/// Formats are detected by the first bytes of a file, not by its name:
///
/// - JPEG: baseline and progressive, grey, RGB, YCbCr, and CMYK or YCCK with an Adobe marker. Its
///   pixels are those of libjpeg-turbo by default, CMYK becomes RGB as in Pillow; only what lacks
///   the last scans of a progressive one is not smoothed.
/// - PNG: all kinds, the first picture of an animated one. Of 16 bits the higher 8 are taken.
/// - BMP: all that are not compressed.
///
/// All others are refused by name, as is what is truncated (of a JPEG the last marker alone may be
/// missing), damaged, or larger than PictureLimits. Nothing is thrown: memory that cannot be had is
/// an Error like the others. Pictures may be decoded by several threads at the same time.
class Picture {
 public:
  enum class Exif { applied, ignored };
  enum class Transparency {
    dropped,      ///< as cv2 does: what cannot be seen has the colour that is stored for it
    on_contrast,  ///< dark things are seen on white, light ones on black
  };

  struct Options {
    Exif exif = Exif::applied;
    Transparency transparency = Transparency::dropped;
    PictureLimits limits = {};
  };

  /// Decodes the bytes of a file. Errors begin with `name`.
  static pplcnet::Error decode(std::span<const std::byte> file, std::string_view name,
                               Picture& picture, const Options& options);
  static pplcnet::Error decode(std::span<const std::byte> file, std::string_view name,
                               Picture& picture) {
    return decode(file, name, picture, Options());
  }

  /// Decodes a file.
  static pplcnet::Error read(std::string_view path, Picture& picture, const Options& options);
  static pplcnet::Error read(std::string_view path, Picture& picture) {
    return read(path, picture, Options());
  }

  /// Returns a view that is valid as long as the picture is neither destroyed nor decoded again.
  pplcnet::ImageView view() const {
    return {pixels_.memory.get(), pixels_.width, pixels_.height, pplcnet::PixelFormat::rgb};
  }

 private:
  pplcnet::Error decode(std::span<const std::byte> file, const Options& options);

  /// Puts what can be seen on white, or, if it is light, on black.
  void put_on_contrast();

  pplcnet::Error rotate(int orientation, std::uint64_t file_bytes, const PictureLimits& limits);

  decoding::Pixels pixels_;
};

#endif  // PPLCNET_EXAMPLES_PICTURE_HPP
