// pplcnet orient: which way up pages and lines of text are, and copies that are upright.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "classifier.hpp"
#include "command.hpp"
#include "interruption.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/page_tiles.hpp"
#include "upright.hpp"

namespace {

using pplcnet::Error;

struct Arguments {
  NetworkOptions network;
  std::string folder;
  double sure = 0.8;
  int threads = 1;
  bool json = false;
  std::vector<std::string> pictures;
};

struct Answer {
  int angle = 0;  ///< degrees by which it is turned, clockwise
  double confidence = 0;
  bool is_sure = false;
};

/// Degrees of each class, from its label: `90` or `180_degree`. An error if the network is not
/// about orientation.
Error angles_of(const Classifier& classifier, std::vector<int>& angles) {
  for (int i = 0; i < classifier.classes(); ++i) {
    const std::string label = classifier.label(i);
    int angle = -1;
    std::from_chars(label.data(), label.data() + label.size(), angle);
    const bool quarter = angle == 0 || angle == 90 || angle == 180 || angle == 270;
    if (!quarter || classifier.labels().empty() || classifier.classes() > 4)
      return Error::of(classifier.name(), ": is not about orientation: its class ", i, " is ",
                       pplcnet::quote(label));
    angles.push_back(angle);
  }
  return {};
}

/// Whether a network reads tiles of a page, and not the whole of it.
bool reads_tiles(const Classifier& classifier) {
  const pplcnet::Shape input = classifier.network().input_shape();
  return classifier.classes() == 4 && input.height == pplcnet::PageTiling{}.side &&
         input.width == input.height;
}

/// Probabilities of the classes, of a whole page or line or of a page's tiles.
bool read(Classifier& classifier, pplcnet::ImageView image, std::vector<double>& probabilities) {
  std::vector<float> scores;
  if (!reads_tiles(classifier)) {
    if (!classifier.probabilities(image, scores)) return false;
    probabilities.assign(scores.begin(), scores.end());
    return true;
  }
  pplcnet::TileEvidence<4> evidence;
  const pplcnet::PageTiling tiling;
  for (const pplcnet::Tile& tile : page_tiles(tiling, image)) {
    classifier.probabilities({tile.data(), tiling.side, tiling.side}, scores);
    evidence.add(std::span<const float, 4>(scores));
  }
  const auto result = evidence.probabilities();
  probabilities.assign(result.begin(), result.end());
  return true;
}

void print(const Arguments& arguments, const std::string& path, const Answer& answer) {
  if (!arguments.json) {
    if (answer.is_sure)
      std::printf("%s\t%d\t%.3f\n", path.c_str(), answer.angle, answer.confidence);
    else
      std::printf("%s\tunsure\t%.3f\n", path.c_str(), answer.confidence);
    return;
  }
  nlohmann::ordered_json line = {{"file", path},
                                 {"angle", answer.angle},
                                 {"confidence", answer.confidence},
                                 {"sure", answer.is_sure}};
  std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

int run(const Arguments& arguments) {
  std::optional<Classifier> classifier;
  if (report(arguments.network.open(classifier))) return 1;
  std::vector<int> angles;
  if (report(angles_of(*classifier, angles))) return 1;
  PictureNames names(arguments.pictures);
  bool good = names.problems().empty();
  for (const Error& problem : names.problems()) report(problem);
  good &= over_pictures(
      *classifier, arguments.threads, names.count(), [&] { return names.next(); },
      [&](Classifier& own, const std::string& path) {
        Outcome<Answer> outcome;
        std::vector<double> probabilities;
        outcome.error = see_picture(path, [&](pplcnet::ImageView image) {
          return read(own, image, probabilities) ? Error() : too_narrow(path);
        });
        if (outcome.error) return outcome;
        Answer& answer = outcome.value;
        const auto best = std::ranges::max_element(probabilities);
        answer.angle = angles[static_cast<std::size_t>(best - probabilities.begin())];
        answer.confidence = *best;
        answer.is_sure = *best >= arguments.sure;
        if (!arguments.folder.empty() && answer.is_sure)
          outcome.error = write_upright(path, arguments.folder, answer.angle);
        return outcome;
      },
      [&](const std::string& path, const auto& outcome) {
        print(arguments, path, outcome.value);
        return std::fflush(stdout) == 0;
      });
  if (interruption::happened()) return interruption::exit_status();
  return good ? 0 : 1;
}

}  // namespace

Run add_orient(CLI::App& program) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program.add_subcommand(
      "orient", "Which way up pages and lines of text are, and copies that are upright");
  command->footer(
      "Prints a line for each picture: its name, the angle in degrees by which it is turned "
      "clockwise, and how sure that is; or `unsure`. The weights say what is looked at: lines of "
      "text (PP-LCNet_x0_25_textline_ori) or pages (PP-LCNet_x1_0_doc_ori)."
      "\n\nWith --rotate, upright copies are written: of a JPEG only the Exif orientation is "
      "changed, of a PNG the pixels are turned; nothing is lost, and no file is overwritten. What "
      "is unsure is not copied."
      "\n\nExamples: pplcnet orient --weights W scans"
      "\n          pplcnet orient --weights W --rotate upright scans/*.jpg"
      "\n\nExit status: 0; 1 if a picture could not be read or written, each of which is named; "
      "130 after Ctrl-C.");
  add_pictures(*command, arguments->pictures);
  arguments->network.add_to(*command);
  command->add_option("--rotate", arguments->folder, "A folder for upright copies");
  command->add_option("--sure", arguments->sure, "Least confidence that is not `unsure`")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  add_threads(*command, arguments->threads);
  command->add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
