#include "synthetic.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace pplcnet_test {
namespace {

/// Gain of each kind of weight: the variance its layer gives to unit inputs, times three.
struct Gains {
  double pointwise, depthwise, stem, se_reduce, se_expand, last_conv, fc, branch, head;
};

constexpr Gains gains_of(GainFamily family) {
  switch (family) {
    case GainFamily::v1:
      return {6.5, 4, 40, 3, 20, 4, 20, 0, 0};
    case GainFamily::v2:
      return {6.5, 4, 20, 3, 30, 3, 12, 3.25, 0};
    case GainFamily::v3:
      return {1, 0.75, 20, 3, 8, 0, 0, 0, 3};
  }
  return {};
}

/// A parameter is mean + spread * u.
struct Distribution {
  double mean;
  float spread;
};

/// The first matching rule for the parameter `name` (a state-dict key) of `shape`.
Distribution distribution_of(std::string_view name, const std::vector<std::int64_t>& shape,
                             GainFamily family) {
  std::vector<std::string_view> parts;
  for (std::string_view rest = name;;) {
    const std::size_t dot = rest.find('.');
    parts.push_back(rest.substr(0, dot));
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  const std::string_view leaf = parts.back();
  const std::string_view parent = parts.size() > 1 ? parts[parts.size() - 2] : "";
  const std::string_view first = parts.front();
  const auto has_part = [&](std::string_view requested) {
    for (const std::string_view part : parts) {
      if (part == requested) return true;
    }
    return false;
  };

  if (leaf == "_mean" || leaf == "running_mean") return {0, 0.25F};
  if (leaf == "_variance" || leaf == "running_var") return {1, 0.5F};
  if (leaf == "scale") return {1, 0.125F};
  if (leaf == "bias") return {0, 0.25F};
  if (leaf == "adder") return {0, 1};
  if (leaf != "weight" || (shape.size() != 1 && shape.size() != 2 && shape.size() != 4)) {
    std::fprintf(stderr, "no rule makes synthetic values for '%s'\n", std::string(name).c_str());
    std::abort();
  }
  if (shape.size() == 1)
    return parent == "identity" ? Distribution{0.5, 0.25F} : Distribution{1, 0.5F};

  const Gains gains = gains_of(family);
  const auto gain = [&]() -> double {
    if (shape.size() == 2) return gains.fc;
    if (has_part("se")) {
      return parent == "conv1" || parent == "conv_reduce" ? gains.se_reduce : gains.se_expand;
    }
    if (first == "last_conv" || first == "conv_head") return gains.last_conv;
    if (first == "layer_list") return gains.head;
    if (has_part("dw_conv_list")) return gains.branch;
    if (shape[1] == 1) return gains.depthwise;
    if (shape[1] == 3) return gains.stem;
    return gains.pointwise;
  }();
  // Paddle stores a Linear as [in, out], timm's classifier is [out, in].
  const std::int64_t fan_in = shape.size() == 4             ? shape[1] * shape[2] * shape[3]
                              : name == "classifier.weight" ? shape[1]
                                                            : shape[0];
  return {0, static_cast<float>(std::sqrt(gain / static_cast<double>(fan_in)))};
}

}  // namespace

std::vector<float> synthetic_tensor(std::string_view name, const std::vector<std::int64_t>& shape,
                                    GainFamily family, std::uint64_t seed) {
  std::size_t size = 1;
  for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
  std::vector<float> values(size);
  if (name.ends_with("num_batches_tracked")) return values;

  const Distribution distribution = distribution_of(name, shape, family);
  const Stream stream{name, seed};
  // Taps of a depthwise kernel are differences of neighbours, so that the kernel sums to zero:
  // otherwise the activations forget the input after ten layers.
  const bool depthwise = shape.size() == 4 && shape[1] == 1 && shape[2] * shape[3] > 1;
  const std::size_t taps = depthwise ? static_cast<std::size_t>(shape[2] * shape[3]) : 1;
  const float step = distribution.spread / 8388608.0F;
  for (std::size_t i = 0; i < size; ++i) {
    std::int32_t k = stream.k(i);
    if (depthwise) k -= stream.k(i / taps * taps + (i + 1) % taps);
    // Rounded once in both cases: the factors are exact in float32, and so is their product in
    // double; emulated, double takes longer.
    values[i] = distribution.mean == 0 ? step * static_cast<float>(k)
                                       : static_cast<float>(distribution.mean + double{step} * k);
  }
  return values;
}

std::vector<float> synthetic_input(std::uint64_t seed, std::size_t n, std::size_t c, std::size_t h,
                                   std::size_t w) {
  const Stream fine{"input", seed};
  const Stream coarse{"input.low", seed};
  std::vector<float> values;
  values.reserve(n * c * h * w);
  for (std::size_t plane = 0; plane < n * c; ++plane) {
    for (std::size_t y = 0; y < h; ++y) {
      for (std::size_t x = 0; x < w; ++x) {
        const double sum =
            fine.u((plane * h + y) * w + x) + coarse.u((plane * 64 + y / 16) * 64 + x / 16);
        values.push_back(static_cast<float>(sum));
      }
    }
  }
  return values;
}

std::vector<std::size_t> sample_positions(std::string_view sample_name, std::size_t size,
                                          std::size_t count) {
  const Stream stream{"sample:" + std::string(sample_name), 0};
  std::vector<std::size_t> positions(count);
  for (std::size_t j = 0; j < count; ++j)
    positions[j] = static_cast<std::size_t>(stream.bits(j) % size);
  return positions;
}

std::vector<std::uint8_t> synthetic_image(ImageKind kind, std::uint64_t seed, std::size_t width,
                                          std::size_t height) {
  const Stream stream{"image.u8", seed};
  std::vector<std::uint8_t> pixels;
  pixels.reserve(width * height * 3);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const std::uint32_t noise = stream.m((y * width + x) * 3 + c) >> 16;
        std::size_t ramp = (3 * x + y * (2 + c) + 40 * c) % 512;
        if (ramp >= 256) ramp = 511 - ramp;
        pixels.push_back(
            static_cast<std::uint8_t>(kind == ImageKind::noise ? noise : (7 * ramp + noise) / 8));
      }
    }
  }
  return pixels;
}

}  // namespace pplcnet_test
