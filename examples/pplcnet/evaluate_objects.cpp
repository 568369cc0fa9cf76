#include "evaluate_objects.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "coco.hpp"
#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "over_pictures.hpp"
#include "pplcnet/detect/average_precision.hpp"
#include "pplcnet/detect/detection.hpp"
#include "pplcnet/open/any_detector.hpp"
#include "printable.hpp"
#include "text_file.hpp"

namespace {

using pplcnet::AnyDetector;
using pplcnet::CocoMeasure;
using pplcnet::CocoResult;
using pplcnet::Detection;
using pplcnet::Error;

/// What an evaluation of a detector found.
struct ObjectEvaluation {
  CocoResult result;
  std::size_t pictures = 0;
  double rate = 0;  // pictures per second
  std::vector<std::string> unread;

  std::size_t objects() const {
    std::size_t sum = 0;
    for (const auto& one : result.classes) sum += one.sizes[0].objects;
    return sum;
  }
};

// What there is of a class: AP, AP50, AR_100.
constexpr std::array<CocoMeasure, 3> kClassMeasures = {
    pplcnet::kCocoMeasures[0], pplcnet::kCocoMeasures[1], pplcnet::kCocoMeasures[8]};

/// Prints the lines of `COCOeval.summarize`, and one for each class that there is.
void print(const ObjectEvaluation& evaluation, const AnyDetector& detector) {
  std::printf("pictures: %zu\nobjects: %zu\n", evaluation.pictures, evaluation.objects());
  if (!evaluation.unread.empty()) std::printf("not read: %zu\n", evaluation.unread.size());
  std::printf("pictures per second: %.1f\n\n", evaluation.rate);
  constexpr std::array<const char*, pplcnet::kObjectSizes> kSizes = {"all", "small", "medium",
                                                                     "large"};
  for (const CocoMeasure& measure : pplcnet::kCocoMeasures) {
    std::array<char, 5> threshold = {};
    if (measure.threshold)
      std::snprintf(threshold.data(), threshold.size(), "%.2f",
                    pplcnet::kCocoThresholds[*measure.threshold]);
    std::printf(" %-18s %s @[ IoU=%-9s | area=%6s | maxDets=%3zu ] = %.3f\n",
                measure.is_recall ? "Average Recall" : "Average Precision",
                measure.is_recall ? "(AR)" : "(AP)",
                measure.threshold ? threshold.data() : "0.50:0.95",
                kSizes[static_cast<std::size_t>(measure.size)],
                pplcnet::kCocoMostDetections[measure.most], evaluation.result[measure]);
  }
  std::printf("\n%-24s %8s", "class", "objects");
  for (const CocoMeasure& measure : kClassMeasures) std::printf(" %7s", measure.name.data());
  std::printf("\n");
  for (std::size_t id = 0; id < evaluation.result.classes.size(); ++id) {
    const auto& one = evaluation.result.classes[id];
    if (one.sizes[0].objects == 0) continue;
    std::printf("%-24s %8zu", printable(detector.label(static_cast<int>(id))).c_str(),
                one.sizes[0].objects);
    for (const CocoMeasure& measure : kClassMeasures) std::printf(" %7.3f", one[measure]);
    std::printf("\n");
  }
}

Json to_json(const ObjectEvaluation& evaluation, const AnyDetector& detector) {
  Json classes = Json::array(), not_read = Json::array();
  for (std::size_t id = 0; id < evaluation.result.classes.size(); ++id) {
    const auto& one = evaluation.result.classes[id];
    Json entry = Json::object(
        {{"label", detector.label(static_cast<int>(id))}, {"objects", one.sizes[0].objects}});
    for (const CocoMeasure& measure : kClassMeasures) entry.add(measure.name, one[measure]);
    classes.add(std::move(entry));
  }
  for (const std::string& path : evaluation.unread) {
    Json entry = Json::object();
    entry.add_file(path);
    not_read.add(std::move(entry));
  }
  Json json = Json::object({{"pictures", evaluation.pictures}, {"objects", evaluation.objects()}});
  for (const CocoMeasure& measure : pplcnet::kCocoMeasures)
    json.add(measure.name, evaluation.result[measure]);
  json.add("pictures_per_second", evaluation.rate);
  json.add("classes", std::move(classes));
  json.add("not_read", std::move(not_read));
  return json;
}

Error read_annotations(const std::string& path, const std::string& folder,
                       const AnyDetector& detector, std::vector<AnnotatedPicture>& pictures) {
  pplcnet::FileBytes file;
  if (auto error = read_text(path, file)) return error;
  return parse_coco(text_of(file), path, folder, {detector.classes(), detector.labels()}, pictures);
}

Outcome<std::vector<Detection>> detect_in(AnyDetector& detector, const AnnotatedPicture& picture) {
  Outcome<std::vector<Detection>> outcome;
  outcome.error = see_picture(picture.path, [&](pplcnet::ImageView image) -> Error {
    const auto detections = detector.detect(image);
    if (!detections) return no_numbers(picture.path);
    outcome.value.assign(detections->begin(), detections->end());
    return {};
  });
  return outcome;
}

}  // namespace

int evaluate_objects(const NetworkOptions& network, const std::string& annotations,
                     const std::string& folder, int threads, bool json) {
  std::optional<AnyDetector> detector;
  if (report(network.open(detector, {}))) return 1;
  std::vector<AnnotatedPicture> pictures;
  if (report(read_annotations(annotations, folder, *detector, pictures))) return 1;
  std::vector<const AnnotatedPicture*> items;
  for (const AnnotatedPicture& one : pictures) items.push_back(&one);

  pplcnet::AveragePrecision precision(detector->classes());
  std::set<const AnnotatedPicture*> seen;
  const auto begin = std::chrono::steady_clock::now();
  const bool good = over_pictures(
      *detector, threads, items.size(), one_by_one(items),
      [](AnyDetector& own, const AnnotatedPicture* picture) { return detect_in(own, *picture); },
      [&](const AnnotatedPicture* picture, const auto& outcome) {
        precision.add(picture->objects, outcome.value);
        seen.insert(picture);
        return true;
      });
  if (interruption::happened()) return interruption::exit_status();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ObjectEvaluation evaluation = {.result = precision.result(),
                                 .pictures = seen.size(),
                                 .rate = static_cast<double>(seen.size()) / std::max(seconds, 1e-9),
                                 .unread = {}};
  for (const AnnotatedPicture* one : items)
    if (!seen.contains(one)) evaluation.unread.push_back(one->path);
  if (json)
    std::printf("%s\n", to_json(evaluation, *detector).text(1).c_str());
  else
    print(evaluation, *detector);
  return good ? 0 : 1;
}
