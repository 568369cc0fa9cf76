// pplcnet parity: where outputs begin to differ from another program's, and why.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "causes.hpp"
#include "checksum.hpp"
#include "command.hpp"
#include "difference.hpp"
#include "npy.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "pictures.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/path.hpp"
#include "preprocessing_variants.hpp"
#include "printable.hpp"

namespace {

using pplcnet::Error;
using pplcnet::Layer;

struct ParityArguments {
  NetworkOptions network;
  std::string picture, reference, folder;
  double tolerance = 1e-3;
  bool layers = false, doctor = false;
};

/// A tensor on the way from the file to the logits.
struct Point {
  std::string name;
  int layer = -1;  ///< -1: before the network
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text;
  for (const std::int64_t one : shape) text += pplcnet::join({text.empty() ? "" : "x", one});
  return text;
}

void print(const Point& point) {
  double sum = 0, squares = 0;
  for (const float value : point.values) {
    sum += value;
    squares += double{value} * value;
  }
  const double count = static_cast<double>(point.values.size());
  const auto [low, high] = std::ranges::minmax(point.values);
  std::printf("%-26s %-14s %12.5f %12.5f %12.5f %12.5f  %s\n", point.name.c_str(),
              shape_text(point.shape).c_str(), sum / count,
              std::sqrt(std::max(0.0, squares / count - sum * sum / count / count)), double{low},
              double{high}, checksum(std::span<const float>(point.values)).c_str());
}

/// Returns a layer's name in the table: stem, stage2 …, pooled, embedding, logits; others by name.
std::string point_name(const pplcnet::EitherNetwork& network, int index) {
  const auto layers = network.layers();
  const Layer& layer = layers[static_cast<std::size_t>(index)];
  const bool ends_stem = layer.name.pattern == "conv#" &&
                         layers[static_cast<std::size_t>(index) + 1].name.pattern != "conv#";
  if (ends_stem) return "stem";
  for (int i = 0; i < network.plan().stage_count; ++i)
    if (network.plan().stages[i] == index) return pplcnet::text_of(network.plan().stage_names[i]);
  if (index == network.traits().logits) return "logits";
  if (index == network.traits().pooled) return "pooled";
  if (index == network.traits().embedding) return "embedding";
  return "";
}

/// Returns all tensors, in order.
bool trace(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image, bool all_layers,
           std::vector<Point>& points) {
  const auto& preprocessing = classifier.preprocessing();
  pplcnet::PreprocessScratch scratch;
  Point pixels = {
      .name = "pixels", .shape = {preprocessing.height, preprocessing.width, 3}, .values = {}};
  Point input = {
      .name = "input", .shape = {3, preprocessing.height, preprocessing.width}, .values = {}};
  input.values.resize(preprocessing.tensor_size());
  if (!pplcnet::preprocess(preprocessing, image, input.values, scratch)) return false;
  pixels.values.assign(scratch.pixels.begin(), scratch.pixels.end());
  points.push_back(std::move(pixels));
  points.push_back(std::move(input));

  pplcnet::EitherNetwork& network = classifier.network();
  const auto layers = network.layers();
  std::vector<float*> destinations(layers.size());
  const std::size_t first = points.size();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::string name = point_name(network, static_cast<int>(i));
    if (name.empty() && !all_layers) continue;
    if (name.empty()) name = pplcnet::layer_name(layers[i]);
    const pplcnet::Shape shape = layers[i].output;
    Point point = {
        .name = std::move(name), .layer = static_cast<int>(i), .shape = {}, .values = {}};
    point.shape = {shape.channels, shape.height, shape.width};
    if (shape.pixels() == 1) point.shape = {shape.channels};
    point.values.resize(static_cast<std::size_t>(shape.size()));
    points.push_back(std::move(point));
  }
  for (std::size_t i = first; i < points.size(); ++i)
    destinations[static_cast<std::size_t>(points[i].layer)] = points[i].values.data();
  return classifier.run(image, destinations);
}

/// Removes leading dimensions of 1: one picture's part of a batch.
std::vector<std::int64_t> without_batch(std::vector<std::int64_t> shape, std::size_t dimensions) {
  while (shape.size() > dimensions && shape.front() == 1) shape.erase(shape.begin());
  while (shape.size() > dimensions && shape.back() == 1) shape.pop_back();
  return shape;
}

/// Compares points with those of another program, one after the other up to the first that differs,
/// and says what was not compared.
class Comparison {
 public:
  Comparison(pplcnet::AnyClassifier& classifier, const ParityArguments& arguments,
             pplcnet::ImageView image, pplcnet::ImageView stored, const std::vector<Point>& points,
             const std::map<std::string, NumpyArray>& arrays)
      : classifier_(classifier),
        arguments_(arguments),
        image_(image),
        stored_(stored),
        points_(points),
        arrays_(arrays) {}

  /// Returns whether all of the reference is the same.
  bool run() {
    std::printf("\n%-26s %-14s %12s\n", "against the reference", "shape", "difference");
    const Point* differing = nullptr;
    for (const Point& point : points_) {
      const auto found = arrays_.find(point.name);
      if (found == arrays_.end()) continue;
      compared_.push_back(point.name);
      if (is_same(point, found->second)) {
        last_same_ = point.name;
        continue;
      }
      differing = &point;
      // Of pixels it is the input that tells why.
      if (point.name != "pixels" || !arrays_.contains("input")) break;
    }
    const bool whole = all_compared();
    if (differing != nullptr) {
      explain(*differing, arrays_.at(differing->name));
      return false;
    }
    if (compared_.empty())
      std::printf(
          "\nNothing to compare. Names: pixels, input, stem, stage2 …, pooled, embedding, "
          "logits, or with --layers those in the table.\n");
    else if (!whole)
      std::printf("\nThe same, as far as it was compared.\n");
    else
      std::printf("\nThe same, as far as the reference tells.\n");
    return whole && !compared_.empty();
  }

 private:
  /// Compares one point, and prints it.
  bool is_same(const Point& point, const NumpyArray& array) const {
    std::printf("%-26s %-14s ", point.name.c_str(), shape_text(point.shape).c_str());
    if (without_batch(array.shape, point.shape.size()) != point.shape) {
      std::printf("DIFFERS: the reference has the shape %s\n", shape_text(array.shape).c_str());
      return false;
    }
    const std::span<const float> own = point.values, reference = array.values;
    const std::size_t own_bad = count_not_finite(own), bad = count_not_finite(reference);
    if (own_bad > 0 || bad > 0) {
      std::printf("DIFFERS: not finite: %zu values of the reference, %zu here\n", bad, own_bad);
      return false;
    }
    // Preprocessing has hardly any rounding; what is computed has some.
    const double tolerance =
        point.layer < 0 ? std::min(arguments_.tolerance, 1e-4) : arguments_.tolerance;
    const double difference = relative_difference(own, reference);
    const bool same = difference <= tolerance;
    std::printf("%12.2e  %s\n", difference, same ? "same" : "DIFFERS");
    return same;
  }

  /// Names arrays that were not compared; false if there are any.
  bool all_compared() const {
    bool all = true;
    for (const auto& [name, array] : arrays_) {
      if (std::ranges::find(compared_, name) != compared_.end()) continue;
      const bool comes_after = std::ranges::find(points_, name, &Point::name) != points_.end();
      std::printf("%-26s %-14s not compared: %s\n", printable(name).c_str(),
                  shape_text(array.shape).c_str(),
                  comes_after         ? "comes after the first difference"
                  : arguments_.layers ? "nothing has this name"
                                      : "nothing has this name, unless --layers has it");
      all = false;
    }
    return all;
  }

  /// Says where the difference begins, and why.
  void explain(const Point& point, const NumpyArray& array) {
    std::printf("\nFirst difference: %s (%s is the same). ", point.name.c_str(),
                last_same_.c_str());
    std::printf("Cause: %s.\n", cause(point, array).c_str());
  }

  std::string cause(const Point& point, const NumpyArray& array) {
    const auto shape = without_batch(array.shape, point.shape.size());
    if (shape != point.shape) {
      const bool last = point.shape.size() == 3 && shape.size() == 3 &&
                        shape[2] == point.shape[0] && shape[0] == point.shape[1];
      return last ? "channels are last there: transpose it"
                  : "another network, or another input: the shape is another";
    }
    if (count_not_finite<float>(array.values) > 0)
      return "the reference has values that are NaN or infinite";
    if (count_not_finite<float>(point.values) > 0)
      return "values here are NaN or infinite: the weights are";
    const auto& preprocessing = classifier_.preprocessing();
    std::optional<std::string> found;
    if (point.layer >= 0)
      found = find_cause(classifier_, arguments_.network.weights, arguments_.network.part, image_,
                         stored_,
                         {.layer = point.layer,
                          .own = point.values,
                          .reference = array.values,
                          .input = points_[1].values,
                          .same_input = arrays_.contains("input")});
    else if (point.name == "input")
      found = find_variant(preprocessing, image_, stored_, array.values);
    else
      found = find_variant(preprocessing, image_, stored_, tensor_of(preprocessing, array.values));
    if (found) return *found;
    if (point.layer < 0)
      return "none of the usual ones: the picture was decoded or preprocessed in another way";
    return pplcnet::join({"none of the usual ones; other weights between ", last_same_, " and here",
                          arguments_.layers ? ""
                                            : " (a reference with the names that --layers prints "
                                              "says in which layer)"});
  }

  pplcnet::AnyClassifier& classifier_;
  const ParityArguments& arguments_;
  pplcnet::ImageView image_, stored_;
  const std::vector<Point>& points_;
  const std::map<std::string, NumpyArray>& arrays_;
  std::vector<std::string> compared_;
  std::string last_same_ = "the file";
};

/// Writes every point as NAME.npy.
Error write(const std::string& folder, const std::vector<Point>& points) {
  std::error_code problem;
  std::filesystem::create_directories(pplcnet::path_of(folder), problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  for (const Point& point : points)
    if (auto error = write_npy(folder + "/" + point.name + ".npy", point.shape, point.values,
                               OutputFile::Existing::kept))
      return error;
  return {};
}

/// Prints label and score of each variant of the preprocessing.
void consult(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
             pplcnet::ImageView stored) {
  std::printf("\n%-62s %-20s %8s\n", "preprocessing", "label", "score");
  const auto show = [&](const std::string& what, std::span<const float> input) {
    pplcnet::EitherNetwork& network = classifier.network();
    std::vector<float> scores(static_cast<std::size_t>(classifier.classes()));
    std::vector<float*> destinations(network.layers().size());
    destinations[static_cast<std::size_t>(network.traits().logits)] = scores.data();
    network.run(pplcnet::Picture::planar(input.data(), network.input_shape()), destinations);
    classifier.to_probabilities(scores);
    const auto best = pplcnet::top_k<1>(scores).front();
    std::printf("%-62s %-20s %8.5f\n", what.c_str(),
                printable(classifier.label(best.class_id)).c_str(), double{best.score});
  };
  std::vector<float> own(classifier.preprocessing().tensor_size());
  pplcnet::PreprocessScratch scratch;
  pplcnet::preprocess(classifier.preprocessing(), image, own, scratch);
  show("as the weights were trained (" + std::string(classifier.preprocessing().name) + ")", own);
  for (const PreprocessingVariant& variant :
       common_variants(classifier.preprocessing(), image, stored))
    show(variant.what, variant.input);
}

int run(const ParityArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  Picture picture, stored;
  if (report(Picture::read(arguments.picture, picture))) return 1;
  if (report(Picture::read(arguments.picture, stored, {.exif = Picture::Exif::ignored}))) return 1;
  const pplcnet::ImageView image = picture.view();
  const auto bytes =
      std::span(image.pixels, static_cast<std::size_t>(image.row(image.height) - image.pixels));
  std::printf("decoded: %dx%d, checksum %s\n", image.width, image.height, checksum(bytes).c_str());
  std::printf("preprocessing: %s\n\n", std::string(classifier->preprocessing().name).c_str());
  std::vector<Point> points;
  if (!trace(*classifier, image, arguments.layers, points))
    return fail(too_narrow(arguments.picture));
  std::printf("%-26s %-14s %12s %12s %12s %12s  %s\n", "", "shape", "mean", "deviation", "least",
              "most", "checksum");
  for (const Point& point : points) print(point);
  std::vector<float> scores;
  classifier->probabilities(image, scores);
  std::printf("\n");
  for (const auto& [class_id, score] : pplcnet::top_k<5>(scores))
    if (class_id >= 0)
      std::printf("%8.5f  %s\n", double{score}, printable(classifier->label(class_id)).c_str());
  if (!arguments.folder.empty() && report(write(arguments.folder, points))) return 1;
  if (arguments.doctor) consult(*classifier, image, stored.view());
  if (arguments.reference.empty()) return 0;
  std::map<std::string, NumpyArray> arrays;
  if (report(read_arrays(arguments.reference, arrays))) return 1;
  return Comparison(*classifier, arguments, image, stored.view(), points, arrays).run() ? 0 : 1;
}

}  // namespace

Run add_parity(CommandLine& program) {
  const auto arguments = std::make_shared<ParityArguments>();
  const Command command =
      program.add("parity", "Where outputs begin to differ from another program's, and why");
  command.footer(
      "Shows every step from the file to the logits with statistics and a checksum. A reference "
      "is what another program has at the same places, an .npz with any of these names: pixels "
      "[height][width][3], input, stem, stage2 …, pooled, embedding, logits; with --layers also "
      "those of all layers. In Python:\n"
      "\n          numpy.savez('reference.npz', input=x, stage2=…, logits=y)\n"
      "\n--doctor shows what the usual mistakes in preprocessing do to the prediction."
      "\n\nExample: pplcnet parity cat.jpg --weights W --reference reference.npz"
      "\n\nExit status: 0: the same; 1: it differs, or could not be compared; 2: usage "
      "error.");
  command.add("picture", arguments->picture, "A picture").required();
  arguments->network.add_to(command);
  command.add("--reference", arguments->reference,
              "An .npz, an .npy or a folder of them, of another program");
  command
      .add("--tolerance", arguments->tolerance,
           "Largest difference, as a fraction of the largest value")
      .range(0.0, 1.0)
      .show_default();
  command.add("--write", arguments->folder,
              "A folder for the tensor at each place, NAME.npy: a reference, too");
  command.add_flag("--layers", arguments->layers, "All layers, not only stages");
  command.add_flag("--doctor", arguments->doctor, "What other preprocessing does");
  return [arguments] { return run(*arguments); };
}
