#include "explain.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <utility>

#include "output_file.hpp"
#include "png.hpp"
#include "pplcnet/weights/fold.hpp"

namespace fs = std::filesystem;
using pplcnet::AnyNetwork;
using pplcnet::Error;
using pplcnet::Layer;
using pplcnet::Part;

namespace {

/// The slope of an activation that a head may have.
float slope(pplcnet::Activation activation, float x) {
  switch (activation) {
    case pplcnet::Activation::relu:
      return x > 0 ? 1.0f : 0.0f;
    case pplcnet::Activation::relu6:
      return x > 0 && x < 6 ? 1.0f : 0.0f;
    case pplcnet::Activation::hardswish:
      return x <= -3 ? 0.0f : x >= 3 ? 1.0f : (2 * x + 3) / 6;
    default:
      return 1;
  }
}

/// The gradient of a class's logit by the pooled vector.
std::vector<float> gradient(const AnyNetwork& network, int class_id,
                            std::span<const float> pooled) {
  const auto layers = network.layers();
  const int head = network.last_of(Part::head);
  const Layer& classifier = layers[static_cast<std::size_t>(network.last_of(Part::classifier))];
  const auto width = static_cast<std::size_t>(classifier.input.channels);
  const auto weights = pplcnet::unpack(classifier, network.weights());
  const std::size_t row = static_cast<std::size_t>(class_id) * width;
  std::vector<float> by_embedding(
      weights.weight.begin() + static_cast<std::ptrdiff_t>(row),
      weights.weight.begin() + static_cast<std::ptrdiff_t>(row + width));
  if (head < 0) return by_embedding;
  const Layer& dense = layers[static_cast<std::size_t>(head)];
  const auto parameters = pplcnet::unpack(dense, network.weights());
  std::vector<float> result(pooled.size());
  for (std::size_t o = 0; o < width; ++o) {
    const float* const weight = parameters.weight.data() + o * pooled.size();
    float sum = parameters.bias[o];
    for (std::size_t i = 0; i < pooled.size(); ++i) sum += weight[i] * pooled[i];
    const float factor = by_embedding[o] * slope(dense.activation, sum);
    for (std::size_t i = 0; i < pooled.size(); ++i) result[i] += factor * weight[i];
  }
  return result;
}

/// Black, through blue, red and yellow, to white.
std::array<float, 3> colour(float value) {
  return {std::clamp(value * 3 - 0.6f, 0.0f, 1.0f), std::clamp(value * 3 - 1.5f, 0.0f, 1.0f),
          std::clamp(value < 0.5f ? value * 2.4f : 2.2f - value * 2.4f, 0.0f, 1.0f)};
}

/// Between the centres of the map's places.
float sample(const HeatMap& map, float y, float x) {
  const float row =
      std::clamp(y * static_cast<float>(map.rows) - 0.5f, 0.0f, static_cast<float>(map.rows - 1));
  const float column = std::clamp(x * static_cast<float>(map.columns) - 0.5f, 0.0f,
                                  static_cast<float>(map.columns - 1));
  const int top = static_cast<int>(row), left = static_cast<int>(column);
  const int bottom = std::min(top + 1, map.rows - 1), right = std::min(left + 1, map.columns - 1);
  const float down = row - static_cast<float>(top), across = column - static_cast<float>(left);
  const auto at = [&](int r, int c) {
    return map.values[static_cast<std::size_t>(r * map.columns + c)];
  };
  return (at(top, left) * (1 - across) + at(top, right) * across) * (1 - down) +
         (at(bottom, left) * (1 - across) + at(bottom, right) * across) * down;
}

}  // namespace

std::optional<HeatMap> heat_map(Classifier& classifier, pplcnet::ImageView image, int class_id) {
  const AnyNetwork& network = classifier.network();
  const auto layers = network.layers();
  const int pool = network.last_of(Part::pool);
  const int last = layers[static_cast<std::size_t>(pool)].from;
  const pplcnet::Shape shape = layers[static_cast<std::size_t>(last)].output;
  std::vector<float> maps;
  if (!classifier.run(image, last, maps)) return std::nullopt;
  const auto pixels = static_cast<std::size_t>(shape.pixels());
  std::vector<float> pooled(static_cast<std::size_t>(shape.channels));
  for (std::size_t channel = 0; channel < pooled.size(); ++channel) {
    for (std::size_t i = 0; i < pixels; ++i) pooled[channel] += maps[channel * pixels + i];
    pooled[channel] /= static_cast<float>(pixels);
  }
  const std::vector<float> factors = gradient(network, class_id, pooled);
  HeatMap map = {.rows = shape.height, .columns = shape.width, .values = {}};
  map.values.resize(pixels);
  for (std::size_t channel = 0; channel < pooled.size(); ++channel)
    for (std::size_t i = 0; i < pixels; ++i)
      map.values[i] += factors[channel] * maps[channel * pixels + i];
  const float largest = *std::ranges::max_element(map.values);
  for (float& value : map.values) value = largest > 0 ? std::max(value, 0.0f) / largest : 0;
  return map;
}

std::string heat_map_png(const Classifier& classifier, pplcnet::ImageView image, const HeatMap& map,
                         int longest) {
  const auto plan = pplcnet::resize_plan(classifier.preprocessing(), image.size());
  if (!plan) return {};
  const int step = std::max(1, (std::max(image.width, image.height) + longest - 1) / longest);
  const int width = (image.width + step - 1) / step, height = (image.height + step - 1) / step;
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(width) *
                                   static_cast<std::size_t>(height) * 3);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const std::uint8_t* const from = image.row(y * step) + std::ptrdiff_t{x} * step * 3;
      // The place in what the network saw; outside of it the picture is grey.
      const auto place = [](int at, int size, int resized, int begin, int window) {
        const float scaled = (static_cast<float>(at) + 0.5f) * static_cast<float>(resized) /
                             static_cast<float>(size);
        return (scaled - static_cast<float>(begin)) / static_cast<float>(window);
      };
      const float v = place(y * step, image.height, plan->resized.height, plan->window.top,
                            plan->window.height);
      const float u =
          place(x * step, image.width, plan->resized.width, plan->window.left, plan->window.width);
      const float grey = 0.3f * from[0] + 0.59f * from[1] + 0.11f * from[2];
      const bool seen = u >= 0 && u < 1 && v >= 0 && v < 1;
      const float heat = seen ? sample(map, v, u) : 0;
      const auto paint = colour(heat);
      const float share = seen ? 0.65f * heat : 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const float base = seen ? 0.5f * grey + 0.5f * from[c] : 0.35f * grey;
        pixels[(static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                static_cast<std::size_t>(x)) *
                   3 +
               c] =
            static_cast<std::uint8_t>(
                std::clamp(base * (1 - share) + 255 * paint[c] * share, 0.0f, 255.0f));
      }
    }
  }
  return encode_png(pixels, width, height, 3);
}

Error Explanations::open(const std::string& folder, Classifier& classifier,
                         std::optional<Explanations>& result) {
  if (classifier.network().last_of(Part::pool) < 0)
    return Error::of(classifier.name(), ": has no pooled map that a class could be seen in");
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  result.emplace(Explanations(folder));
  return {};
}

Error Explanations::draw(const std::string& path, pplcnet::ImageView image, Classifier& classifier,
                         std::span<const float> scores) {
  constexpr int kLongest = 1024;
  const auto best = static_cast<int>(std::ranges::max_element(scores) - scores.begin());
  const auto map = heat_map(classifier, image, best);
  if (!map) return too_narrow(path);
  const std::string stem = fs::path(path).stem().string();
  std::string name = stem;
  for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  const std::string png = heat_map_png(classifier, image, *map, kLongest);
  if (auto error = write_output((fs::path(folder_) / (name + ".png")).string(), png,
                                OutputFile::Existing::kept))
    return Error::of(path, ": ", error.message());
  return {};
}
