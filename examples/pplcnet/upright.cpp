#include "upright.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "jpeg_orientation.hpp"
#include "output_file.hpp"
#include "picture_format.hpp"
#include "png.hpp"
#include "pplcnet/image/orientation.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/path.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

/// The Exif orientations that only rotate, by the quarters clockwise that they ask for.
constexpr std::array<int, 4> kRotations = {1, 6, 3, 8};

std::optional<int> quarters_of(int orientation) {
  const auto* found = std::ranges::find(kRotations, orientation);
  if (found == kRotations.end()) return std::nullopt;
  return static_cast<int>(found - kRotations.begin());
}

}  // namespace

Error write_upright(const std::string& path, const std::string& folder, int angle) {
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(path, file)) return error;
  const auto bytes = std::as_const(file).bytes();
  const auto stored = quarters_of(pplcnet::exif_orientation(bytes));
  if (!stored) return Error::of(path, ": is mirrored, by its Exif orientation; it is not copied");
  const int quarters = (*stored + 4 - angle / 90) % 4;  // clockwise, of what is stored
  const auto [format, name] = decoding::picture_format(bytes);
  std::string copy;
  Error error = Error::of("it is ", name, ", of which no rotated copy can be made");
  if (format == decoding::Format::jpeg)
    error = with_orientation(bytes, kRotations[static_cast<std::size_t>(quarters)], copy);
  else if (format == decoding::Format::png)
    error = rotate_png(bytes, quarters, copy);
  if (error) return Error::of(path, ": is not copied: ", error.message());
  std::error_code problem;
  fs::create_directories(pplcnet::path_of(folder), problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  const std::string target =
      pplcnet::name_in(folder, pplcnet::name_of(pplcnet::path_of(path).filename()));
  if (auto failure = write_output(target, copy, OutputFile::Existing::kept))
    return Error::of(path, ": ", failure.message());
  return {};
}
