#include "train/history.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <system_error>

#include "formatted.hpp"
#include "html.hpp"
#include "pplcnet/weights/from_chars.hpp"
#include "pplcnet/weights/join.hpp"

using pplcnet::Error;
using pplcnet::join;

namespace {

constexpr int kNumbers = 8;  // of an epoch

std::vector<double> numbers_of(const EpochResult& one) {
  return {one.loss, one.accuracy, one.validation_loss,     one.validation_accuracy,
          one.rate, one.seconds,  one.pictures_per_second, one.is_best ? 1.0 : 0.0};
}

/// A diagram of two lines over the epochs.
struct Diagram {
  static constexpr int kLeft = 56, kTop = 34, kWidth = 420, kHeight = 190, kBottom = 46;

  std::string_view title;
  double EpochResult::*training = nullptr;
  double EpochResult::*validation = nullptr;
  double top = 1;  ///< of the vertical axis
  bool percent = false;
  int left = 0;  ///< where it begins in the picture

  int x_of(std::size_t epoch, std::size_t count) const {
    const auto most = static_cast<double>(std::max<std::size_t>(2, count) - 1);
    return left + kLeft + static_cast<int>(std::lround(static_cast<double>(epoch) * kWidth / most));
  }
  double y_of(double value) const {
    return kTop + kHeight - std::clamp(value / top, 0.0, 1.0) * kHeight;
  }
  std::string line(const History& history, double EpochResult::*value, const char* kind) const;
  std::string svg(const History& history) const;
};

std::string Diagram::line(const History& history, double EpochResult::*value,
                          const char* kind) const {
  std::string points;
  for (std::size_t i = 0; i < history.size(); ++i)
    points += join({x_of(i, history.size()), ",", formatted("%.1f", y_of(history[i].*value)), " "});
  return join({"<polyline class=\"", kind, "\" points=\"", points, "\"/>"});
}

std::string Diagram::svg(const History& history) const {
  constexpr int kSteps = 5;
  const int right = left + kLeft + kWidth, bottom = kTop + kHeight;
  std::string text = join({"<text x=\"", left + kLeft, "\" y=\"16\">", title,
                           ": <tspan class=\"learnt\">learnt from</tspan>, "
                           "<tspan class=\"held\">held out</tspan></text>"});
  for (int i = 0; i <= kSteps; ++i) {
    const double value = top * i / kSteps;
    const std::string y = formatted("%.1f", y_of(value));
    text += join(
        {"<line class=\"grid\" x1=\"", left + kLeft, "\" x2=\"", right, "\" y1=\"", y, "\" y2=\"",
         y, "\"/><text text-anchor=\"end\" x=\"", left + kLeft - 6, "\" y=\"", y, "\" dy=\"4\">",
         percent ? formatted("%.0f %%", 100 * value) : formatted("%.2g", value), "</text>"});
  }
  for (const std::size_t epoch : {std::size_t{0}, history.size() / 2, history.size() - 1})
    text += join({"<text text-anchor=\"middle\" x=\"", x_of(epoch, history.size()), "\" y=\"",
                  bottom + 17, "\">", epoch + 1, "</text>"});
  text += join({"<text text-anchor=\"middle\" x=\"", left + kLeft + kWidth / 2, "\" y=\"",
                bottom + 38, "\">epoch</text>"});
  return text + line(history, training, "learnt") + line(history, validation, "held");
}

constexpr std::string_view kLines = R"(
polyline { fill: none; stroke-width: 2; } polyline.learnt { stroke: #3a7bd5; }
polyline.held { stroke: #d5553a; } tspan.learnt { fill: #3a7bd5; } tspan.held { fill: #d5553a; }
svg text { font: 12px system-ui, sans-serif; fill: #77828e; } svg .grid { stroke: #8884; })";

constexpr std::string_view kPage = R"(
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2rem; }
svg { width: 100%; height: auto; } .wide { overflow-x: auto; }
table { border-collapse: collapse; } td, th { padding: .2rem .7rem; text-align: right; }
td { border-top: 1px solid #8884; } tr.best { font-weight: 600; } li { overflow-wrap: anywhere; })";

}  // namespace

std::string text_of(const History& history) {
  std::string text;
  for (const EpochResult& one : history) {
    for (const double number : numbers_of(one)) text += formatted("%.17g ", number);
    text += '\n';
  }
  return text;
}

Error parse_history(std::string_view text, const std::string& path, History& history) {
  history.clear();
  const char* place = text.data();
  const char* const end = text.data() + text.size();
  while (place != end) {
    double numbers[kNumbers] = {};
    for (double& number : numbers) {
      const auto [stop, problem] = pplcnet::from_chars(place, end, number);
      if (problem != std::errc() || stop == end || *stop != ' ')
        return Error::of(path, ": history: expected ", kNumbers, " numbers for each epoch");
      place = stop + 1;
    }
    if (place == end || *place != '\n') return Error::of(path, ": history: expected lines");
    ++place;
    history.push_back({numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5],
                       numbers[6], numbers[7] != 0});
  }
  return {};
}

Json to_json(const History& history) {
  Json epochs = Json::array();
  for (const EpochResult& one : history)
    epochs.add(Json::object({{"loss", one.loss},
                             {"accuracy", one.accuracy},
                             {"validation_loss", one.validation_loss},
                             {"validation_accuracy", one.validation_accuracy},
                             {"learning_rate", one.rate},
                             {"seconds", one.seconds},
                             {"pictures_per_second", one.pictures_per_second},
                             {"best", one.is_best}}));
  return epochs;
}

std::string learning_curves(const History& history) {
  constexpr int kEach = Diagram::kLeft + Diagram::kWidth + 24;
  constexpr int kHeight = Diagram::kTop + Diagram::kHeight + Diagram::kBottom;
  std::string text = join({"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", 2 * kEach,
                           " ", kHeight, "\" role=\"img\"><style>", kLines, "</style>"});
  if (!history.empty()) {
    double most = 0;
    for (const EpochResult& one : history) most = std::max({most, one.loss, one.validation_loss});
    const double unit = std::pow(10.0, std::floor(std::log10(std::max(most, 1e-6))));
    text += Diagram{.title = "loss",
                    .training = &EpochResult::loss,
                    .validation = &EpochResult::validation_loss,
                    .top = std::ceil(std::max(most, 1e-6) / unit) * unit}
                .svg(history);
    text += Diagram{.title = "right",
                    .training = &EpochResult::accuracy,
                    .validation = &EpochResult::validation_accuracy,
                    .percent = true,
                    .left = kEach}
                .svg(history);
  }
  return text + "</svg>\n";
}

std::string training_page(std::string_view title, const std::vector<std::string>& facts,
                          const History& history) {
  std::string html =
      join({"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta "
            "name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>",
            html_text(title), "</title><link rel=\"icon\" href=\"data:,\"><style>", kPage,
            "</style></head><body><h1><bdi>", html_text(title), "</bdi></h1>"});
  std::string curves = learning_curves(history);
  constexpr std::string_view kNamespace = " xmlns=\"http://www.w3.org/2000/svg\"";
  curves.erase(curves.find(kNamespace), kNamespace.size());  // HTML knows it
  html += curves + "<h2>How</h2><ul>";
  for (const std::string& fact : facts) html += join({"<li>", html_text(fact), "</li>\n"});
  html +=
      "</ul><h2>Epochs</h2><div class=\"wide\"><table><tr><th>epoch</th><th>loss</th><th>right</th>"
      "<th>held-out loss</th><th>held-out right</th><th>learning rate</th><th>pictures/s</th></tr>";
  std::size_t best = history.size();
  for (std::size_t i = 0; i < history.size(); ++i)
    if (history[i].is_best) best = i;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const EpochResult& one = history[i];
    html += join({i == best ? "<tr class=\"best\">" : "<tr>", "<td>", i + 1, "</td>"});
    for (const std::string& cell :
         {formatted("%.4f", one.loss), formatted("%.2f %%", 100 * one.accuracy),
          formatted("%.4f", one.validation_loss),
          formatted("%.2f %%", 100 * one.validation_accuracy), formatted("%.5f", one.rate),
          formatted("%.0f", one.pictures_per_second)})
      html += join({"<td>", cell, "</td>"});
    html += "</tr>\n";
  }
  return html + "</table></div></body></html>\n";
}
