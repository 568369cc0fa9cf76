// pplcnet classify: the most probable classes of pictures.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalogue.hpp"
#include "classifier.hpp"
#include "command.hpp"
#include "explain.hpp"
#include "in_order.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "picture.hpp"
#include "pictures.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/results.hpp"
#include "progress.hpp"

namespace {

using pplcnet::Error;
using pplcnet::Prediction;

enum class Format { paddle, json, csv };

struct Arguments {
  NetworkOptions network;
  std::string explain;
  std::size_t top_k = 5;
  float threshold = 0;
  int threads = 1;
  bool json = false, csv = false;
  std::vector<std::string> pictures;

  Format format() const { return json ? Format::json : csv ? Format::csv : Format::paddle; }
};

/// What became of one picture.
struct Answer {
  Error error;
  std::vector<Prediction> predictions;
};

/// As RFC 4180 quotes it.
std::string csv_field(const std::string& text) {
  if (text.find_first_of("\",\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char character : text)
    quoted += character == '"' ? std::string("\"\"") : std::string(1, character);
  return quoted + '"';
}

void print(Format format, const std::string& path, const std::vector<Prediction>& predictions,
           const Classifier& classifier) {
  switch (format) {
    case Format::paddle:
      std::printf("%s\n", pplcnet::prediction_line(path, predictions, classifier.labels()).c_str());
      return;
    case Format::csv:
      for (std::size_t rank = 0; rank < predictions.size(); ++rank)
        std::printf("%s,%zu,%d,%s,%.5f\n", csv_field(path).c_str(), rank + 1,
                    predictions[rank].class_id,
                    csv_field(classifier.label(predictions[rank].class_id)).c_str(),
                    static_cast<double>(predictions[rank].score));
      return;
    case Format::json:
      break;
  }
  nlohmann::ordered_json line = {{"file", path}, {"predictions", nlohmann::json::array()}};
  for (const auto& [class_id, score] : predictions) {
    nlohmann::ordered_json entry = {{"class_id", class_id}, {"score", score}};
    if (!classifier.labels().empty()) entry["label"] = classifier.label(class_id);
    line["predictions"].push_back(entry);
  }
  std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

int run(const Arguments& arguments) {
  std::optional<Classifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  std::optional<Explanations> explanations;
  if (!arguments.explain.empty())
    if (report(Explanations::open(arguments.explain, *classifier, explanations))) return 1;
  PictureNames names(arguments.pictures);
  bool good = names.problems().empty();
  for (const Error& problem : names.problems()) report(problem);

  const int threads = explanations ? 1 : arguments.threads;
  std::vector<Classifier> copies(static_cast<std::size_t>(threads), *classifier);
  const auto work = [&](int worker, const std::string& path) {
    Classifier& own = copies[static_cast<std::size_t>(worker)];
    Answer answer;
    Picture picture;
    if (answer.error = Picture::read(path, picture); answer.error) return answer;
    std::vector<float> scores;
    if (!own.probabilities(picture.view(), scores)) {
      answer.error = Error::of(path, ": too narrow a picture to crop from");
      return answer;
    }
    answer.predictions.resize(std::min(arguments.top_k, scores.size()));
    pplcnet::top_k(scores, answer.predictions);
    if (explanations) answer.error = explanations->draw(path, picture.view(), own, scores);
    std::erase_if(answer.predictions,
                  [&](const Prediction& one) { return one.score < arguments.threshold; });
    return answer;
  };

  interruption::note();
  Progress progress(names.count());
  if (arguments.format() == Format::csv) std::puts("file,rank,class_id,label,score");
  in_order(
      threads, [&] { return interruption::happened() ? std::nullopt : names.next(); }, work,
      [&](const std::string& path, const Answer& answer) {
        progress.advance();
        if (answer.error) {
          progress.clear();
          report(answer.error);
          good = false;
        } else {
          print(arguments.format(), path, answer.predictions, *classifier);
        }
        return std::fflush(stdout) == 0;
      });
  if (interruption::happened()) return interruption::exit_status();
  return good ? 0 : 1;
}

}  // namespace

Run add_classify(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "classify", "The most probable classes of pictures: one line for each, in order");
  command->footer("Models: " + names_of_published(true) +
                  ".\n\nExamples: pplcnet classify --weights PPLCNet_x1_0.safetensors cat.jpg"
                  "\n          find photos -name '*.jpg' | pplcnet classify --weights W --json -"
                  "\n          pplcnet classify --weights W --threads 4 --csv photos > answers.csv"
                  "\n\nExit status: 0; 1 if a picture could not be classified, each of which is "
                  "named; 2 for a command line that cannot be meant; 130 after Ctrl-C.");
  add_pictures(*command, arguments->pictures);
  arguments->network.add_to(*command);
  arguments->network.add_labels_to(*command);
  command->add_option("--top-k,--topk", arguments->top_k, "How many classes to name")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--threshold", arguments->threshold, "Least probability that is named")
      ->check(CLI::Range(0.0, 1.0));
  add_threads(*command, arguments->threads);
  command->add_option("--explain", arguments->explain,
                      "A folder for heat maps: what the first class was seen in");
  CLI::Option* json = command->add_flag("--json", arguments->json, "One JSON object per line");
  command->add_flag("--csv", arguments->csv, "file,rank,class_id,label,score")->excludes(json);
  return [arguments] { return run(*arguments); };
}
