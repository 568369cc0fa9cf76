// Classifies pictures: files, folders, or a list on standard input.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line.hpp"
#include "models.hpp"
#include "picture.hpp"
#include "pplcnet/pplcnet.hpp"
#include "weight_file.hpp"

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
int run(const Arguments& arguments, const WeightFile& file) {
  pplcnet::Classifier<Net> classifier;
  const auto read = [&](auto& weights, auto* info) { return file.read(weights, info); };
  if (report(classifier.load_by(file.path(), read))) return 1;
  if (!arguments.labels.empty()) {
    std::vector<std::string> labels;
    if (report(command_line::read_labels(arguments.labels, labels))) return 1;
    classifier.set_labels(std::move(labels));
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

/// The same with the network of that name, or the one that fits the weights.
int run(const Arguments& arguments) {
  WeightFile file;
  if (report(WeightFile::open(arguments.weights, "", file))) return 1;
  int status = 1;
  const auto visit = [&]<class Net>() { status = run<Net>(arguments, file); };
  const auto read = [&](auto& weights, auto* info) { return file.read(weights, info); };
  if (arguments.model.empty())
    report(pplcnet::with_network(models::Classifiers{}, file.path(), read, visit));
  else
    models::with_model(models::Classifiers{}, arguments.model, visit);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"Says what is in pictures: one line for each, in the order given.", "classify"};
  app.footer(
      "Models: " + models::names(models::Classifiers{}) +
      ".\n\nExample: classify --weights inference.pdiparams --topk 1 line.png"
      "\n\nExit status: 0; 1 if the weights or any picture could not be used; 2 if the command"
      "\nwas not understood.");
  app.add_option("--model", arguments.model,
                 "The network, by name (see below); without it, the one that the weights fit");
  app.add_option("--weights", arguments.weights,
                 "Its weights: safetensors (of any dialect, or native), Paddle's .pdiparams or "
                 ".pdparams, PyTorch's .pth, ONNX, ncnn's .param")
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
  if (const auto status = command_line::parse(app, argc, argv)) return *status;
  if (!arguments.model.empty() &&
      !models::with_model(models::Classifiers{}, arguments.model, []<class Net>() {}))
    return command_line::misuse(
        app, pplcnet::join({"no model is called ", pplcnet::quote(arguments.model), "; there are ",
                            models::names(models::Classifiers{})}));
  return run(arguments);
}
