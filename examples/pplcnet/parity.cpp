// pplcnet parity: where an answer begins to differ from that of another program, and why.
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

#include "checksum.hpp"
#include "classifier.hpp"
#include "command.hpp"
#include "engine.hpp"
#include "npy.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "plain_network.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/naming/modules.hpp"
#include "pplcnet/weights/state_dict.hpp"
#include "rivals.hpp"
#include "weight_file.hpp"

namespace {

using pplcnet::Error;
using pplcnet::Layer;
using pplcnet::Part;

struct Arguments {
  NetworkOptions network;
  std::string picture, reference, folder;
  double tolerance = 1e-3;
  bool layers = false, doctor = false;
};

/// A place on the way from the file to the answer, and what is there.
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

/// What a layer is called in the table: stem, stage2 …, pooled, embedding, logits; others by name.
std::string point_name(const pplcnet::AnyNetwork& network, int index) {
  const auto layers = network.layers();
  const Layer& layer = layers[static_cast<std::size_t>(index)];
  const bool ends_stem =
      layer.part == Part::stem && layers[static_cast<std::size_t>(index) + 1].part != Part::stem;
  if (ends_stem) return "stem";
  for (int i = 0; i < network.plan().stage_count; ++i)
    if (network.plan().stages[i] == index) return "stage" + std::to_string(layer.stage);
  if (index == network.last_of(Part::classifier)) return "logits";
  if (index == network.last_of(Part::head)) return "embedding";
  if (index == network.last_of(Part::pool)) return "pooled";
  return "";
}

/// Everything on the way, in order.
bool trace(Classifier& classifier, pplcnet::ImageView image, bool all_layers,
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

  pplcnet::AnyNetwork& network = classifier.network();
  const auto layers = network.layers();
  std::vector<float*> destinations(layers.size());
  const std::size_t first = points.size();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    std::string name = point_name(network, static_cast<int>(i));
    if (name.empty() && !all_layers) continue;
    const bool leads_nowhere = layers[i].op == pplcnet::Operator::patches;
    if (leads_nowhere) continue;
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

/// The largest difference, as a part of the largest value.
template <class Value>
double relative_difference(std::span<const float> found, std::span<const Value> expected) {
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    difference =
        std::max(difference, std::abs(double{found[i]} - static_cast<double>(expected[i])));
  }
  return difference / std::max(largest, 1e-30);
}

/// Without dimensions of 1 in front: one picture's share of a batch.
std::vector<std::int64_t> without_batch(std::vector<std::int64_t> shape, std::size_t dimensions) {
  while (shape.size() > dimensions && shape.front() == 1) shape.erase(shape.begin());
  while (shape.size() > dimensions && shape.back() == 1) shape.pop_back();
  return shape;
}

/// The unfolded parameters of all layers, or the folded ones where a file has no others.
std::vector<pplcnet::Parameters> parameters_of(const Classifier& classifier,
                                               const std::string& weights, bool& folded) {
  const pplcnet::AnyNetwork& network = classifier.network();
  const auto layers = network.layers();
  std::vector<pplcnet::Parameters> result(layers.size());
  WeightFile file;
  pplcnet::TensorFile tensors;
  folded = true;
  if (!WeightFile::open(weights, "", file) && !file.read_state_dict(layers, tensors) &&
      !pplcnet::is_native(tensors)) {
    pplcnet::StateDict state(tensors, network.architecture());
    folded = static_cast<bool>(state.open());
    for (std::size_t i = 0; i < layers.size() && !folded; ++i)
      if (layers[i].has_weights()) folded = static_cast<bool>(state.read(layers[i], result[i]));
  }
  if (!folded) return result;
  for (std::size_t i = 0; i < layers.size(); ++i)
    result[i] = layers[i].has_weights() ? pplcnet::unpack(layers[i], network.weights())
                                        : pplcnet::Parameters{};
  return result;
}

/// Layers whose parameters are folded: nothing is left to do but weight, bias and activation.
std::vector<Layer> folded_layers(std::span<const Layer> layers) {
  std::vector<Layer> result(layers.begin(), layers.end());
  for (Layer& layer : result) layer.scale_percent = layer.output_percent = 100;
  return result;
}

/// Why a point behind the input differs, if it is one of the usual causes.
std::optional<std::string> find_cause(const Classifier& classifier, const Arguments& arguments,
                                      std::span<const float> input, const Point& point,
                                      std::span<const float> reference) {
  bool folded = false;
  const auto parameters = parameters_of(classifier, arguments.network.weights, folded);
  const auto layers = classifier.network().layers();
  const std::vector<Layer> plain =
      folded ? folded_layers(layers) : std::vector<Layer>(layers.begin(), layers.end());
  const PlainNetwork network(plain, parameters);
  if (!network.is_complete()) return std::nullopt;
  constexpr std::pair<pplcnet::Activation, const char*> kActivations[] = {
      {pplcnet::Activation::relu, "ReLU in place of hard-swish"},
      {pplcnet::Activation::relu6, "ReLU6 in place of hard-swish"}};
  std::vector<std::pair<Deviation, std::string>> causes;
  causes.push_back({{.gate_slope = 0.2, .batch_norm_epsilon = {}, .activation = {}},
                    "the gate's hard sigmoid has the slope 0.2 (here 1/6)"});
  if (!folded) {
    causes.push_back({{.gate_slope = {}, .batch_norm_epsilon = 1e-3, .activation = {}},
                      "the batch norms' epsilon is 0.001 (here 0.00001)"});
    causes.push_back(
        {{.gate_slope = {}, .batch_norm_epsilon = {}, .activation = {}, .no_dropout_scale = true},
         "the embedding is not multiplied by 0.8 (dropout as Paddle has it at "
         "inference)"});
  }
  for (const auto& [activation, what] : kActivations)
    causes.push_back(
        {{.gate_slope = {}, .batch_norm_epsilon = {}, .activation = activation}, what});
  const double whole = relative_difference(point.values, reference);
  double least = std::min(0.1 * whole, 1e-2);
  std::optional<std::string> best;
  for (const auto& [deviation, what] : causes) {
    const auto values = network.run(input, point.layer, deviation);
    const double left = relative_difference<double>(reference, values);
    if (left >= least) continue;
    least = left;
    best = what;
  }
  // The same for folded weights: logits - bias are 1 / 0.8 times as large.
  const Layer& last = layers[static_cast<std::size_t>(point.layer)];
  if (!best && folded && last.scale_percent != 100) {
    const auto& bias = parameters[static_cast<std::size_t>(point.layer)].bias;
    std::vector<double> scaled(point.values.size());
    for (std::size_t i = 0; i < scaled.size(); ++i)
      scaled[i] = (double{point.values[i]} - bias[i]) * 100 / last.scale_percent + bias[i];
    if (relative_difference<double>(reference, scaled) < least)
      best = "the embedding is not multiplied by 0.8 (dropout as Paddle has it at inference)";
  }
  return best;
}

/// Compares with a reference, point by point; false if they differ.
bool compare(const Classifier& classifier, const Arguments& arguments, pplcnet::ImageView image,
             pplcnet::ImageView stored, const std::vector<Point>& points,
             std::map<std::string, NumpyArray>& arrays) {
  std::printf("\n%-26s %-14s %12s\n", "against the reference", "shape", "difference");
  std::vector<std::string> unused;
  for (const auto& [name, array] : arrays) unused.push_back(name);
  const std::vector<float>& input = points[1].values;
  std::size_t compared = 0;
  std::string last_equal = "the file";
  for (const Point& point : points) {
    const auto found = arrays.find(point.name);
    if (found == arrays.end()) continue;
    std::erase(unused, point.name);
    const NumpyArray& array = found->second;
    const auto shape = without_batch(array.shape, point.shape.size());
    if (shape != point.shape) {
      std::printf("%-26s %-14s differs: the reference has the shape %s\n", point.name.c_str(),
                  shape_text(point.shape).c_str(), shape_text(array.shape).c_str());
      std::printf("\nFirst difference: %s. ", point.name.c_str());
      const bool last = point.shape.size() == 3 && shape.size() == 3 && shape[2] == point.shape[0];
      std::printf("Cause: %s\n", last ? "channels are last there: transpose it"
                                      : "another network, or another input");
      return false;
    }
    ++compared;
    // What is prepared has no rounding to speak of; what is computed has some.
    const double tolerance =
        point.layer < 0 ? std::min(arguments.tolerance, 1e-4) : arguments.tolerance;
    const double difference = relative_difference<float>(point.values, array.values);
    const bool same = difference <= tolerance;
    std::printf("%-26s %-14s %12.2e  %s\n", point.name.c_str(), shape_text(point.shape).c_str(),
                difference, same ? "same" : "DIFFERS");
    if (same) {
      last_equal = point.name;
      continue;
    }
    std::printf("\nFirst difference: %s (%s is the same). ", point.name.c_str(),
                last_equal.c_str());
    std::optional<std::string> cause;
    if (point.name == "input")
      cause = find_rival(classifier.preprocessing(), image, stored, array.values);
    else if (point.layer >= 0)
      cause = find_cause(classifier, arguments, input, point, array.values);
    else
      cause = "the picture is decoded, resized or cropped in another way: see `input`";
    if (cause)
      std::printf("Cause: %s.\n", cause->c_str());
    else if (point.layer >= 0)
      std::printf("Cause: none of the usual ones; other weights between %s and here%s.\n",
                  last_equal.c_str(),
                  arguments.layers ? ""
                                   : " (a reference with the names that --layers prints says "
                                     "in which layer)");
    else
      std::printf("Cause: none of the usual ones.\n");
    // Of pixels it is the input that tells why.
    if (point.layer < 0 && point.name == "pixels" && arrays.contains("input")) continue;
    return false;
  }
  for (const std::string& name : unused)
    std::printf("%-26s is nothing that is compared\n", name.c_str());
  if (compared == 0) {
    std::printf(
        "\nNothing to compare. Names: pixels, input, stem, stage2 …, pooled, embedding, "
        "logits, or with --layers those in the table.\n");
    return false;
  }
  std::printf("\nThe same, as far as the reference tells.\n");
  return true;
}

/// Writes every point as NAME.npy.
Error write(const std::string& folder, const std::vector<Point>& points) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (problem) return Error::of(folder, ": cannot be made: ", problem.message());
  for (const Point& point : points)
    if (auto error = write_npy(folder + "/" + point.name + ".npy", point.shape, point.values))
      return error;
  return {};
}

/// What other programs would say: label and score of each way to prepare the picture.
void consult(Classifier& classifier, pplcnet::ImageView image, pplcnet::ImageView stored) {
  std::printf("\n%-62s %-20s %8s\n", "prepared", "label", "score");
  const auto show = [&](const std::string& what, std::span<const float> input) {
    pplcnet::AnyNetwork& network = classifier.network();
    std::vector<float> scores(static_cast<std::size_t>(classifier.classes()));
    std::vector<float*> destinations(network.layers().size());
    destinations[static_cast<std::size_t>(network.last_of(Part::classifier))] = scores.data();
    run_network(network, pplcnet::Picture::planar(input.data(), network.input_shape()),
                destinations);
    pplcnet::softmax(scores);
    const auto best = pplcnet::top_k<1>(scores).front();
    std::printf("%-62s %-20s %8.5f\n", what.c_str(), classifier.label(best.class_id).c_str(),
                double{best.score});
  };
  std::vector<float> own(classifier.preprocessing().tensor_size());
  pplcnet::PreprocessScratch scratch;
  pplcnet::preprocess(classifier.preprocessing(), image, own, scratch);
  show("as the weights were trained (" + std::string(classifier.preprocessing().name) + ")", own);
  for (const Rival& rival : rivals_of(classifier.preprocessing(), image, stored))
    show(rival.what, rival.input);
}

int run(const Arguments& arguments) {
  std::optional<Classifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  Picture picture, stored;
  if (report(Picture::read(arguments.picture, picture))) return 1;
  if (report(Picture::read(arguments.picture, stored, Picture::Exif::ignored))) return 1;
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
      std::printf("%8.5f  %s\n", double{score}, classifier->label(class_id).c_str());
  if (!arguments.folder.empty() && report(write(arguments.folder, points))) return 1;
  if (arguments.doctor) consult(*classifier, image, stored.view());
  if (arguments.reference.empty()) return 0;
  std::map<std::string, NumpyArray> arrays;
  if (report(read_arrays(arguments.reference, arrays))) return 1;
  return compare(*classifier, arguments, image, stored.view(), points, arrays) ? 0 : 1;
}

}  // namespace

Run add_parity(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "parity", "Where an answer begins to differ from that of another program, and why");
  command->footer(
      "Shows every step from the file to the logits with statistics and a checksum. A reference "
      "is what another program has at the same places, an .npz with any of these names: pixels "
      "[height][width][3], input, stem, stage2 …, pooled, embedding, logits; with --layers also "
      "those of all layers. In Python:\n"
      "\n          numpy.savez('reference.npz', input=x, stage2=…, logits=y)\n"
      "\n--doctor shows what the usual mistakes in preparing a picture do to the answer."
      "\n\nExample: pplcnet parity cat.jpg --weights W --reference reference.npz"
      "\n\nExit status: 0: the same; 1: it differs, or could not be compared.");
  command->add_option("picture", arguments->picture, "A picture")->required();
  arguments->network.add_to(*command);
  command->add_option("--reference", arguments->reference,
                      "An .npz, an .npy or a folder of them, of another program");
  command
      ->add_option("--tolerance", arguments->tolerance,
                   "Largest difference, as a part of the largest value")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--write", arguments->folder,
                      "A folder for what there is at each place, NAME.npy: a reference, too");
  command->add_flag("--layers", arguments->layers, "All layers, not only stages");
  command->add_flag("--doctor", arguments->doctor, "What other ways to prepare the picture do");
  return [arguments] { return run(*arguments); };
}
