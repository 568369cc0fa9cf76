// pplcnet classify: the most probable classes of pictures.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "explain.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/labels.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/open/registry.hpp"
#include "prediction_json.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using pplcnet::Error;
using pplcnet::Prediction;

enum class Format { paddle, json, csv };

struct ClassifyArguments {
  NetworkOptions network;
  std::string explain;
  std::size_t top_k = 5;
  float threshold = 0;
  int threads = 1;
  bool json = false, csv = false;
  std::vector<std::string> pictures;

  Format format() const { return json ? Format::json : csv ? Format::csv : Format::paddle; }
};

void print(Format format, const std::string& path, const std::vector<Prediction>& predictions,
           const pplcnet::AnyClassifier& classifier) {
  switch (format) {
    case Format::paddle:
      std::printf(
          "%s\n",
          pplcnet::prediction_line(printable(path), predictions, classifier.labels()).c_str());
      return;
    case Format::csv:
      for (std::size_t rank = 0; rank < predictions.size(); ++rank)
        std::printf("%s,%zu,%d,%s,%.5f\n", csv_file(path).c_str(), rank + 1,
                    predictions[rank].class_id,
                    csv_label(classifier.label(predictions[rank].class_id)).c_str(),
                    static_cast<double>(predictions[rank].score));
      return;
    case Format::json:
      break;
  }
  Json line = Json::object();
  line.add_file(path);
  line.add("predictions", json_of(predictions, classifier));
  std::printf("%s\n", line.text().c_str());
}

int run(const ClassifyArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  std::optional<Explanations> explanations;
  if (!arguments.explain.empty())
    if (report(Explanations::open(arguments.explain, *classifier, explanations))) return 1;
  PictureNames names(arguments.pictures);

  const int threads = explanations ? 1 : arguments.threads;
  if (arguments.format() == Format::csv) std::puts("file,rank,class_id,label,score");
  const bool good = over_pictures(
      *classifier, threads, names.count(), [&] { return names.next(); },
      [&](pplcnet::AnyClassifier& own, const std::string& path) {
        Outcome<std::vector<Prediction>> outcome;
        outcome.error = see_picture(path, [&](pplcnet::ImageView image) {
          std::vector<float> scores;
          const bool is_seen = own.probabilities(image, scores);
          if (auto error = check_output_of(path, is_seen, scores)) return error;
          outcome.value.resize(std::min(arguments.top_k, scores.size()));
          pplcnet::top_k(scores, outcome.value);
          return explanations ? explanations->draw(path, image, own, scores) : Error();
        });
        std::erase_if(outcome.value,
                      [&](const Prediction& one) { return one.score < arguments.threshold; });
        return outcome;
      },
      [&](const std::string& path, const auto& outcome) {
        print(arguments.format(), path, outcome.value, *classifier);
        return flush_output();
      });
  if (interruption::happened()) return interruption::exit_status();
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_classify(CommandLine& program) {
  const auto arguments = std::make_shared<ClassifyArguments>();
  const Command command =
      program.add("classify", "The most probable classes of pictures: one line for each, in order");
  command.footer(
      "Pictures are JPEG, PNG or BMP. They are rotated as their Exif orientation says, and "
      "transparency is dropped, both as cv2 does."
      "\n\nModels: " +
      pplcnet::model_names(true) +
      ".\n\nExamples: pplcnet classify --weights PPLCNet_x1_0.safetensors cat.jpg"
      "\n          find photos -name '*.jpg' | pplcnet classify --weights W --json -"
      "\n          pplcnet classify --weights W --threads 4 --csv photos > predictions.csv"
      "\n\nIn --csv a label that a spreadsheet would run as a formula (it begins with =, "
      "+, - or @ and is no number) gets an apostrophe before it, such a file name ./; "
      "--json has all as it is. What is not UTF-8 in a file's name is U+FFFD there, "
      "and then `file_bytes` is the name with %NN for such bytes."
      "\n\nExit status: 0; 1 if a picture could not be classified, each of which is "
      "named; 2: usage error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  arguments->network.add_half_head_to(command);
  command.add("--top-k,--topk", arguments->top_k, "How many classes to name")
      .range(1, 100000)
      .show_default();
  command.add("--threshold", arguments->threshold, "Least probability that is named")
      .range(0.0, 1.0);
  add_threads(command, arguments->threads);
  command.add("--explain", arguments->explain,
              "A folder for class activation maps of the first class");
  const CommandOption json =
      command.add_flag("--json", arguments->json, "One JSON object per line");
  command.add_flag("--csv", arguments->csv, "file,rank,class_id,label,score").excludes(json);
  return [arguments] { return run(*arguments); };
}
