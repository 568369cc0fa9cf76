// Classifies pictures: files, folders, or a list on standard input.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "models.hpp"
#include "picture.hpp"
#include "pplcnet/models/registry.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/paddle/pir.hpp"

namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string model;
  std::string weights;
  std::string labels;
  std::size_t top_k = 5;
  bool json = false;
  std::vector<std::string> pictures;
};

bool report(const pplcnet::Error& error) {
  if (error) std::fprintf(stderr, "classify: %s\n", error.message());
  return static_cast<bool>(error);
}

bool looks_like_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kKnown[] = {".jpg", ".jpeg", ".png", ".bmp", ".gif",
                                         ".ppm", ".pgm",  ".tga", ".psd"};
  return std::ranges::find(kKnown, extension) != std::end(kKnown);
}

/// Calls `classify(path)` for each picture that is meant, in order; a folder stands for the
/// pictures in it, `-` for the paths on standard input. False if a folder has none.
template <class Classify>
bool for_each_picture(const std::vector<std::string>& arguments, Classify classify) {
  bool found_all = true;
  for (const std::string& argument : arguments) {
    std::error_code ignored;
    if (argument == "-") {
      for (std::string line; std::getline(std::cin, line);)
        if (!line.empty()) classify(line);
    } else if (fs::is_directory(argument, ignored)) {
      std::vector<std::string> found;
      for (const auto& entry : fs::directory_iterator(argument, ignored))
        if (looks_like_picture(entry.path())) found.push_back(entry.path().string());
      std::ranges::sort(found);
      for (const std::string& path : found) classify(path);
      if (found.empty()) {
        report(pplcnet::Error::of(argument, ": no pictures in this folder"));
        found_all = false;
      }
    } else {
      classify(argument);
    }
  }
  return found_all;
}

/// A Paddle model comes with its graph beside it (inference.json): whether it is the graph of this
/// network's strides, and of this data file, is worth knowing before anything is believed.
template <class Net>
pplcnet::Error check_graph_beside(const std::string& weights) {
  fs::path graph_path = weights;
  if (graph_path.extension() != ".pdiparams") return {};
  graph_path.replace_extension(".json");
  std::error_code ignored;
  if (!fs::exists(graph_path, ignored)) return {};
  const auto checked = std::make_unique_for_overwrite<typename Net::Weights>();
  return pplcnet::load_pir(weights, graph_path.string(), *checked);
}

void print(const Arguments& arguments, const std::string& path,
           std::span<const pplcnet::Prediction> predictions,
           const std::vector<std::string>& labels) {
  if (!arguments.json) {
    std::printf("%s\n", pplcnet::prediction_line(path, predictions, labels).c_str());
    return;
  }
  nlohmann::ordered_json line = {{"file", path}, {"predictions", nlohmann::json::array()}};
  for (const auto& [class_id, score] : predictions) {
    nlohmann::ordered_json entry = {{"class_id", class_id}, {"score", score}};
    const auto index = static_cast<std::size_t>(class_id);
    if (index < labels.size()) entry["label"] = labels[index];
    line["predictions"].push_back(entry);
  }
  std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

template <class Net>
int run(const Arguments& arguments) {
  pplcnet::Classifier<Net> classifier;
  if (report(classifier.load(arguments.weights, pplcnet::load_any))) return 1;
  if (report(check_graph_beside<Net>(arguments.weights))) return 1;
  if (!arguments.labels.empty()) {
    pplcnet::FileBytes text;
    if (report(pplcnet::read_file(arguments.labels, text))) return 1;
    classifier.set_labels(pplcnet::parse_labels(
        {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()}));
  }
  int status = 0;
  const bool found_all = for_each_picture(arguments.pictures, [&](const std::string& path) {
    Picture picture;
    if (report(Picture::read(path, picture))) {
      status = 1;
      return;
    }
    const auto scores = classifier.probabilities(picture.view());
    if (!scores) {
      report(pplcnet::Error::of(path, ": too narrow a picture to crop from"));
      status = 1;
      return;
    }
    std::vector<pplcnet::Prediction> best(std::min(arguments.top_k, scores->size()));
    pplcnet::top_k(*scores, best);
    print(arguments, path, best, classifier.labels());
  });
  return found_all ? status : 1;
}

/// The same with the network that fits the weights, if one does.
int run_fitting(const Arguments& arguments) {
  int status = 1;
  const auto fit = [&]<class Net>() {
    auto error = pplcnet::fits<Net>(arguments.weights, pplcnet::load_any);
    return error ? error : check_graph_beside<Net>(arguments.weights);
  };
  const auto visit = [&]<class Net>() { status = run<Net>(arguments); };
  report(pplcnet::with_network(models::Classifiers{}, arguments.weights, fit, visit));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Says what is in pictures: one line for each, in the order given.", "classify"};
  app.footer("Models: " + models::names(models::Classifiers{}) +
             ".\n\nExample: classify --weights inference.pdiparams --topk 1 line.png"
             "\n\nExit status: 0, or 1 if the weights or any picture could not be used.");
  app.add_option("--model", arguments.model,
                 "The network, by name (see below); without it, the one that the weights fit");
  app.add_option("--weights", arguments.weights,
                 "Its weights: .safetensors (Paddle's, timm's or native), Paddle's .pdiparams or "
                 ".pdparams, PyTorch's .pth")
      ->required();
  app.add_option("--labels", arguments.labels,
                 "Names of the classes, one per line: `id name`, or just names; without it those "
                 "that the model has");
  app.add_option("--topk", arguments.top_k, "How many classes to print")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "Print JSON, one object per line");
  app.add_option("pictures", arguments.pictures,
                 "Pictures (JPEG, PNG, BMP, GIF, …), folders of them, or - for a list on stdin")
      ->required();
  CLI11_PARSE(app, argc, argv);

  int status = 0;
  if (arguments.model.empty()) return run_fitting(arguments);
  const bool known = models::with_model(models::Classifiers{}, arguments.model,
                                        [&]<class Net>() { status = run<Net>(arguments); });
  if (!known) {
    std::fprintf(stderr, "classify: no model is called '%s'; there are %s\n",
                 arguments.model.c_str(), models::names(models::Classifiers{}).c_str());
    return 2;
  }
  return status;
}
