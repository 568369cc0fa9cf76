#include "explain.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "output_file.hpp"
#include "pictures.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/path.hpp"

namespace fs = std::filesystem;
using pplcnet::AnyNetwork;
using pplcnet::Error;
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

/// From black through purple, red and orange to pale yellow: the more, the lighter, as in
/// matplotlib's "inferno".
Colour colour_of(float heat) {
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

/// As a person reads it: the label if its letters can be drawn, or the class's number.
std::string drawable_label(const pplcnet::AnyClassifier& classifier, int class_id) {
  const std::string label = classifier.label(class_id);
  const bool ascii = std::ranges::all_of(label, [](char c) { return c >= ' ' && c <= '~'; });
  return ascii && !label.empty() ? label : "class " + std::to_string(class_id);
}

}  // namespace

std::optional<HeatMap> heat_map(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                                int class_id) {
  const AnyNetwork& network = classifier.network();
  const auto layers = network.layers();
  const int pool = network.traits().pooled;
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

pplcnet::ImageSize shown_size(pplcnet::ImageSize size) {
  constexpr double kLeast = 320, kLongest = 1024, kHighest = 1280;
  const double longest = std::max(size.width, size.height);
  double scale = std::min(1.0, kLongest / longest);
  scale = std::min(std::max(scale, kLeast / size.width), kHighest / size.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(side * scale + 0.5)); };
  return {scaled(size.width), scaled(size.height)};
}

Canvas draw_heat(const pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                 const HeatMap& map, pplcnet::ImageSize size) {
  Canvas canvas(image, size.width, size.height);
  const auto plan = pplcnet::resize_plan(classifier.preprocessing(), image.size());
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
                       : (0.5f - 0.2f * part) * grey + (0.5f + 0.2f * part) * colour_of(part)[i];
      canvas.set(x, y, shown);
    }
  return canvas;
}

std::string explanation_png(const pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                            const HeatMap& map, int class_id, float score) {
  constexpr int kMargin = 16, kGap = 8, kBar = 160, kWidestTitle = 900;
  constexpr Colour kPaper = {255, 255, 255}, kInk = {29, 37, 48}, kFaint = {95, 105, 118};
  const pplcnet::ImageSize size = shown_size(image.size());
  char percent[16];
  std::snprintf(percent, sizeof(percent), "  %.1f %%", 100 * double{score});
  const std::string title = drawable_label(classifier, class_id) + percent;
  const std::string words[] = {"spoke for it:", "little", "most"};
  int legend = kBar + 3 * kGap;
  for (const std::string& word : words) legend += Canvas::width_of(word);
  // Beside each other, or one above the other where they are wide.
  const bool is_wide = size.width > 2 * size.height;
  const int panels_width = is_wide ? size.width : 2 * size.width + kGap;
  const int panels_height = is_wide ? 2 * size.height + kGap : size.height;
  const int width =
      std::max({panels_width, legend, std::min(Canvas::width_of(title), kWidestTitle)});
  constexpr int kLine = Canvas::kTextHeight + kGap;
  Canvas page(width + 2 * kMargin, panels_height + 2 * kLine + 2 * kMargin, kPaper);
  page.write(kMargin, kMargin, title, kInk);
  const int left = kMargin + (width - panels_width) / 2, top = kMargin + kLine;
  page.draw(Canvas(image, size.width, size.height), left, top);
  page.draw(draw_heat(classifier, image, map, size), is_wide ? left : left + size.width + kGap,
            is_wide ? top + size.height + kGap : top);
  const int line = top + panels_height + kGap + 2;
  int x = kMargin;
  const auto say = [&](const std::string& word) {
    page.write(x, line, word, kFaint);
    x += Canvas::width_of(word) + kGap;
  };
  say(words[0]);
  say(words[1]);
  for (int i = 0; i < kBar; ++i)
    for (int y = 0; y < Canvas::kTextHeight - 4; ++y)
      page.set(x + i, line + y, colour_of(static_cast<float>(i) / (kBar - 1)));
  x += kBar + kGap;
  say(words[2]);
  return page.png();
}

Error Explanations::open(const std::string& folder, pplcnet::AnyClassifier& classifier,
                         std::optional<Explanations>& result) {
  if (classifier.network().traits().pooled < 0)
    return Error::of(classifier.name(), ": has no pooled map that a class could be seen in");
  std::error_code problem;
  fs::create_directories(pplcnet::path_of(folder), problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  result.emplace(Explanations(folder));
  return {};
}

Error Explanations::draw(const std::string& path, pplcnet::ImageView image,
                         pplcnet::AnyClassifier& classifier, std::span<const float> scores) {
  const auto best = static_cast<int>(std::ranges::max_element(scores) - scores.begin());
  const auto map = heat_map(classifier, image, best);
  if (!map) return too_narrow(path);
  const std::string stem = pplcnet::name_of(pplcnet::path_of(path).stem());
  std::string name = stem;
  for (int i = 2; !names_.insert(name).second; ++i) name = stem + "_" + std::to_string(i);
  const std::string png =
      explanation_png(classifier, image, *map, best, scores[static_cast<std::size_t>(best)]);
  if (auto error =
          write_output(pplcnet::name_in(folder_, name + ".png"), png, OutputFile::Existing::kept))
    return Error::of(path, ": ", error.message());
  return {};
}
