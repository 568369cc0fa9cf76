#include "heat_map.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "pplcnet/weights/fold.hpp"

using pplcnet::AnyNetwork;
using pplcnet::Layer;

namespace {

/// Returns the slope of an activation that a head may have.
float slope(pplcnet::Activation activation, float x) {
  switch (activation.kind) {
    case pplcnet::Activation::Kind::relu:
      return x > 0 ? 1.0f : 0.0f;
    case pplcnet::Activation::Kind::relu6:
      return x > 0 && x < 6 ? 1.0f : 0.0f;
    case pplcnet::Activation::Kind::hardswish:
      return x <= -3 ? 0.0f : x >= 3 ? 1.0f : (2 * x + 3) / 6;
    default:
      return 1;
  }
}

/// Returns the gradient of a class's logit by the pooled vector.
std::vector<float> gradient(const AnyNetwork& network, int class_id,
                            std::span<const float> pooled) {
  const auto layers = network.layers();
  const auto& traits = network.traits();
  const int head = traits.embedding == traits.pooled ? -1 : traits.embedding;
  const Layer& classifier = layers[static_cast<std::size_t>(network.traits().logits)];
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

/// Returns the shares of four neighbours in a row, of which the place lies between the middle ones:
/// a cubic B-spline, which has no edges where one place of the map ends.
std::array<float, 4> spline(float part) {
  const float rest = 1 - part;
  const auto middle = [](float t) { return (3 * t * t * t - 6 * t * t + 4) / 6; };
  return {rest * rest * rest / 6, middle(part), middle(rest), part * part * part / 6};
}

/// Returns the map at a place from 0 to 1 of what the network saw.
float sample(const HeatMap& map, float v, float u) {
  const float y = v * static_cast<float>(map.rows) - 0.5f;
  const float x = u * static_cast<float>(map.columns) - 0.5f;
  const int top = static_cast<int>(std::floor(y)), left = static_cast<int>(std::floor(x));
  const auto down = spline(y - static_cast<float>(top));
  const auto across = spline(x - static_cast<float>(left));
  float sum = 0;
  for (int i = 0; i < 4; ++i)
    for (int j = 0; j < 4; ++j) {
      const int row = std::clamp(top - 1 + i, 0, map.rows - 1);
      const int column = std::clamp(left - 1 + j, 0, map.columns - 1);
      sum += down[static_cast<std::size_t>(i)] * across[static_cast<std::size_t>(j)] *
             map.values[static_cast<std::size_t>(row * map.columns + column)];
    }
  return sum;
}

}  // namespace

int heat_layer(const AnyNetwork& network) {
  return network.layers()[static_cast<std::size_t>(network.traits().pooled)].from;
}

HeatMap class_map(const AnyNetwork& network, int class_id, std::span<const float> maps) {
  const pplcnet::Shape shape =
      network.layers()[static_cast<std::size_t>(heat_layer(network))].output;
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
  return map;
}

void normalise(HeatMap& map) {
  const float largest = *std::ranges::max_element(map.values);
  for (float& value : map.values) value = largest > 0 ? std::max(value, 0.0f) / largest : 0;
}

HeatMap heat_map(const AnyNetwork& network, int class_id, std::span<const float> maps) {
  HeatMap map = class_map(network, class_id, maps);
  normalise(map);
  return map;
}

Colour heat_colour(float heat) {
  constexpr Colour kColours[] = {{0, 0, 4},      {31, 12, 72},   {85, 15, 109},
                                 {136, 34, 106}, {186, 54, 85},  {227, 89, 51},
                                 {249, 140, 10}, {249, 201, 50}, {252, 255, 164}};
  constexpr std::size_t kLast = std::size(kColours) - 1;
  const float place = std::clamp(heat, 0.0f, 1.0f) * static_cast<float>(kLast);
  const std::size_t below = std::min(static_cast<std::size_t>(place), kLast - 1);
  const float part = place - static_cast<float>(below);
  Colour colour = {};
  for (std::size_t i = 0; i < 3; ++i)
    colour[i] = kColours[below][i] * (1 - part) + kColours[below + 1][i] * part;
  return colour;
}

Canvas draw_heat(const pplcnet::Preprocessing& preprocessing, pplcnet::ImageView image,
                 const HeatMap& map, pplcnet::ImageSize size) {
  Canvas canvas(image, size.width, size.height);
  const auto plan = pplcnet::resize_plan(preprocessing, image.size());
  if (!plan) return canvas;
  // A place in the picture as a place, from 0 to 1, in what the network saw of it.
  const auto place = [](int at, int shown, int resized, int begin, int window) {
    const float scaled =
        (static_cast<float>(at) + 0.5f) * static_cast<float>(resized) / static_cast<float>(shown);
    return (scaled - static_cast<float>(begin)) / static_cast<float>(window);
  };
  const auto window = plan->window;
  const auto inside = [](float part) { return part >= 0 && part < 1; };
  std::vector<float> heat(static_cast<std::size_t>(size.width) *
                          static_cast<std::size_t>(size.height));
  const auto index = [&](int x, int y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) +
           static_cast<std::size_t>(x);
  };
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const float v = place(y, size.height, plan->resized.height, window.top, window.height);
      const float u = place(x, size.width, plan->resized.width, window.left, window.width);
      heat[index(x, y)] = inside(u) && inside(v) ? sample(map, v, u) : -1;
    }
  // The smooth map reaches up to 1 again.
  const float most = std::max(*std::ranges::max_element(heat), 1e-6f);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x) {
      const Colour pixel = canvas.at(x, y);
      const float grey = 0.3f * pixel[0] + 0.59f * pixel[1] + 0.11f * pixel[2];
      const float part = heat[index(x, y)] / most;
      Colour shown = {};
      for (std::size_t i = 0; i < 3; ++i)
        shown[i] = part < 0
                       ? 160 + 0.3f * grey
                       : (0.5f - 0.2f * part) * grey + (0.5f + 0.2f * part) * heat_colour(part)[i];
      canvas.set(x, y, shown);
    }
  return canvas;
}
