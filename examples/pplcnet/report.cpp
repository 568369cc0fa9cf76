#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "canvas.hpp"
#include "explain.hpp"
#include "html.hpp"
#include "output_file.hpp"
#include "picture.hpp"
#include "pplcnet/weights/join.hpp"

namespace {

using pplcnet::join;

constexpr float kConfident = 0.8f;  // a mistake with this score is a confident one

/// Returns a name from a file, isolated from the direction of the text around it.
std::string name_of(std::string_view text) { return "<bdi>" + html_text(text) + "</bdi>"; }

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * share);
  return text;
}

/// Returns `24 of 37` and the percentage.
std::string count_of(int part, int whole) {
  if (whole == 0) return "–";
  return join(
      {part, " of ", whole, " <small>", percent(static_cast<double>(part) / whole), "</small>"});
}

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1d2530; --faint: #5b6672; --paper: #fff; --panel: #f1f4f8;
        --line: #d5dbe2; --right: #3a7bd5; --wrong: #d5553a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dde4ec; --faint: #97a3b0; --paper: #14181d; --panel: #212831; --line: #39434e; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
       color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p, figcaption, small, .note { color: var(--faint); }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; }
.figures div { background: var(--panel); border-radius: .5rem; padding: .6rem 1rem; }
.figures b { display: block; font-size: 1.4rem; }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
.plots svg { flex: 1 1 20rem; min-width: 0; max-width: 34rem; height: auto; }
svg text { font-size: 12px; fill: var(--faint); } svg .axis { stroke: var(--faint); }
svg .grid { stroke: var(--line); }
svg .right { fill: var(--right); } svg .wrong { fill: var(--wrong); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .25rem .6rem; text-align: right; }
th { font-weight: 600; } td { border-top: 1px solid var(--line); white-space: nowrap; }
.left { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
.bar { display: block; width: 6rem; height: .7rem; border-radius: .2rem; background: var(--line); }
.bar span { display: block; height: 100%; border-radius: .2rem; background: var(--right); }
.matrix td { text-align: center; border: 1px solid var(--line); min-width: 2.6rem; }
.matrix th { vertical-align: bottom; }
.matrix .said { writing-mode: vertical-rl; max-height: 11rem; transform: rotate(180deg);
                text-align: left; }
.pictures { display: grid; gap: 1.2rem; }
.pair { display: flex; flex-wrap: wrap; gap: .5rem; }
.pair img { width: 320px; max-width: 100%; height: auto; border-radius: .3rem; }
figure { margin: 0; display: flex; flex-wrap: wrap; gap: .4rem 1rem; }
figcaption { overflow-wrap: anywhere; flex: 1 1 16rem; }
figcaption b { color: var(--ink); }
.legend { display: inline-block; width: 7rem; height: .8rem; border-radius: .2rem; margin: 0 .4rem; }
li { overflow-wrap: anywhere; })";

/// Returns a step of 1, 2 or 5 times a power of ten, of which a few reach `most`.
int step_for(int most) {
  constexpr int kMostSteps = 5;
  int step = 1;
  for (int i = 0; most / step > kMostSteps; ++i) step = i % 3 == 1 ? step / 2 * 5 : step * 2;
  return step;
}

/// Draws how many predictions have which score.
std::string histogram(std::span<const Evaluated> all, bool right, std::string_view what) {
  constexpr int kBins = 20, kLeft = 52, kTop = 30, kWidth = 400, kHeight = 150;
  std::array<int, kBins> bins = {};
  int count = 0;
  for (const Evaluated& one : all) {
    if ((one.rank == 0) != right) continue;
    ++count;
    ++bins[static_cast<std::size_t>(std::clamp(static_cast<int>(one.score * kBins), 0, kBins - 1))];
  }
  const int most = std::max(1, *std::ranges::max_element(bins)), step = step_for(most);
  const int top = (most + step - 1) / step * step;
  const auto height_of = [&](int value) {
    return static_cast<int>(std::lround(static_cast<double>(value) * kHeight / top));
  };
  std::string svg = join({"<svg viewBox=\"0 0 ", kLeft + kWidth + 20, " ", kTop + kHeight + 48,
                          "\" role=\"img\"><text x=\"", kLeft, "\" y=\"14\">", count, " ", what,
                          ": pictures by score</text>"});
  for (int value = 0; value <= top; value += step) {
    const int y = kTop + kHeight - height_of(value);
    svg += join({"<line class=\"grid\" x1=\"", kLeft, "\" x2=\"", kLeft + kWidth, "\" y1=\"", y,
                 "\" y2=\"", y, "\"/><text text-anchor=\"end\" x=\"", kLeft - 6, "\" y=\"", y + 4,
                 "\">", value, "</text>"});
  }
  for (int i = 0; i < kBins; ++i) {
    const int value = bins[static_cast<std::size_t>(i)];
    if (value == 0) continue;
    const int height = std::max(1, height_of(value));
    svg += join({"<rect class=\"", right ? "right" : "wrong", "\" x=\"",
                 kLeft + i * kWidth / kBins + 1, "\" y=\"", kTop + kHeight - height, "\" width=\"",
                 kWidth / kBins - 2, "\" height=\"", height, "\"><title>", value, " from ",
                 100 * i / kBins, " to ", 100 * (i + 1) / kBins, " %</title></rect>"});
  }
  svg += join({"<line class=\"axis\" x1=\"", kLeft, "\" x2=\"", kLeft + kWidth, "\" y1=\"",
               kTop + kHeight, "\" y2=\"", kTop + kHeight, "\"/>"});
  for (int i = 0; i <= 10; i += 2)
    svg += join({"<text text-anchor=\"middle\" x=\"", kLeft + i * kWidth / 10, "\" y=\"",
                 kTop + kHeight + 17, "\">", i * 10, " %</text>"});
  return svg + join({"<text text-anchor=\"middle\" x=\"", kLeft + kWidth / 2, "\" y=\"",
                     kTop + kHeight + 38, "\">score of the most probable class</text></svg>"});
}

std::string class_table(std::span<const ClassResult> classes,
                        const pplcnet::AnyClassifier& classifier) {
  std::string html =
      "<div class=\"wide\"><table><tr><th class=\"left\">class</th><th>recall</th><th></th>"
      "<th>precision</th><th class=\"left\">confused with</th></tr>";
  for (const ClassResult& one : classes) {
    if (one.count == 0 && one.named == 0) continue;
    html +=
        join({"<tr><td class=\"left\">", name_of(classifier.label(one.class_id)), "</td><td>",
              count_of(one.right, one.count), "</td><td><span class=\"bar\"><span style=\"width:",
              static_cast<int>(std::lround(100 * one.recall())), "%\"></span></span></td><td>",
              count_of(one.right, one.named), "</td><td class=\"left\">"});
    std::vector<std::pair<int, int>> others;
    for (const auto& [other, count] : one.confused_with) others.emplace_back(count, other);
    std::ranges::sort(others, std::greater());
    constexpr std::size_t kMost = 3;
    for (std::size_t i = 0; i < std::min(kMost, others.size()); ++i)
      html += join(
          {i > 0 ? ", " : "", name_of(classifier.label(others[i].second)), " ", others[i].first});
    if (others.size() > kMost) html += ", …";
    html += "</td></tr>\n";
  }
  return html + "</table></div>";
}

/// Returns the confusion matrix; of many classes, those with most mistakes.
std::string confusion_matrix(std::span<const ClassResult> classes,
                             const pplcnet::AnyClassifier& classifier) {
  constexpr std::size_t kMost = 16;
  std::vector<const ClassResult*> shown;
  for (const ClassResult& one : classes)
    if (one.count > 0 || one.named > 0) shown.push_back(&one);
  const std::size_t all = shown.size();
  if (all > kMost) {
    const auto mistakes = [](const ClassResult* one) {
      return one->count - one->right + one->named - one->right;
    };
    std::ranges::stable_sort(shown, std::greater(), mistakes);
    shown.resize(kMost);
    std::ranges::sort(shown, {}, &ClassResult::class_id);
  }
  std::string html = "<p>Rows: the true class; columns: the prediction.";
  if (all > kMost) html += join({" The ", kMost, " of ", all, " classes with most mistakes."});
  html += "</p><div class=\"wide\"><table class=\"matrix\"><tr><th></th>";
  for (const ClassResult* said : shown)
    html += join(
        {"<th><span class=\"said\">", name_of(classifier.label(said->class_id)), "</span></th>"});
  for (const ClassResult* is : shown) {
    html +=
        join({"</tr>\n<tr><th class=\"left\">", name_of(classifier.label(is->class_id)), "</th>"});
    for (const ClassResult* said : shown) {
      const auto taken = is->confused_with.find(said->class_id);
      const int count = is == said                         ? is->right
                        : taken == is->confused_with.end() ? 0
                                                           : taken->second;
      const int share = is->count == 0 ? 0 : 100 * count / is->count;
      html +=
          join({"<td style=\"background:color-mix(in srgb, var(--", is == said ? "right" : "wrong",
                ") ", count == 0 ? 0 : std::clamp(share * 7 / 10, 6, 70), "%, transparent)\">",
                count == 0 ? std::string("·") : std::to_string(count), "</td>"});
    }
  }
  return html + "</tr></table></div>";
}

std::string image(std::string_view png, std::string_view what) {
  return join({"<img alt=\"", what, "\" title=\"", what, "\" src=\"data:image/png;base64,",
               base64(png), "\">"});
}

/// Returns a picture and its class activation map.
std::string pair_of(const Evaluated& one, pplcnet::AnyClassifier& classifier) {
  Picture picture;
  if (auto error = Picture::read(one.path, picture))
    return join({"<p>", html_text(error.message()), "</p>"});
  constexpr int kWidth = 320, kHighest = 640;
  const pplcnet::ImageView view = picture.view();
  const double scale = std::min(static_cast<double>(kWidth) / view.width,
                                static_cast<double>(kHighest) / view.height);
  const pplcnet::ImageSize size = {std::max(1, static_cast<int>(view.width * scale)),
                                   std::max(1, static_cast<int>(view.height * scale))};
  std::string html = image(Canvas(view, size.width, size.height).png(), "the picture");
  const bool pools =
      classifier.network().traits().pooled >= 0 && !classifier.network().is_quantised();
  const auto map = pools ? heat_map(classifier, view, one.best) : std::nullopt;
  if (map)
    html += image(draw_heat(classifier.preprocessing(), view, *map, size).png(),
                  "class activation map");
  return html;
}

/// Returns pictures with wrong predictions.
std::string pictures(std::span<const Evaluated> wrong, pplcnet::AnyClassifier& classifier) {
  std::string html = "<div class=\"pictures\">";
  for (const Evaluated& one : wrong)
    html += join({"<figure><div class=\"pair\">", pair_of(one, classifier),
                  "</div><figcaption>predicted <b>", name_of(classifier.label(one.best)), "</b> ",
                  percent(double{one.score}), ", is <b>", name_of(classifier.label(one.class_id)),
                  "</b><br>", name_of(one.path), "</figcaption></figure>\n"});
  return html + "</div>";
}

std::string mistakes(const Evaluation& evaluation, pplcnet::AnyClassifier& classifier) {
  constexpr std::size_t kMostConfident = 16, kMostOthers = 8;
  const std::vector<Evaluated> wrong = evaluation.wrong();
  const auto confident = static_cast<std::size_t>(
      std::ranges::count_if(wrong, [](const Evaluated& one) { return one.score >= kConfident; }));
  const auto section = [&](std::string_view title, std::string_view score,
                           std::span<const Evaluated> all, std::size_t most) {
    std::string html = join({"<h2>", title, "</h2><p>", all.size(), " of ", wrong.size(),
                             " wrong predictions have a score ", score});
    if (all.size() > most) html += join({"; the ", most, " most confident are shown"});
    html += ".";
    if (!all.empty())
      html +=
          join({" Beside each picture is its class activation map: little <span class=\"legend\" "
                "style=\"background:",
                kHeatGradient, "\"></span> most; what the network does not see is pale."});
    return html + "</p>" + pictures(all.first(std::min(most, all.size())), classifier);
  };
  const std::span<const Evaluated> all = wrong;
  std::string html =
      section("Confident mistakes", "of 80 % or more", all.first(confident), kMostConfident);
  if (confident < wrong.size())
    html += section("Other mistakes", "below 80 %", all.subspan(confident), kMostOthers);
  return html;
}

/// Lists pictures that are not counted because they could not be read.
std::string unread_pictures(const Evaluation& evaluation) {
  if (evaluation.unread().empty()) return {};
  std::string html = join({"<h2>Not read</h2><p>", evaluation.unread().size(), " of ",
                           evaluation.unread().size() + evaluation.count(),
                           " pictures could not be read and are not counted.</p><ul>"});
  for (const Evaluated& one : evaluation.unread())
    html += join({"<li>", html_text(one.problem), "</li>\n"});
  return html + "</ul>";
}

}  // namespace

pplcnet::Error write_report(const std::string& path, const std::string& data,
                            const Evaluation& evaluation, pplcnet::AnyClassifier& classifier,
                            double rate) {
  const auto figure = [](std::string_view value, std::string_view what) {
    return join({"<div><b>", value, "</b>", what, "</div>"});
  };
  const auto among = [&](int k) {
    return std::to_string(evaluation.right(k)) + " of " + std::to_string(evaluation.count());
  };
  const std::string title = join({name_of(classifier.name()), " on ", name_of(data)});
  std::string html =
      join({"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width, "
            "initial-scale=1\"><title>",
            html_text(classifier.name()), " on ", html_text(data),
            "</title><link rel=\"icon\" href=\"data:,\"><style>", kStyle,
            "</style></head><body><h1>", title, "</h1><div class=\"figures\">"});
  html += figure(percent(evaluation.accuracy(1)), among(1) + " correct (top-1)");
  if (classifier.classes() > 5)
    html += figure(percent(evaluation.accuracy(5)), among(5) + " among the first five");
  if (!evaluation.unread().empty())
    html += figure(std::to_string(evaluation.unread().size()), "pictures not read");
  if (rate > 0) {
    char speed[32];
    std::snprintf(speed, sizeof(speed), "%.0f", rate);
    html += figure(speed, "pictures per second");
  }
  html += "</div>" + unread_pictures(evaluation);
  html += "<h2>Confidence</h2><div class=\"plots\">" +
          histogram(evaluation.all(), true, "correct predictions") +
          histogram(evaluation.all(), false, "wrong predictions") + "</div>";
  const std::vector<ClassResult> classes = evaluation.by_class(classifier.classes());
  html += "<h2>Classes</h2>" + class_table(classes, classifier);
  html += "<h2>Confusion matrix</h2>" + confusion_matrix(classes, classifier);
  html += mistakes(evaluation, classifier) + "</body></html>\n";
  return write_output(path, html);
}
