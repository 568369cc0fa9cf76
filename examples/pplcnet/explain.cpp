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
#include "pplcnet/weights/path.hpp"

namespace fs = std::filesystem;
using pplcnet::Error;

namespace {

/// As a person reads it: the label if its letters can be drawn, or the class's number.
std::string drawable_label(const pplcnet::AnyClassifier& classifier, int class_id) {
  const std::string label = classifier.label(class_id);
  const bool ascii = std::ranges::all_of(label, [](char c) { return c >= ' ' && c <= '~'; });
  return ascii && !label.empty() ? label : "class " + std::to_string(class_id);
}

}  // namespace

std::optional<HeatMap> heat_map(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                                int class_id) {
  const pplcnet::AnyNetwork& network = *classifier.network().floats();
  std::vector<float> maps;
  if (!classifier.run(image, heat_layer(network), maps)) return std::nullopt;
  return heat_map(network, class_id, maps);
}

pplcnet::ImageSize shown_size(pplcnet::ImageSize size) {
  constexpr double kLeast = 320, kLongest = 1024, kHighest = 1280;
  const double longest = std::max(size.width, size.height);
  double scale = std::min(1.0, kLongest / longest);
  scale = std::min(std::max(scale, kLeast / size.width), kHighest / size.height);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(side * scale + 0.5)); };
  return {scaled(size.width), scaled(size.height)};
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
  page.draw(draw_heat(classifier.preprocessing(), image, map, size),
            is_wide ? left : left + size.width + kGap, is_wide ? top + size.height + kGap : top);
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
      page.set(x + i, line + y, heat_colour(static_cast<float>(i) / (kBar - 1)));
  x += kBar + kGap;
  say(words[2]);
  return page.png();
}

Error Explanations::open(const std::string& folder, pplcnet::AnyClassifier& classifier,
                         std::optional<Explanations>& result) {
  if (classifier.network().traits().pooled < 0)
    return Error::of(classifier.name(), ": has no pooled map that a class could be seen in");
  if (classifier.network().is_quantised())
    return Error::of(classifier.name(),
                     ": its weights are int8; maps of classes are made in floats");
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
