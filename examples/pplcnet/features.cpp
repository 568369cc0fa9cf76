// pplcnet features: embeddings and maps, for numpy.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "layer_word.hpp"
#include "npy.hpp"
#include "options.hpp"
#include "output_file.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/path.hpp"
#include "printable.hpp"

namespace {

namespace fs = std::filesystem;
using pplcnet::Error;

struct FeaturesArguments {
  NetworkOptions network;
  std::string output, layer = "embedding";
  int threads = 1;
  std::vector<std::string> pictures;
};

int run(const FeaturesArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(arguments.network.open(classifier, pplcnet::Purpose::any))) return 1;
  int layer = 0;
  if (report(find_layer(*classifier, arguments.layer, layer))) return 1;
  const pplcnet::Shape shape =
      classifier->network().layers()[static_cast<std::size_t>(layer)].output;
  const bool is_vector = shape.pixels() == 1;
  std::error_code problem;
  if (!is_vector) fs::create_directories(pplcnet::path_of(arguments.output), problem);
  if (problem) return fail(Error::of(arguments.output, ": cannot be made: ", problem.message()));

  PictureNames names(arguments.pictures);
  if (is_vector)
    if (report(claim_output(arguments.output))) return 1;
  std::vector<float> all;
  std::string list;
  std::int64_t count = 0;
  const bool good = over_pictures(
      *classifier, arguments.threads, names.count(), [&] { return names.next(); },
      [&](pplcnet::AnyClassifier& own, const std::string& path) {
        Outcome<std::vector<float>> outcome;
        outcome.error = see_picture(path, [&](pplcnet::ImageView image) {
          const bool is_seen = own.run(image, layer, outcome.value);
          return check_output_of(path, is_seen, outcome.value);
        });
        return outcome;
      },
      [&](const std::string& path, auto& outcome) {
        if (is_vector) {
          all.insert(all.end(), outcome.value.begin(), outcome.value.end());
        } else {
          const std::int64_t dimensions[] = {shape.channels, shape.height, shape.width};
          const std::string stem = pplcnet::name_of(pplcnet::path_of(path).stem());
          const std::string target = pplcnet::name_in(arguments.output, stem + ".npy");
          if (auto error =
                  write_npy(target, dimensions, outcome.value, OutputFile::Existing::kept)) {
            outcome.error = Error::of(path, ": ", error.message());
            return true;
          }
        }
        add_input(path);
        list += printable(path) + "\n";
        ++count;
        return true;
      });
  if (interruption::happened()) return interruption::exit_status();
  if (is_vector) {
    const std::int64_t dimensions[] = {count, shape.channels};
    if (report(write_npy(arguments.output, dimensions, all))) return 1;
  }
  // Which row is whose.
  std::fputs(list.c_str(), stdout);
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_features(CommandLine& program) {
  const auto arguments = std::make_shared<FeaturesArguments>();
  const Command command =
      program.add("features", "Embeddings of pictures, or maps of any layer, as numpy's .npy");
  command.footer(
      "Writes one array [pictures][channels] of vectors, or of maps one [channels][rows][columns] "
      "for each picture into a folder; prints the pictures that are in it, in the order of the "
      "rows.\n\nExamples: pplcnet features --weights W -o embeddings.npy photos > names.txt"
      "\n          pplcnet features --weights W --layer stage5 -o maps cat.jpg dog.jpg"
      "\n\nExit status: 0; 1 if a picture has no features, each of which is named; 2: usage "
      "error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  arguments->network.add_to(command);
  arguments->network.add_half_head_to(command);
  command.add("-o,--output", arguments->output, "A .npy file, or of maps a folder").required();
  command
      .add("--layer", arguments->layer,
           "embedding, pooled, logits, stage2 … stage6, or a layer's name")
      .show_default();
  add_threads(command, arguments->threads);
  return [arguments] { return run(*arguments); };
}
