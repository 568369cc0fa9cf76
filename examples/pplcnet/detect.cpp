// pplcnet detect: objects in pictures, with their boxes.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "drawn_boxes.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "png_folder.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using pplcnet::AnyDetector;
using pplcnet::Detection;
using pplcnet::Error;

struct Arguments {
  NetworkOptions network;
  std::string draw;
  float threshold = 0.5F, overlap = 0.6F;
  int most = 100, threads = 1;
  bool json = false;
  std::vector<std::string> pictures;
};

/// What is in a picture, the best first.
struct Found {
  pplcnet::ImageSize size;
  std::vector<Detection> detections;
  std::string png;  ///< the drawn picture; empty: not requested
};

Error detect_in(const Arguments& arguments, AnyDetector& detector, const std::string& path,
                Found& found) {
  return see_picture(path, [&](pplcnet::ImageView image) -> Error {
    const auto detections = detector.detect(image);
    if (!detections) return no_numbers(path);
    found.size = image.size();
    for (const Detection& one : *detections)
      if (one.score >= arguments.threshold) found.detections.push_back(one);
    std::ranges::stable_sort(found.detections, std::greater<>(), &Detection::score);
    if (!arguments.draw.empty()) found.png = drawn_boxes_png(detector, image, found.detections);
    return {};
  });
}

void print_table(const std::string& path, const Found& found, const AnyDetector& detector) {
  std::printf("%s: %zu object%s\n", printable(path).c_str(), found.detections.size(),
              found.detections.size() == 1 ? "" : "s");
  for (const auto& [class_id, score, box] : found.detections)
    std::printf("  %.3f  %-14s  %8.1f %8.1f %8.1f %8.1f\n", static_cast<double>(score),
                printable(detector.label(class_id)).c_str(), static_cast<double>(box.x1),
                static_cast<double>(box.y1), static_cast<double>(box.x2),
                static_cast<double>(box.y2));
}

void print_json(const std::string& path, const Found& found, const AnyDetector& detector) {
  Json list = Json::array();
  for (const auto& [class_id, score, box] : found.detections) {
    Json entry = Json::object({{"class_id", class_id}, {"score", score}});
    if (!detector.labels().empty()) entry.add("label", detector.label(class_id));
    Json corners = Json::array();
    for (const float place : {box.x1, box.y1, box.x2, box.y2}) corners.add(place);
    entry.add("box", std::move(corners));
    list.add(std::move(entry));
  }
  Json line = Json::object();
  line.add_file(path);
  line.add("width", found.size.width);
  line.add("height", found.size.height);
  line.add("objects", std::move(list));
  std::printf("%s\n", line.text().c_str());
}

int run(const Arguments& arguments) {
  std::optional<AnyDetector> detector;
  const pplcnet::NmsOptions nms = {.score_threshold = std::min(arguments.threshold, 0.025F),
                                   .iou_threshold = arguments.overlap,
                                   .keep = arguments.most};
  if (report(arguments.network.open(detector, nms))) return 1;
  PngFolder drawn;
  if (report(PngFolder::open(arguments.draw, drawn))) return 1;
  PictureNames names(arguments.pictures);
  const bool good = over_pictures(
      *detector, arguments.threads, names.count(), [&] { return names.next(); },
      [&](AnyDetector& own, const std::string& path) {
        Outcome<Found> outcome;
        outcome.error = detect_in(arguments, own, path, outcome.value);
        return outcome;
      },
      [&](const std::string& path, auto& outcome) {
        if (drawn.is_open()) outcome.error = drawn.write(path, outcome.value.png);
        if (outcome.error) return true;
        (arguments.json ? print_json : print_table)(path, outcome.value, *detector);
        return flush_output();
      });
  if (interruption::happened()) return interruption::exit_status();
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_detect(CommandLine& program) {
  const auto arguments = std::make_shared<Arguments>();
  const Command command =
      program.add("detect", "Objects in pictures: their classes, scores and boxes");
  command.footer(
      "A box is x1 y1 x2 y2, its upper left and its lower right corner, in pixels of the "
      "picture, upright by its Exif orientation; it may reach a little beyond. Objects are "
      "those that Paddle's post-processing finds (multiclass_nms3), the best first."
      "\n\nExamples: pplcnet detect --weights picodet_xs_416.onnx street.jpg"
      "\n          pplcnet detect --weights W --json --draw drawn photos > objects.jsonl"
      "\n\nExit status: 0; 1 if a picture could not be read, each of which is named; 2: usage "
      "error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  command.add("--threshold", arguments->threshold, "Least score of an object that is named")
      .range(0.0, 1.0)
      .show_default();
  command
      .add("--overlap", arguments->overlap,
           "Boxes of a class are one object if their intersection is more than this part of "
           "their union")
      .range(0.0, 1.0)
      .show_default();
  command.add("--most", arguments->most, "Most objects of a picture")
      .range(1, 10000)
      .show_default();
  add_threads(command, arguments->threads);
  command.add("--draw", arguments->draw, "A folder for the pictures with boxes drawn");
  command.add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
