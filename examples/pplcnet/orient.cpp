// pplcnet orient: which way up pages and lines of text are, and copies that are upright.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "orientation_reader.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/open/any_classifier.hpp"
#include "pplcnet_embedded/page_orientation.hpp"
#include "pplcnet_embedded/text_line_orientation.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"
#include "upright.hpp"
#include "weights.hpp"

namespace {

using pplcnet::Error;

struct OrientArguments {
  NetworkOptions network;
  bool lines = false;
  std::string folder;
  double sure = 0.8;
  int threads = 1;
  bool json = false;
  std::vector<std::string> pictures;
};

struct Orientation {
  int angle = 0;  ///< degrees by which it is rotated, clockwise
  double confidence = 0;
  bool is_sure = false;
};

void print(const OrientArguments& arguments, const std::string& path,
           const Orientation& orientation) {
  if (!arguments.json) {
    if (orientation.is_sure)
      std::printf("%s\t%d\t%.3f\n", printable(path).c_str(), orientation.angle,
                  orientation.confidence);
    else
      std::printf("%s\tunsure\t%.3f\n", printable(path).c_str(), orientation.confidence);
    return;
  }
  Json line = Json::object();
  line.add_file(path);
  line.add("angle", orientation.angle);
  line.add("confidence", orientation.confidence);
  line.add("sure", orientation.is_sure);
  std::printf("%s\n", line.text().c_str());
}

/// Opens the network that was asked for, or one of those that are part of the program.
Error open_classifier(const OrientArguments& arguments,
                      std::optional<pplcnet::AnyClassifier>& classifier) {
  if (!arguments.network.weights.empty())
    return arguments.network.open(classifier, pplcnet::Purpose::orientation);
  const auto weights = arguments.lines ? pplcnet_embedded::text_line_orientation()
                                       : pplcnet_embedded::page_orientation();
  pplcnet::WeightFile file;
  if (auto error = pplcnet::WeightFile::open(weights, "built-in weights", file)) return error;
  return pplcnet::AnyClassifier::open(file, "", pplcnet::Purpose::orientation, classifier);
}

int run(const OrientArguments& arguments) {
  std::optional<pplcnet::AnyClassifier> classifier;
  if (report(open_classifier(arguments, classifier))) return 1;
  std::vector<std::size_t> rotations;
  if (report(rotations_of(*classifier, rotations))) return 1;
  PictureNames names(arguments.pictures);
  const bool good = over_pictures(
      *classifier, arguments.threads, names.count(), [&] { return names.next(); },
      [&](pplcnet::AnyClassifier& own, const std::string& path) {
        Outcome<Orientation> outcome;
        std::array<double, 4> probabilities = {};
        outcome.error =
            see_picture(path,
                        [&](pplcnet::ImageView image) {
                          if (!OrientationReader(own, rotations).read(image, probabilities))
                            return too_narrow(path);
                          return std::isfinite(probabilities[0]) ? Error() : no_numbers(path);
                        },
                        {.transparency = Picture::Transparency::on_contrast});
        if (outcome.error) return outcome;
        Orientation& orientation = outcome.value;
        const auto* const best = std::ranges::max_element(probabilities);
        orientation.angle = 90 * static_cast<int>(best - probabilities.begin());
        orientation.confidence = *best;
        orientation.is_sure = *best >= arguments.sure;
        if (!arguments.folder.empty() && orientation.is_sure)
          outcome.error = write_upright(path, arguments.folder, orientation.angle);
        return outcome;
      },
      [&](const std::string& path, const auto& outcome) {
        print(arguments, path, outcome.value);
        return flush_output();
      });
  if (interruption::happened()) return interruption::exit_status();
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_orient(CommandLine& program) {
  const auto arguments = std::make_shared<OrientArguments>();
  const Command command =
      program.add("orient", "The orientation of pages and lines of text, and upright copies");
  command.footer(
      "Prints a line for each picture: its name, the angle in degrees by which it is rotated "
      "clockwise, and the confidence; or `unsure`. Pictures are pages, of text in any of "
      "fourteen scripts, photographed or scanned; with --lines, single lines of text that are "
      "upright or upside down. The weights for both are part of the program. Other weights "
      "are for lines (PP-LCNet_x0_25_textline_ori) or pages (PP-LCNet_x1_0_doc_ori)."
      "\n\nA long line is read in pieces, a page in tiles, each of them in every rotation: that is "
      "more accurate than one prediction, which `classify` makes. "
      "What is drawn on transparency is read on white or, if it is light, on black."
      "\n\nWith --rotate, upright copies are written: of a JPEG only the Exif orientation is "
      "changed, of a PNG the pixels are rotated, at their depth; palette, resolution, colour "
      "profile, texts and all else are kept. What cannot be kept (animated, interlaced) is "
      "refused, "
      "as are other formats, and no file is overwritten. What is unsure is not copied."
      "\n\nExamples: pplcnet orient scans"
      "\n          pplcnet orient --rotate upright scans/*.jpg"
      "\n          pplcnet orient --lines crops"
      "\n\nExit status: 0; 1 if a picture could not be read or written, each of which is named; "
      "2: usage error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  const CommandOption weights = arguments->network.add_to(command).required(false);
  command.add_flag("--lines", arguments->lines, "Pictures are lines of text").excludes(weights);
  command.add("--rotate", arguments->folder, "A folder for upright copies");
  command.add("--sure", arguments->sure, "Least confidence that is not `unsure`")
      .range(0.0, 1.0)
      .show_default();
  add_threads(command, arguments->threads);
  command.add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
