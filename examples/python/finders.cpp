#include "finders.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace py = pybind11;
using pplcnet::AnyDetector;
using pplcnet::Detection;
using pplcnet::Error;
using pplcnet::ImageView;

namespace {

/// A line that outlives its picture.
struct ReadLine {
  pplcnet::TextBox box;
  std::string text;
  float score = 0;
  bool upside_down = false;
};

template <class Items, class ToPython>
py::list list_of(const Items& items, const ToPython& to_python) {
  py::list list;
  for (const auto& item : items) list.append(to_python(item));
  return list;
}

std::vector<std::string> paths_of(const pplcnet::TextFiles& files) {
  std::vector<std::string> paths = {files.detection, files.recognition, files.dictionary};
  if (!files.orientation.empty()) paths.push_back(files.orientation);
  return paths;
}

}  // namespace

Detector::Detector(const WeightOptions& options, float threshold, float overlap, int most)
    : threshold_(threshold),
      crews_(opened<AnyDetector>(
                 options.paths(), options.threads,
                 [&, known = options.open_options()](std::optional<AnyDetector>& tool) {
                   const pplcnet::NmsOptions nms = {.score_threshold = std::min(threshold, 0.025F),
                                                    .iou_threshold = overlap,
                                                    .keep = most};
                   return AnyDetector::open(options.file, tool, nms, known);
                 }),
             options.threads) {}

py::object Detector::detect(py::handle pictures, py::handle format) {
  const Sources sources(pictures, format);
  std::vector<std::vector<Detection>> found(sources.size());
  over(sources, crews_, [&](AnyDetector& tool, std::size_t i) {
    return sources[i].show(Picture::Options(), [&](ImageView image) -> Error {
      const auto detections = tool.detect(image);
      if (!detections)
        return Error::of(sources[i].name,
                         ": the network's output is no finite number; its weights may be damaged");
      for (const Detection& one : *detections)
        if (one.score >= threshold_) found[i].push_back(one);
      std::ranges::stable_sort(found[i], std::greater<>(), &Detection::score);
      return {};
    });
  });
  return as_given(sources, found, [](const std::vector<Detection>& detections) {
    return list_of(detections, [](const Detection& one) {
      const auto& [x1, y1, x2, y2] = one.box;
      return py::make_tuple(one.class_id, one.score, py::make_tuple(x1, y1, x2, y2));
    });
  });
}

TextReader::TextReader(const pplcnet::TextFiles& files, float threshold, int longest_side,
                       int threads)
    : crews_(opened<pplcnet::TextReader>(paths_of(files), threads,
                                         [&](std::optional<pplcnet::TextReader>& tool) {
                                           pplcnet::TextReaderOptions options;
                                           options.least_score = threshold;
                                           options.longest_side = longest_side;
                                           return pplcnet::open_text_reader(files, options, tool);
                                         }),
             threads) {}

py::object TextReader::read(py::handle pictures, py::handle format) {
  const Sources sources(pictures, format);
  std::vector<std::vector<ReadLine>> found(sources.size());
  over(sources, crews_, [&](pplcnet::TextReader& tool, std::size_t i) {
    return sources[i].show(Picture::Options(), [&](ImageView image) -> Error {
      std::span<const pplcnet::TextLine> lines;
      if (auto error = tool.read(image, lines))
        return Error::of(sources[i].name, ": ", error.message());
      for (const auto& [box, text, score, upside_down] : lines)
        found[i].push_back({box, std::string(text), score, upside_down});
      return {};
    });
  });
  return as_given(sources, found, [](const std::vector<ReadLine>& lines) {
    return list_of(lines, [](const ReadLine& line) {
      const py::list corners = list_of(line.box.corners, [](const pplcnet::Point& corner) {
        return py::make_tuple(static_cast<int>(corner.x), static_cast<int>(corner.y));
      });
      return py::make_tuple(text_of(line.text), line.score, corners, line.upside_down);
    });
  });
}
