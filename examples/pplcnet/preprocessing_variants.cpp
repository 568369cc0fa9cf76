#include "preprocessing_variants.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

using pplcnet::ChannelOrder;
using pplcnet::Geometry;
using pplcnet::ImageView;
using pplcnet::Interpolation;
using pplcnet::Normalisation;
using pplcnet::Preprocessing;

namespace {

std::vector<float> prepared(const Preprocessing& preprocessing, ImageView image) {
  std::vector<float> tensor(preprocessing.tensor_size());
  pplcnet::PreprocessScratch scratch;
  if (!pplcnet::preprocess(preprocessing, image, tensor, scratch)) tensor.clear();
  return tensor;
}

/// The map from bytes to numbers in each plane: x * factor + offset.
struct AffineMap {
  std::array<double, 3> factor = {}, offset = {};
};

AffineMap affine_map(const Normalisation& normalisation) {
  AffineMap map;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const double low = pplcnet::normalised(normalisation, plane, 0);
    const double high = pplcnet::normalised(normalisation, plane, 255);
    map.factor[plane] = (high - low) / 255;
    map.offset[plane] = low;
  }
  return map;
}

/// Returns the same pixels with another normalisation: what `other` makes of the bytes that `own`
/// made.
std::vector<float> renormalised(std::span<const float> tensor, const AffineMap& own,
                                const AffineMap& other) {
  std::vector<float> result(tensor.begin(), tensor.end());
  const std::size_t pixels = tensor.size() / 3;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const std::size_t plane = i / pixels;
    const double byte = (double{tensor[i]} - own.offset[plane]) / own.factor[plane];
    result[i] = static_cast<float>(byte * other.factor[plane] + other.offset[plane]);
  }
  return result;
}

enum class Sampling { nearest, linear, cubic, area };

/// A place in a row or column of a picture, and its share of a new pixel.
struct Tap {
  int at = 0;
  double weight = 0;
};

/// Returns of what cv2.resize and torch's interpolate make pixel `at` of `to` of: no antialiasing,
/// but for `area`, which averages.
std::vector<Tap> taps_of(Sampling sampling, int at, int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const auto inside = [&](int place) { return std::clamp(place, 0, from - 1); };
  if (sampling == Sampling::nearest) return {{inside(static_cast<int>(at * scale)), 1}};
  std::vector<Tap> taps;
  if (sampling == Sampling::area && scale > 1) {
    const double begin = at * scale, end = std::min(begin + scale, static_cast<double>(from));
    for (int place = static_cast<int>(begin); place < end; ++place)
      taps.push_back({inside(place),
                      (std::min(end, place + 1.0) - std::max(begin, 1.0 * place)) / (end - begin)});
    return taps;
  }
  const double centre = (at + 0.5) * scale - 0.5;
  const int first = static_cast<int>(std::floor(centre));
  const double t = centre - first;
  if (sampling != Sampling::cubic) return {{inside(first), 1 - t}, {inside(first + 1), t}};
  constexpr double kSlope = -0.75;
  for (int i = -1; i <= 2; ++i) {
    const double x = std::abs(t - i);
    const double weight = x <= 1 ? ((kSlope + 2) * x - (kSlope + 3)) * x * x + 1
                                 : ((x - 5) * x + 8) * x * kSlope - 4 * kSlope;
    taps.push_back({inside(first + i), weight});
  }
  return taps;
}

enum class Rounding { to_bytes, none };

/// Returns the crop of a picture that is resized in another way.
std::vector<float> resized(const Preprocessing& preprocessing, ImageView image, Sampling sampling,
                           Rounding rounding) {
  const auto plan = pplcnet::resize_plan(preprocessing, image.size());
  if (!plan) return {};
  const AffineMap map = affine_map(preprocessing.normalisation);
  const auto window = plan->window;
  std::vector<std::vector<Tap>> columns;
  for (int x = 0; x < window.width; ++x)
    columns.push_back(taps_of(sampling, x + window.left, image.width, plan->resized.width));
  std::vector<float> tensor(preprocessing.tensor_size());
  for (int y = 0; y < window.height; ++y) {
    const auto rows = taps_of(sampling, y + window.top, image.height, plan->resized.height);
    for (int x = 0; x < window.width; ++x) {
      std::array<double, 3> pixel = {};
      for (const Tap& row : rows)
        for (const Tap& column : columns[static_cast<std::size_t>(x)])
          for (std::size_t channel = 0; channel < 3; ++channel)
            pixel[channel] += row.weight * column.weight *
                              image.row(row.at)[static_cast<std::size_t>(column.at) * 3 + channel];
      for (std::size_t plane = 0; plane < 3; ++plane) {
        double byte = pixel[preprocessing.channel_order == ChannelOrder::rgb ? plane : 2 - plane];
        if (rounding == Rounding::to_bytes) byte = std::clamp(std::nearbyint(byte), 0.0, 255.0);
        const std::size_t place =
            (plane * static_cast<std::size_t>(window.height) + static_cast<std::size_t>(y)) *
                static_cast<std::size_t>(window.width) +
            static_cast<std::size_t>(x);
        tensor[place] = static_cast<float>(byte * map.factor[plane] + map.offset[plane]);
      }
    }
  }
  return tensor;
}

/// Returns the planes in reverse order.
std::vector<float> planes_reversed(std::span<const float> tensor) {
  const std::size_t pixels = tensor.size() / 3;
  std::vector<float> result;
  for (std::size_t plane = 3; plane-- > 0;) {
    const auto values = tensor.subspan(plane * pixels, pixels);
    result.insert(result.end(), values.begin(), values.end());
  }
  return result;
}

/// Returns the picture centred in a square of zeros, then resized directly.
std::vector<float> padded(const Preprocessing& preprocessing, ImageView image) {
  const int side = std::max(image.width, image.height);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(side) * static_cast<std::size_t>(side) *
                                   3);
  const int left = (side - image.width) / 2, top = (side - image.height) / 2;
  for (int y = 0; y < image.height; ++y)
    std::copy_n(image.row(y), static_cast<std::size_t>(image.width) * 3,
                pixels.begin() + (std::ptrdiff_t{y + top} * side + left) * 3);
  Preprocessing direct = preprocessing;
  direct.geometry = Geometry::direct;
  return prepared(direct, {pixels.data(), side, side, pplcnet::PixelFormat::rgb});
}

/// Returns the mean difference of two tensors, one of which is shifted.
double difference(const Preprocessing& preprocessing, std::span<const float> a,
                  std::span<const float> b, int right = 0, int down = 0) {
  const int height = preprocessing.height, width = preprocessing.width;
  double sum = 0, count = 0;
  for (int plane = 0; plane < 3; ++plane)
    for (int y = std::max(0, -down); y < std::min(height, height - down); ++y)
      for (int x = std::max(0, -right); x < std::min(width, width - right); ++x) {
        const auto at = [&](int row, int column) {
          return static_cast<std::size_t>((plane * height + row) * width + column);
        };
        sum += std::abs(double{a[at(y, x)]} - double{b[at(y + down, x + right)]});
        ++count;
      }
  return sum / std::max(count, 1.0);
}

}  // namespace

std::vector<PreprocessingVariant> common_variants(const Preprocessing& preprocessing,
                                                  ImageView image, ImageView stored) {
  std::vector<PreprocessingVariant> variants;
  const auto add = [&](const char* what, std::vector<float> input) {
    if (!input.empty()) variants.push_back({what, std::move(input)});
  };
  const auto with = [&](auto change) {
    Preprocessing other = preprocessing;
    change(other);
    return prepared(other, image);
  };
  const std::vector<float> own = prepared(preprocessing, image);
  if (own.empty()) return variants;
  const bool rgb = preprocessing.channel_order == ChannelOrder::rgb;
  add(rgb ? "BGR in place of RGB" : "RGB in place of BGR", with([&](Preprocessing& other) {
        other.channel_order = rgb ? ChannelOrder::bgr : ChannelOrder::rgb;
      }));

  const Normalisation& normal = preprocessing.normalisation;
  const AffineMap map = affine_map(normal);
  AffineMap swapped, none, whole, middle, bytes;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const double mean = normal.mean[plane], deviation = normal.deviation[plane];
    swapped.factor[plane] = 1 / 255.0 / mean;
    swapped.offset[plane] = -deviation / mean;
    none.factor[plane] = 1 / 255.0;
    whole.factor[plane] = 1 / deviation;
    whole.offset[plane] = -mean / deviation;
    bytes.factor[plane] = 1;
    middle.factor[plane] = 1 / 127.5;
    middle.offset[plane] = -1;
  }
  add("mean and deviation swapped", renormalised(own, map, swapped));
  add("divided by 255 only: no mean, no deviation", renormalised(own, map, none));
  add("not normalised: bytes from 0 to 255 as they are", renormalised(own, map, bytes));
  add("not divided by 255", renormalised(own, map, whole));
  add("mean 127.5 and deviation 127.5: from -1 to 1", renormalised(own, map, middle));
  Normalisation reversed = normal;
  std::ranges::reverse(reversed.mean);
  std::ranges::reverse(reversed.deviation);
  add("mean and deviation in the order of BGR", renormalised(own, map, affine_map(reversed)));
  add(rgb ? "BGR in place of RGB, with mean and deviation in the order of BGR"
          : "RGB in place of BGR, with mean and deviation in the order of RGB",
      planes_reversed(own));

  add("resized in floats: not rounded to bytes",
      resized(preprocessing, image, Sampling::linear, Rounding::none));
  add("resized by cv2, cubic, without antialiasing",
      resized(preprocessing, image, Sampling::cubic, Rounding::to_bytes));
  add("resized by cv2, nearest pixel",
      resized(preprocessing, image, Sampling::nearest, Rounding::to_bytes));
  add("resized by cv2, area", resized(preprocessing, image, Sampling::area, Rounding::to_bytes));
  constexpr std::pair<Interpolation, const char*> kInterpolations[] = {
      {Interpolation::opencv_linear, "resized by cv2, linear, without antialiasing"},
      {Interpolation::pillow_bilinear, "resized by Pillow, bilinear, with antialiasing"},
      {Interpolation::pillow_bicubic, "resized by Pillow, bicubic, with antialiasing"},
  };
  for (const auto& [interpolation, what] : kInterpolations)
    if (interpolation != preprocessing.interpolation)
      add(what, with([to = interpolation](Preprocessing& other) { other.interpolation = to; }));

  constexpr std::pair<Geometry, const char*> kGeometries[] = {
      {Geometry::paddle_short_side, "short side resized, centre cropped, as Paddle does"},
      {Geometry::torchvision_short_side, "short side resized, centre cropped, as torchvision does"},
      {Geometry::direct, "resized to the input's size whatever the picture's shape: no crop"},
  };
  for (const auto& [geometry, what] : kGeometries)
    if (geometry != preprocessing.geometry)
      add(what, with([to = geometry](Preprocessing& other) { other.geometry = to; }));
  if (preprocessing.geometry != Geometry::direct)
    add("short side resized to the input's size, not to more", with([](Preprocessing& other) {
          other.resize_short = std::min(other.height, other.width);
        }));
  add("padded to a square with black", padded(preprocessing, image));
  const bool is_rotated = stored.size() != image.size() ||
                          !std::equal(stored.pixels, stored.row(stored.height), image.pixels);
  if (is_rotated) add("Exif orientation not applied", prepared(preprocessing, stored));
  return variants;
}

std::optional<std::string> find_variant(const Preprocessing& preprocessing, ImageView image,
                                        ImageView stored, std::span<const float> tensor) {
  const std::vector<float> own = prepared(preprocessing, image);
  if (own.empty() || own.size() != tensor.size()) return std::nullopt;
  // A cause explains the difference if hardly anything is left of it.
  constexpr double kExplained = 0.1;
  const double whole = difference(preprocessing, own, tensor);
  double least = kExplained * whole;
  std::optional<std::string> best;
  for (const PreprocessingVariant& variant : common_variants(preprocessing, image, stored)) {
    const double left = difference(preprocessing, variant.input, tensor);
    if (!(left < least)) continue;
    least = left;
    best = variant.what;
  }
  constexpr int kFarthest = 8;
  for (int down = -kFarthest; down <= kFarthest; ++down) {
    for (int right = -kFarthest; right <= kFarthest; ++right) {
      if ((down == 0 && right == 0) || std::abs(down) >= preprocessing.height ||
          std::abs(right) >= preprocessing.width)
        continue;
      const double left = difference(preprocessing, own, tensor, right, down);
      if (!(left < least)) continue;
      least = left;
      best = "crop moved by " + std::to_string(-right) + " columns and " + std::to_string(-down) +
             " rows";
    }
  }
  return best;
}

std::vector<float> tensor_of(const Preprocessing& preprocessing, std::span<const float> pixels) {
  const AffineMap map = affine_map(preprocessing.normalisation);
  std::vector<float> tensor(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const std::size_t channel = i % 3;
    const std::size_t plane =
        preprocessing.channel_order == ChannelOrder::rgb ? channel : 2 - channel;
    tensor[plane * (pixels.size() / 3) + i / 3] =
        static_cast<float>(pixels[i] * map.factor[plane] + map.offset[plane]);
  }
  return tensor;
}
