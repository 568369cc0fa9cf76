// pplcnet fit: new classes from a few pictures of each.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "command.hpp"
#include "example.hpp"
#include "interruption.hpp"
#include "logistic.hpp"
#include "new_head.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/path.hpp"
#include "pplcnet/weights/save.hpp"
#include "printable.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;

struct FitArguments {
  NetworkOptions network;
  std::string images, output;
  int threads = 1;
  StorageOptions stored;
};

/// Pictures in a folder for each class.
struct Examples {
  std::vector<std::string> labels;
  std::vector<Example> all;
  bool complete = true;  ///< false if something of the folders cannot be read
};

Error find_examples(const std::string& folder, Examples& examples) {
  std::vector<std::string> names;
  if (auto error = folders_in(folder, names, examples.complete)) return error;
  for (const std::string& name : names) {
    std::vector<std::string> paths = pictures_in(pplcnet::name_in(folder, name), examples.complete);
    if (paths.empty()) continue;
    if (paths.size() == 1) return Error::of(paths[0], ": expected two pictures or more of a class");
    for (std::string& path : paths)
      examples.all.push_back({std::move(path), static_cast<int>(examples.labels.size())});
    examples.labels.push_back(name);
  }
  if (examples.labels.size() >= 2) return {};
  return Error::of(folder, ": expected a folder with pictures for each of two classes or more, ",
                   "found ", examples.labels.size());
}

/// The training set: an embedding in each row, and its class.
struct Embeddings {
  std::vector<std::vector<float>> rows;
  std::vector<int> classes;
};

/// Those of all examples; those without one are left out, and then it is false.
bool embed(const FitArguments& arguments, const pplcnet::AnyClassifier& classifier,
           const Examples& examples, Embeddings& result) {
  const int layer = classifier.network().traits().embedding;
  return over_pictures(
      classifier, arguments.threads, examples.all.size(), one_by_one(examples.all),
      [&](pplcnet::AnyClassifier& own, const Example& example) {
        Outcome<std::vector<float>> outcome;
        outcome.error = see_picture(example.path, [&](pplcnet::ImageView image) {
          const bool is_seen = own.run(image, layer, outcome.value);
          return check_output_of(example.path, is_seen, outcome.value);
        });
        return outcome;
      },
      [&](const Example& example, auto& outcome) {
        result.classes.push_back(example.class_id);
        result.rows.push_back(std::move(outcome.value));
        return true;
      });
}

int run(const FitArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  const pplcnet::AnyNetwork* const base = classifier->network().floats();
  if (base == nullptr)
    return fail(
        Error::of(arguments.network.weights, ": its weights are int8; fit begins in floats"));
  if (base->traits().embedding < 0)
    return fail(Error::of(classifier->name(), ": has no embedding"));
  Examples examples;
  if (report(find_examples(arguments.images, examples))) return 1;
  for (const Example& one : examples.all) add_input(one.path);
  if (report(claim_output(arguments.output, Report::printed))) return 1;
  if (report(check_native_name(arguments.output))) return 2;
  Embeddings embeddings;
  const bool all = embed(arguments, *classifier, examples, embeddings);
  if (interruption::happened()) return interruption::exit_status();
  for (std::size_t i = 0; i < examples.labels.size(); ++i)
    if (std::ranges::count(embeddings.classes, static_cast<int>(i)) < 2)
      return 1;  // the pictures that it misses have been named

  const int classes = static_cast<int>(examples.labels.size());
  const LogisticHead head = fit_logistic(embeddings.rows, embeddings.classes, classes);
  std::optional<pplcnet::AnyNetwork> network;
  if (report(with_head(*base, head, network))) return 1;
  const pplcnet::ModelInfo info = {.labels = examples.labels,
                                   .preprocessing = std::string(classifier->preprocessing().name),
                                   .model = {}};
  OutputFile file(arguments.output);
  if (report(pplcnet::save(file, *network, info, arguments.stored.storage())) ||
      report(file.publish()))
    return 1;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("pictures: %zu of %d classes\n", embeddings.classes.size(), classes);
  std::printf("cross-validated: %.1f %% right (%d folds, regularisation %.0e)\n",
              100 * head.accuracy, head.folds, head.regularisation);
  std::printf("seconds: %.1f\n", seconds);
  std::printf("written: %s\n", printable(arguments.output).c_str());
  return all && examples.complete ? 0 : 1;
}

}  // namespace

Run add_fit(CommandLine& program) {
  const auto arguments = std::make_shared<FitArguments>();
  const Command command = program.add(
      "fit", "New classes from a few pictures of each: a new head on a trained network");
  command.footer(
      "The pictures lie in a folder for each class, whose name is the label. Their embeddings "
      "are computed once; then a logistic regression learns to tell the classes apart, with "
      "the regularisation that cross-validation finds best. The result is a weight file like any "
      "other: for `pplcnet classify`, and in C++ for PPLCNet<…, {.classes = N}>."
      "\n\nExample: pplcnet fit --weights PPLCNet_x1_0.safetensors --images photos -o "
      "mine.safetensors"
      "\n\nExit status: 0; 1 if a picture could not be read, which is named, or there is no "
      "result; 2: usage error; 130 after Ctrl-C.");
  command.add("--images", arguments->images, "A folder with a folder for each class").required();
  arguments->network.add_to(command);
  command.add("-o,--out,--output", arguments->output, "The new weights, .safetensors").required();
  arguments->stored.add_to(command);
  add_threads(command, arguments->threads);
  return [arguments] { return run(*arguments); };
}
