#include "rivals.hpp"

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

/// Bytes as numbers of each plane: x * factor + offset.
struct Meaning {
  std::array<double, 3> factor = {}, offset = {};
};

Meaning meaning_of(const Normalisation& normalisation) {
  Meaning meaning;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const double low = pplcnet::normalised(normalisation, plane, 0);
    const double high = pplcnet::normalised(normalisation, plane, 255);
    meaning.factor[plane] = (high - low) / 255;
    meaning.offset[plane] = low;
  }
  return meaning;
}

/// The same pixels with other numbers: what `other` makes of the bytes that `own` made.
std::vector<float> renormalised(std::span<const float> tensor, const Meaning& own,
                                const Meaning& other) {
  std::vector<float> result(tensor.begin(), tensor.end());
  const std::size_t pixels = tensor.size() / 3;
  for (std::size_t i = 0; i < tensor.size(); ++i) {
    const std::size_t plane = i / pixels;
    const double byte = (double{tensor[i]} - own.offset[plane]) / own.factor[plane];
    result[i] = static_cast<float>(byte * other.factor[plane] + other.offset[plane]);
  }
  return result;
}

/// The crop of a picture that was resized in floats, nothing rounded to bytes: bilinear, without
/// antialiasing, as cv2.resize and torch's interpolate do.
std::vector<float> resized_in_floats(const Preprocessing& preprocessing, ImageView image) {
  const auto plan = pplcnet::resize_plan(preprocessing, image.size());
  if (!plan) return {};
  const Meaning meaning = meaning_of(preprocessing.normalisation);
  const auto window = plan->window;
  std::vector<float> tensor(preprocessing.tensor_size());
  const auto place = [](int at, int from, int to) {
    const double scaled = (at + 0.5) * from / to - 0.5;
    return std::clamp(scaled, 0.0, static_cast<double>(from - 1));
  };
  std::size_t i = 0;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const std::size_t channel =
        preprocessing.channel_order == ChannelOrder::rgb ? plane : 2 - plane;
    for (int y = 0; y < window.height; ++y) {
      const double v = place(y + window.top, image.height, plan->resized.height);
      const int top = static_cast<int>(v), bottom = std::min(top + 1, image.height - 1);
      for (int x = 0; x < window.width; ++x, ++i) {
        const double u = place(x + window.left, image.width, plan->resized.width);
        const int left = static_cast<int>(u), right = std::min(left + 1, image.width - 1);
        const auto at = [&](int row, int column) {
          return static_cast<double>(
              image.row(row)[static_cast<std::size_t>(column) * 3 + channel]);
        };
        const double above = at(top, left) * (1 - (u - left)) + at(top, right) * (u - left);
        const double below = at(bottom, left) * (1 - (u - left)) + at(bottom, right) * (u - left);
        const double byte = above * (1 - (v - top)) + below * (v - top);
        tensor[i] = static_cast<float>(byte * meaning.factor[plane] + meaning.offset[plane]);
      }
    }
  }
  return tensor;
}

/// The picture in the middle of a square of zeros, then direct.
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
  return prepared(direct, {pixels.data(), side, side});
}

/// The mean difference of two tensors, where one is moved; NaN-proof.
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

std::vector<Rival> rivals_of(const Preprocessing& preprocessing, ImageView image,
                             ImageView stored) {
  std::vector<Rival> rivals;
  const auto add = [&](const char* what, std::vector<float> input) {
    if (!input.empty()) rivals.push_back({what, std::move(input)});
  };
  const auto with = [&](auto change) {
    Preprocessing other = preprocessing;
    change(other);
    return prepared(other, image);
  };
  const std::vector<float> own = prepared(preprocessing, image);
  if (own.empty()) return rivals;
  const bool rgb = preprocessing.channel_order == ChannelOrder::rgb;
  add(rgb ? "BGR in place of RGB" : "RGB in place of BGR", with([&](Preprocessing& other) {
        other.channel_order = rgb ? ChannelOrder::bgr : ChannelOrder::rgb;
      }));

  const Normalisation& normal = preprocessing.normalisation;
  const Meaning meaning = meaning_of(normal);
  Meaning swapped, none, whole, middle;
  for (std::size_t plane = 0; plane < 3; ++plane) {
    const double mean = normal.mean[plane], deviation = normal.deviation[plane];
    swapped.factor[plane] = 1 / 255.0 / mean;
    swapped.offset[plane] = -deviation / mean;
    none.factor[plane] = 1 / 255.0;
    whole.factor[plane] = 1 / deviation;
    whole.offset[plane] = -mean / deviation;
    middle.factor[plane] = 1 / 127.5;
    middle.offset[plane] = -1;
  }
  add("mean and deviation swapped", renormalised(own, meaning, swapped));
  add("divided by 255 only: no mean, no deviation", renormalised(own, meaning, none));
  add("not divided by 255", renormalised(own, meaning, whole));
  add("mean 127.5 and deviation 127.5: from -1 to 1", renormalised(own, meaning, middle));
  Normalisation reversed = normal;
  std::ranges::reverse(reversed.mean);
  std::ranges::reverse(reversed.deviation);
  add("mean and deviation in the order of BGR", renormalised(own, meaning, meaning_of(reversed)));

  add("resized in floats: not rounded to bytes", resized_in_floats(preprocessing, image));
  constexpr std::pair<Interpolation, const char*> kInterpolations[] = {
      {Interpolation::opencv_linear, "resized by cv2, linear, without antialiasing"},
      {Interpolation::pillow_bilinear, "resized by Pillow, bilinear, with antialiasing"},
      {Interpolation::pillow_bicubic, "resized by Pillow, bicubic, with antialiasing"},
  };
  for (const auto& [interpolation, what] : kInterpolations)
    if (interpolation != preprocessing.interpolation)
      add(what, with([&](Preprocessing& other) { other.interpolation = interpolation; }));

  constexpr std::pair<Geometry, const char*> kGeometries[] = {
      {Geometry::paddle_short_side, "short side resized, centre cropped, as Paddle does"},
      {Geometry::torchvision_short_side, "short side resized, centre cropped, as torchvision does"},
      {Geometry::direct, "resized to the input's size whatever the picture's shape: no crop"},
  };
  for (const auto& [geometry, what] : kGeometries)
    if (geometry != preprocessing.geometry)
      add(what, with([&](Preprocessing& other) { other.geometry = geometry; }));
  if (preprocessing.geometry != Geometry::direct)
    add("short side resized to the input's size, not to more", with([](Preprocessing& other) {
          other.resize_short = std::min(other.height, other.width);
        }));
  add("padded to a square with black", padded(preprocessing, image));
  const bool is_turned = stored.size() != image.size() ||
                         !std::equal(stored.pixels, stored.row(stored.height), image.pixels);
  if (is_turned) add("Exif orientation not applied", prepared(preprocessing, stored));
  return rivals;
}

std::optional<std::string> find_rival(const Preprocessing& preprocessing, ImageView image,
                                      ImageView stored, std::span<const float> tensor) {
  const std::vector<float> own = prepared(preprocessing, image);
  if (own.empty() || own.size() != tensor.size()) return std::nullopt;
  // A cause explains the difference if hardly anything is left of it.
  constexpr double kExplained = 0.1;
  const double whole = difference(preprocessing, own, tensor);
  double least = kExplained * whole;
  std::optional<std::string> best;
  for (const Rival& rival : rivals_of(preprocessing, image, stored)) {
    const double left = difference(preprocessing, rival.input, tensor);
    if (left >= least) continue;
    least = left;
    best = rival.what;
  }
  constexpr int kFarthest = 8;
  for (int down = -kFarthest; down <= kFarthest; ++down) {
    for (int right = -kFarthest; right <= kFarthest; ++right) {
      if ((down == 0 && right == 0) || std::abs(down) >= preprocessing.height ||
          std::abs(right) >= preprocessing.width)
        continue;
      const double left = difference(preprocessing, own, tensor, right, down);
      if (left >= least) continue;
      least = left;
      best = "crop moved by " + std::to_string(-right) + " columns and " + std::to_string(-down) +
             " rows";
    }
  }
  return best;
}
