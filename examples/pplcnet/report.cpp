#include "report.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string_view>

#include "explain.hpp"
#include "output_file.hpp"
#include "picture.hpp"
#include "pplcnet/weights/join.hpp"

namespace {

using pplcnet::join;

std::string escaped(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += character;
    }
  }
  return result;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t triple = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      triple = triple << 8 | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += j <= count ? kDigits[triple >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * share);
  return text;
}

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
       color: #1d2530; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
.figures div { background: #f1f4f8; border-radius: .5rem; padding: .7rem 1.2rem; }
.figures b { display: block; font-size: 1.5rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: right; }
td:first-child, th:first-child, td:last-child, th:last-child { text-align: left; }
tr:nth-child(even) td { background: #f6f8fa; }
.bar { display: inline-block; height: .7rem; background: #3a7bd5; border-radius: .2rem; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 12rem; } figure img { max-width: 100%; border-radius: .3rem; }
figcaption { font-size: .8rem; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { background: #14181d; color: #dde4ec; } .figures div { background: #212831; }
  tr:nth-child(even) td { background: #1b2129; } })";

/// How sure the network was, of right answers and of wrong ones.
std::string histogram(const Evaluation& evaluation) {
  constexpr int kBins = 20, kWidth = 30, kHeight = 160;
  std::array<int, kBins> right = {}, wrong = {};
  for (const Evaluated& one : evaluation.all()) {
    const int bin = std::clamp(static_cast<int>(one.score * kBins), 0, kBins - 1);
    ++(one.rank == 0 ? right : wrong)[static_cast<std::size_t>(bin)];
  }
  int most = 1;
  for (std::size_t i = 0; i < kBins; ++i) most = std::max(most, right[i] + wrong[i]);
  std::string svg = join({"<svg width=\"", kBins * kWidth + 40, "\" height=\"", kHeight + 40,
                          "\" role=\"img\" aria-label=\"scores\">"});
  for (std::size_t i = 0; i < kBins; ++i) {
    const int x = static_cast<int>(i) * kWidth + 20;
    const int high = right[i] * kHeight / most, low = wrong[i] * kHeight / most;
    svg += join({"<rect x=\"",
                 x,
                 "\" y=\"",
                 kHeight - high + 10,
                 "\" width=\"",
                 kWidth - 3,
                 "\" height=\"",
                 high,
                 "\" fill=\"#3a7bd5\"><title>",
                 right[i],
                 " right</title></rect><rect x=\"",
                 x,
                 "\" y=\"",
                 kHeight - high - low + 10,
                 "\" width=\"",
                 kWidth - 3,
                 "\" height=\"",
                 low,
                 "\" fill=\"#d5553a\"><title>",
                 wrong[i],
                 " wrong</title></rect>"});
  }
  for (int i = 0; i <= 10; ++i)
    svg += join({"<text x=\"", i * kBins * kWidth / 10 + 20, "\" y=\"", kHeight + 28,
                 "\" font-size=\"11\" text-anchor=\"middle\" fill=\"currentColor\">", i * 10,
                 "%</text>"});
  return svg + "</svg>";
}

std::string class_table(const Evaluation& evaluation, const Classifier& classifier) {
  std::string html =
      "<table><tr><th>class</th><th>pictures</th><th>right</th><th>precision</th><th></th>"
      "<th>taken for</th></tr>";
  for (const ClassResult& one : evaluation.by_class(classifier.classes())) {
    if (one.count == 0 && one.named == 0) continue;
    html +=
        join({"<tr><td>", escaped(classifier.label(one.class_id)), "</td><td>", one.count,
              "</td><td>", percent(one.recall()), "</td><td>", percent(one.precision()),
              "</td><td><span class=\"bar\" style=\"width:", static_cast<int>(100 * one.recall()),
              "px\"></span></td><td>"});
    std::vector<std::pair<int, int>> others;
    for (const auto& [other, count] : one.taken_for) others.emplace_back(count, other);
    std::ranges::sort(others, std::greater());
    constexpr std::size_t kMost = 3;
    for (std::size_t i = 0; i < std::min(kMost, others.size()); ++i)
      html += join({i > 0 ? ", " : "", escaped(classifier.label(others[i].second)), " (",
                    others[i].first, ")"});
    html += "</td></tr>\n";
  }
  return html + "</table>";
}

std::string worst_pictures(const Evaluation& evaluation, Classifier& classifier) {
  constexpr std::size_t kMost = 24;
  constexpr int kLongest = 320;
  std::string html = "<div class=\"pictures\">";
  std::size_t shown = 0;
  for (const Evaluated& one : evaluation.wrong()) {
    if (shown == kMost) break;
    Picture picture;
    if (Picture::read(one.path, picture)) continue;
    const bool pools = classifier.network().last_of(pplcnet::Part::pool) >= 0;
    const auto map = pools ? heat_map(classifier, picture.view(), one.best) : std::nullopt;
    const HeatMap cold = {.rows = 1, .columns = 1, .values = {0}};
    ++shown;
    html += join({"<figure><img alt=\"\" src=\"data:image/png;base64,",
                  base64(heat_map_png(classifier, picture.view(), map.value_or(cold), kLongest)),
                  "\"><figcaption>", escaped(one.path), "<br>", escaped(classifier.label(one.best)),
                  " ", percent(double{one.score}), ", is ", escaped(classifier.label(one.class_id)),
                  "</figcaption></figure>\n"});
  }
  return html + "</div>";
}

/// Pictures that count for nothing because they could not be read.
std::string unseen_pictures(const Evaluation& evaluation) {
  if (evaluation.unseen().empty()) return {};
  std::string html = "<h2>Not seen</h2><ul>";
  for (const Evaluated& one : evaluation.unseen())
    html += join({"<li>", escaped(one.problem), "</li>\n"});
  return html + "</ul>";
}

}  // namespace

pplcnet::Error write_report(const std::string& path, const std::string& data,
                            const Evaluation& evaluation, Classifier& classifier, double rate) {
  const auto figure = [](std::string_view value, std::string_view what) {
    return join({"<div><b>", value, "</b>", what, "</div>"});
  };
  char speed[32];
  std::snprintf(speed, sizeof(speed), "%.1f", rate);
  std::string html = join(
      {"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
       escaped(classifier.name()), " on ", escaped(data),
       "</title><link rel=\"icon\" href=\"data:,\"><style>", kStyle, "</style></head><body><h1>",
       escaped(classifier.name()), " on ", escaped(data), "</h1><div class=\"figures\">"});
  html += figure(std::to_string(evaluation.count()), "pictures");
  html += figure(percent(evaluation.accuracy(1)), "right (top-1)");
  if (classifier.classes() > 5) html += figure(percent(evaluation.accuracy(5)), "among five");
  if (rate > 0) html += figure(speed, "pictures per second");
  html +=
      "</div><h2>How sure it was</h2><p>Scores of the most probable class: right answers in "
      "blue, wrong ones in red.</p>";
  html += histogram(evaluation);
  html += unseen_pictures(evaluation);
  html += "<h2>Classes</h2>" + class_table(evaluation, classifier);
  html += "<h2>Wrong, and sure of it</h2><p>Bright: what spoke for the answer.</p>";
  html += worst_pictures(evaluation, classifier);
  html += "</body></html>\n";
  return write_output(path, html);
}
