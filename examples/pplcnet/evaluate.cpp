// pplcnet evaluate: the accuracy of a classifier. Of other networks, see evaluate_objects.cpp,
// evaluate_masks.cpp and evaluate_text.cpp.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "checksum.hpp"
#include "command.hpp"
#include "evaluate_masks.hpp"
#include "evaluate_objects.hpp"
#include "evaluate_text.hpp"
#include "evaluation.hpp"
#include "example.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/path.hpp"
#include "predictions.hpp"
#include "printable.hpp"
#include "report.hpp"
#include "text_file.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::Error;

struct EvaluateArguments {
  NetworkOptions network;
  std::string data, root, predictions, page, annotations, masks, text, dictionary;
  int threads = 1;
  bool json = false;
};

/// Reads the pictures of a list.
Error read_list(const std::string& path, const std::string& root, int classes,
                std::vector<Example>& examples) {
  pplcnet::FileBytes file;
  if (auto error = read_text(path, file)) return error;
  return parse_examples(text_of(file), path, root, classes, examples);
}

/// Finds the pictures in a folder for each class. What cannot be read is reported, and then
/// `complete` becomes false.
Error read_folder(const std::string& folder, const pplcnet::AnyClassifier& classifier,
                  std::vector<Example>& examples, bool& complete) {
  std::vector<std::string> names;
  std::vector<int> class_ids;
  if (auto error = folders_in(folder, names, complete)) return error;
  Error guess;
  if (auto error = classes_of_folders(names, folder, classifier.labels(), classifier.classes(),
                                      class_ids, guess))
    return error;
  report(guess);
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::string& path : pictures_in(pplcnet::name_in(folder, names[i]), complete))
      examples.push_back({std::move(path), class_ids[i]});
  return {};
}

/// Returns what predictions on a list or folder, whose paths begin in `root`, belong to.
Origin origin_of(const pplcnet::AnyClassifier& classifier, const std::string& data,
                 const std::string& root) {
  const auto absolute = [](const std::string& path) {
    std::error_code problem;
    const std::string whole =
        pplcnet::name_of(fs::absolute(pplcnet::path_of(path), problem).lexically_normal());
    return problem ? path : whole;
  };
  std::string labels;
  for (const std::string& label : classifier.labels()) labels += label + '\n';
  const pplcnet::Preprocessing& preprocessing = classifier.preprocessing();
  const auto lookup = pplcnet::normalisation_tables(preprocessing.normalisation);
  return {{"model", std::string(classifier.name())},
          {"classes", std::to_string(classifier.classes())},
          {"weights", checksum(classifier.network().weight_bytes())},
          {"labels", checksum(std::span<const char>(labels))},
          {"preprocessing", pplcnet::join({preprocessing.name, " ", preprocessing.height, "x",
                                           preprocessing.width, " ", preprocessing.resize_short,
                                           " ", static_cast<int>(preprocessing.geometry), " ",
                                           static_cast<int>(preprocessing.interpolation), " ",
                                           static_cast<int>(preprocessing.channel_order), " ",
                                           checksum(std::span<const pplcnet::ByteTable>(lookup))})},
          {"pictures", absolute(data)},
          {"root", absolute(root)}};
}

void print(const Evaluation& evaluation, const pplcnet::AnyClassifier& classifier, double rate) {
  std::printf("pictures: %zu\n", evaluation.count());
  if (!evaluation.unread().empty()) std::printf("not read: %zu\n", evaluation.unread().size());
  std::printf("top-1: %.3f %%\n", 100 * evaluation.accuracy(1));
  if (classifier.classes() > 5) std::printf("top-5: %.3f %%\n", 100 * evaluation.accuracy(5));
  if (rate > 0) std::printf("pictures per second: %.1f\n", rate);
  constexpr int kMostClasses = 50;
  const auto classes = evaluation.by_class(classifier.classes());
  std::printf("\n%-24s %8s %8s %9s  %s\n", "class", "pictures", "recall", "precision",
              "confused with");
  int shown = 0;
  for (const ClassResult& one : classes) {
    if (one.count == 0 && one.named == 0) continue;
    if (++shown > kMostClasses) break;
    std::printf(
        "%-24s %8d %7.1f%% %8.1f%%  %s\n", printable(classifier.label(one.class_id)).c_str(),
        one.count, 100 * one.recall(), 100 * one.precision(),
        one.most_confused < 0 ? "" : printable(classifier.label(one.most_confused)).c_str());
  }
  if (shown > kMostClasses)
    std::printf("… and more: --json has all of %zu classes\n", classes.size());
}

/// Returns with which classes one was confused, and how often.
Json to_json(const ClassResult& one, const pplcnet::AnyClassifier& classifier) {
  std::map<std::string, int> counts;  // two classes may have one label
  for (const auto& [other, count] : one.confused_with) counts[classifier.label(other)] += count;
  Json json = Json::object();
  for (const auto& [label, count] : counts) json.add(label, count);
  return json;
}

Json to_json(const Evaluation& evaluation, const pplcnet::AnyClassifier& classifier, double rate) {
  Json classes = Json::array(), wrong = Json::array(), not_read = Json::array();
  for (const ClassResult& one : evaluation.by_class(classifier.classes()))
    classes.add(Json::object({{"label", classifier.label(one.class_id)},
                              {"pictures", one.count},
                              {"recall", one.recall()},
                              {"precision", one.precision()},
                              {"confused_with", to_json(one, classifier)}}));
  const auto entry_of = [&](const Evaluated& one) {
    Json entry = Json::object();
    entry.add_file(one.path);
    entry.add("class", classifier.label(one.class_id));
    return entry;
  };
  for (const Evaluated& one : evaluation.wrong()) {
    Json entry = entry_of(one);
    entry.add("prediction", classifier.label(one.best));
    entry.add("score", one.score);
    wrong.add(std::move(entry));
  }
  for (const Evaluated& one : evaluation.unread()) {
    Json entry = entry_of(one);
    entry.add("why", one.problem);
    not_read.add(std::move(entry));
  }
  return Json::object({{"pictures", evaluation.count()},
                       {"top1", evaluation.accuracy(1)},
                       {"top5", evaluation.accuracy(5)},
                       {"pictures_per_second", rate},
                       {"classes", std::move(classes)},
                       {"wrong", std::move(wrong)},
                       {"not_read", std::move(not_read)}});
}

/// Reads the examples of a list or of a folder for each class; there is at least one.
Error read_examples(const std::string& data, const std::string& root,
                    const pplcnet::AnyClassifier& classifier, std::vector<Example>& examples,
                    bool& complete) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(pplcnet::path_of(data), ignored);
  if (auto error = is_folder ? read_folder(data, classifier, examples, complete)
                             : read_list(data, root, classifier.classes(), examples))
    return error;
  return examples.empty() ? Error::of(data, ": has no pictures") : Error();
}

/// Classifies an example, unless its prediction is known.
Outcome<Evaluated> evaluate_one(pplcnet::AnyClassifier& classifier, const Example& example,
                                const KnownPredictions& known) {
  Outcome<Evaluated> outcome;
  if (const Evaluated* one = known.find(example.path, example.class_id)) {
    outcome.value = *one;
    return outcome;
  }
  const auto error = see_picture(example.path, [&](pplcnet::ImageView image) {
    std::vector<float> scores;
    const bool is_seen = classifier.probabilities(image, scores);
    if (auto problem = check_output_of(example.path, is_seen, scores)) return problem;
    outcome.value = evaluate(example.path, example.class_id, scores);
    return Error();
  });
  if (error)
    outcome.value = {
        .path = example.path, .class_id = example.class_id, .problem = error.message()};
  return outcome;
}

/// Says where an evaluation was interrupted, if it can go on from there.
int report_interruption(const Evaluation& evaluation, std::size_t examples, bool resumes) {
  if (resumes)
    std::fprintf(stderr,
                 "pplcnet evaluate: interrupted after %zu of %zu pictures; the same "
                 "command resumes from there\n",
                 evaluation.count(), examples);
  return interruption::exit_status();
}

/// Prints an evaluation, and writes the page that was asked for.
Error show(const EvaluateArguments& arguments, const Evaluation& evaluation,
           pplcnet::AnyClassifier& classifier, double rate) {
  if (arguments.json)
    std::printf("%s\n", to_json(evaluation, classifier, rate).text(1).c_str());
  else
    print(evaluation, classifier, rate);
  if (arguments.page.empty()) return {};
  return write_report(arguments.page, arguments.data, evaluation, classifier, rate);
}

int run(const EvaluateArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  std::vector<Example> examples;
  bool complete = true;
  const std::string root =
      arguments.root.empty() ? pplcnet::folder_of(arguments.data) : arguments.root;
  if (report(read_examples(arguments.data, root, *classifier, examples, complete))) return 1;

  for (const Example& one : examples) add_input(one.path);
  if (report(check_output(arguments.predictions))) return 1;
  if (!arguments.page.empty() && report(claim_output(arguments.page))) return 1;
  KnownPredictions known;
  PredictionFile predictions;
  if (!arguments.predictions.empty())
    if (report(predictions.open(arguments.predictions, origin_of(*classifier, arguments.data, root),
                                classifier->classes(), known)))
      return 1;
  if (known.was_cut)
    report(Error::of(arguments.predictions, ": its last line was cut off, and is left out"));
  add_input(arguments.predictions);

  Evaluation evaluation;
  std::size_t computed = 0, place = 0;
  Error unwritten;
  // Examples come in order; those in between have failed, and were reported.
  const auto pass_over = [&](const Example* up_to) {
    for (; place < examples.size(); ++place) {
      const Example& one = examples[place];
      if (up_to != nullptr && one.path == up_to->path && one.class_id == up_to->class_id) break;
      evaluation.add({.path = one.path,
                      .class_id = one.class_id,
                      .problem = one.path + ": could not be classified"});
    }
    ++place;
  };
  const auto begin = std::chrono::steady_clock::now();
  const bool good = over_pictures(
      *classifier, arguments.threads, examples.size(), one_by_one(examples),
      [&](pplcnet::AnyClassifier& own, const Example& example) {
        return evaluate_one(own, example, known);
      },
      [&](const Example& example, auto& outcome) {
        pass_over(&example);
        const Evaluated& one = outcome.value;
        evaluation.add(one);
        if (!one.problem.empty()) outcome.error = Error(one.problem);
        if (one.is_known || outcome.error) return true;
        ++computed;
        if (predictions.is_open()) unwritten = predictions.add(one);
        return !unwritten;
      });
  if (interruption::happened())
    return report_interruption(evaluation, examples.size(), predictions.is_open());
  if (unwritten) return fail(unwritten);
  pass_over(nullptr);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double rate = static_cast<double>(computed) / std::max(seconds, 1e-9);
  if (report(show(arguments, evaluation, *classifier, rate))) return 1;
  return good && complete ? 0 : 1;
}

constexpr const char* kFooter =
    "Classes: a list has a path and the number of its class on each line, as Paddle's do. Of a "
    "folder, the folders in it are the classes: their names are labels or numbers of classes, "
    "or else they are all classes in the order of their names (as of ImageNet), which is said."
    "\n\nObjects, with --coco: the average precision of a detector, with the numbers of "
    "pycocotools. Categories are classes by their names, or else all of them in the order of "
    "their ids, which is said."
    "\n\nMasks, with --masks: for each picture in the folder `data` and those in it there is a "
    "PNG "
    "file in the same place of the folder MASKS, street/1.png for street/1.jpg, whose pixels, "
    "grey or of a palette, are the numbers of classes; 255 does not count. IoU is the pixels "
    "that rightly are of a class, by those that are or were taken for it; mIoU is its mean over "
    "the classes that there are."
    "\n\nText, with --text and --dictionary: pictures of single lines, and a list with a "
    "picture's name, a tab and its text on each line, as PaddleOCR's rec_gt.txt. The character "
    "error rate is the characters to insert, delete or replace, by those that there are, spaces "
    "included; acc and norm_edit_dis are those of PaddleOCR's RecMetric, which leaves spaces out."
    "\n\nExamples: pplcnet evaluate --weights W val_list.txt --root ILSVRC2012"
    "\n          pplcnet evaluate --weights W --predictions done.jsonl --report out.html val"
    "\n          pplcnet evaluate --weights W --coco instances_val2017.json val2017"
    "\n          pplcnet evaluate --weights W --masks val/masks val/pictures"
    "\n          pplcnet evaluate --weights ch_PP-OCRv4_rec_infer.onnx --dictionary "
    "ppocr_keys_v1.txt --text rec_gt.txt lines"
    "\n\nExit status: 0; 1 if a picture could not be read, each of which is named; 2: "
    "usage error; 130 after Ctrl-C: with --predictions the same command resumes from there.";

}  // namespace

Run add_evaluate(CommandLine& program) {
  const auto arguments = std::make_shared<EvaluateArguments>();
  const Command command =
      program.add("evaluate", "Accuracy of a network: of classes, objects, masks or lines of text");
  command.footer(kFooter);
  command
      .add("data", arguments->data,
           "A list, or a folder with one for each class; with --coco, --masks and --text, the "
           "folder "
           "where the pictures are")
      .required();
  arguments->network.add_to(command);
  arguments->network.add_labels_to(command);
  std::vector<CommandOption> others = {
      arguments->network.add_half_head_to(command),
      command.add("--root", arguments->root, "Where a list's paths begin; its own folder"),
      command.add("--predictions", arguments->predictions,
                  "A file of predictions, one JSON object per line: written, and resumed from"),
      command.add("--report", arguments->page, "A page with tables and pictures, .html")};
  const auto add_kind = [&](const char* name, std::string& value, const char* about) {
    const CommandOption kind = command.add(name, value, about);
    for (const CommandOption& other : others) kind.excludes(other);
    others.push_back(kind);
    return kind;
  };
  add_kind("--coco", arguments->annotations,
           "Annotations of objects in COCO's JSON, of a detector");
  add_kind("--masks", arguments->masks, "A folder of masks, of a network that segments");
  const CommandOption text =
      add_kind("--text", arguments->text, "A list of what lines of text say, of a recogniser");
  const CommandOption dictionary =
      command.add("--dictionary", arguments->dictionary,
                  "The recogniser's characters, one on each line, or its inference.yml");
  dictionary.needs(text);
  text.needs(dictionary);
  add_threads(command, arguments->threads);
  command.add_flag("--json", arguments->json, "One JSON object, with every wrong picture or line");
  return [arguments, command] {
    const EvaluateArguments& all = *arguments;
    if (command.count("--coco") > 0)
      return evaluate_objects(all.network, all.annotations, all.data, all.threads, all.json);
    if (command.count("--masks") > 0)
      return evaluate_masks(all.network, all.masks, all.data, all.threads, all.json);
    if (command.count("--text") > 0)
      return evaluate_text({.weights = all.network.weights,
                            .dictionary = all.dictionary,
                            .list = all.text,
                            .folder = all.data,
                            .threads = all.threads,
                            .json = all.json});
    return run(all);
  };
}
