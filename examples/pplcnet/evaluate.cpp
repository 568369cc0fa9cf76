// pplcnet evaluate: how often a network is right.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "classifier.hpp"
#include "command.hpp"
#include "evaluation.hpp"
#include "example.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/file.hpp"
#include "report.hpp"
#include "text_file.hpp"

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using pplcnet::Error;

struct Arguments {
  NetworkOptions network;
  std::string data, root, answers, page;
  int threads = 1;
  bool json = false;
};

/// The pictures of a list.
Error read_list(const std::string& path, const std::string& root, int classes,
                std::vector<Example>& examples) {
  pplcnet::FileBytes file;
  if (auto error = read_text(path, file)) return error;
  return parse_examples(text_of(file), path, root, classes, examples);
}

/// The pictures in a folder for each class.
Error read_folder(const std::string& folder, const Classifier& classifier,
                  std::vector<Example>& examples) {
  std::vector<std::string> names;
  std::vector<int> class_ids;
  if (auto error = folders_in(folder, names)) return error;
  if (auto error =
          classes_of_folders(names, folder, classifier.labels(), classifier.classes(), class_ids))
    return error;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (std::string& path : pictures_in((fs::path(folder) / names[i]).string()))
      examples.push_back({std::move(path), class_ids[i]});
  return {};
}

/// Answers that an earlier run wrote, one JSON object per line; a last line that was cut off is
/// taken away.
Error read_answers(const std::string& path, std::map<std::string, Evaluated>& answers) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  pplcnet::FileBytes file;
  if (auto error = pplcnet::read_file(path, file)) return error;
  const auto bytes = std::as_const(file).bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::size_t whole = 0;
  while (true) {
    const std::size_t end = text.find('\n', whole);
    if (end == text.npos) break;
    const Json line = Json::parse(text.substr(whole, end - whole), nullptr, false);
    if (!line.is_object() || !line.contains("file") || !line.contains("class") ||
        !line.contains("rank") || !line.contains("best") || !line.contains("score"))
      return Error::of(path, ": expected the answers of an earlier run, found ",
                       pplcnet::quote(text.substr(whole, end - whole)));
    Evaluated one;
    one.path = line["file"].get<std::string>();
    one.class_id = line["class"].get<int>();
    one.rank = line["rank"].get<int>();
    one.best = line["best"].get<int>();
    one.score = line["score"].get<float>();
    answers[one.path] = one;
    whole = end + 1;
  }
  if (whole < text.size()) fs::resize_file(path, whole, ignored);
  return {};
}

void print(const Evaluation& evaluation, const Classifier& classifier, double rate) {
  std::printf("pictures: %zu\n", evaluation.count());
  std::printf("top-1: %.3f %%\n", 100 * evaluation.accuracy(1));
  if (classifier.classes() > 5) std::printf("top-5: %.3f %%\n", 100 * evaluation.accuracy(5));
  if (rate > 0) std::printf("pictures per second: %.1f\n", rate);
  constexpr int kMostClasses = 50;
  const auto classes = evaluation.by_class(classifier.classes());
  std::printf("\n%-24s %8s %8s %9s  %s\n", "class", "pictures", "right", "precision", "taken for");
  int shown = 0;
  for (const ClassResult& one : classes) {
    if (one.count == 0 && one.named == 0) continue;
    if (++shown > kMostClasses) break;
    std::printf("%-24s %8d %7.1f%% %8.1f%%  %s\n", classifier.label(one.class_id).c_str(),
                one.count, 100 * one.recall(), 100 * one.precision(),
                one.most_confused < 0 ? "" : classifier.label(one.most_confused).c_str());
  }
  if (shown > kMostClasses)
    std::printf("… and more: --json has all of %zu classes\n", classes.size());
}

Json to_json(const Evaluation& evaluation, const Classifier& classifier, double rate) {
  Json json = {{"pictures", evaluation.count()}, {"top1", evaluation.accuracy(1)},
               {"top5", evaluation.accuracy(5)}, {"pictures_per_second", rate},
               {"classes", Json::array()},       {"wrong", Json::array()}};
  for (const ClassResult& one : evaluation.by_class(classifier.classes())) {
    Json confused = Json::object();
    for (const auto& [other, count] : one.taken_for) confused[classifier.label(other)] = count;
    json["classes"].push_back({{"label", classifier.label(one.class_id)},
                               {"pictures", one.count},
                               {"right", one.recall()},
                               {"precision", one.precision()},
                               {"taken_for", confused}});
  }
  for (const Evaluated& one : evaluation.wrong())
    json["wrong"].push_back({{"file", one.path},
                             {"class", classifier.label(one.class_id)},
                             {"answer", classifier.label(one.best)},
                             {"score", one.score}});
  return json;
}

int run(const Arguments& arguments) {
  std::optional<Classifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  std::vector<Example> examples;
  std::error_code ignored;
  const bool is_folder = fs::is_directory(arguments.data, ignored);
  const std::string root =
      arguments.root.empty() ? fs::path(arguments.data).parent_path().string() : arguments.root;
  if (report(is_folder ? read_folder(arguments.data, *classifier, examples)
                       : read_list(arguments.data, root, classifier->classes(), examples)))
    return 1;
  if (examples.empty()) return fail(Error::of(arguments.data, ": has no pictures"));

  std::map<std::string, Evaluated> known;
  if (!arguments.answers.empty())
    if (report(read_answers(arguments.answers, known))) return 1;
  std::ofstream answers;
  if (!arguments.answers.empty()) {
    answers.open(arguments.answers, std::ios::app);
    if (!answers) return fail(Error::of(arguments.answers, ": cannot be written"));
  }

  Evaluation evaluation;
  std::size_t computed = 0;
  const auto begin = std::chrono::steady_clock::now();
  const bool good = over_pictures(
      *classifier, arguments.threads, examples.size(), one_by_one(examples),
      [&](Classifier& own, const Example& example) {
        Outcome<Evaluated> outcome;
        const auto found = known.find(example.path);
        if (found != known.end() && found->second.class_id == example.class_id) {
          outcome.value = found->second;
          outcome.value.is_known = true;
          return outcome;
        }
        outcome.error = see_picture(example.path, [&](pplcnet::ImageView image) {
          std::vector<float> scores;
          if (!own.probabilities(image, scores)) return too_narrow(example.path);
          outcome.value = evaluate(example.path, example.class_id, scores);
          return Error();
        });
        return outcome;
      },
      [&](const Example&, const auto& outcome) {
        const Evaluated& one = outcome.value;
        evaluation.add(one);
        if (one.is_known) return true;
        ++computed;
        if (!answers.is_open()) return true;
        answers << Json{{"file", one.path},
                        {"class", one.class_id},
                        {"rank", one.rank},
                        {"best", one.best},
                        {"score", one.score}}
                       .dump()
                << std::endl;
        return answers.good();
      });
  if (interruption::happened()) {
    if (answers.is_open())
      std::fprintf(stderr,
                   "pplcnet evaluate: interrupted after %zu of %zu pictures; the same "
                   "command goes on from there\n",
                   evaluation.count(), examples.size());
    return interruption::exit_status();
  }
  if (answers.is_open() && !answers.good())
    return fail(Error::of(arguments.answers, ": cannot be written"));
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double rate = static_cast<double>(computed) / std::max(seconds, 1e-9);
  if (arguments.json)
    std::printf("%s\n", to_json(evaluation, *classifier, rate)
                            .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                            .c_str());
  else
    print(evaluation, *classifier, rate);
  if (!arguments.page.empty())
    if (report(write_report(arguments.page, arguments.data, evaluation, *classifier, rate)))
      return 1;
  return good ? 0 : 1;
}

}  // namespace

Run add_evaluate(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "evaluate",
      "How often a network is right: on a list of pictures, or a folder for each class");
  command->footer(
      "A list has a path and the number of its class on each line, as Paddle's do. Of a folder, "
      "the folders in it are the classes: their names are labels or numbers of classes, or else "
      "they are all classes in the order of their names (as of ImageNet)."
      "\n\nExamples: pplcnet evaluate --weights W val_list.txt --root ILSVRC2012"
      "\n          pplcnet evaluate --weights W --answers done.jsonl --report out.html val"
      "\n\nExit status: 0; 1 if a picture could not be classified, each of which is named; 130 "
      "after Ctrl-C: with --answers the same command goes on from there.");
  command->add_option("data", arguments->data, "A list, or a folder with one for each class")
      ->required();
  arguments->network.add_to(*command);
  arguments->network.add_labels_to(*command);
  command->add_option("--root", arguments->root, "Where a list's paths begin; its own folder");
  command->add_option("--answers", arguments->answers,
                      "A file of answers, one JSON object per line: written, and gone on from");
  command->add_option("--report", arguments->page, "A page with tables and pictures, .html");
  add_threads(*command, arguments->threads);
  command->add_flag("--json", arguments->json, "One JSON object, with every wrong picture");
  return [arguments] { return run(*arguments); };
}
