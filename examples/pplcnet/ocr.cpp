// pplcnet ocr: the text of pictures, line by line.
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "drawn_text.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "over_pictures.hpp"
#include "pictures.hpp"
#include "png_folder.hpp"
#include "pplcnet/open/text_files.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using pplcnet::TextReader;

struct OcrArguments {
  pplcnet::TextFiles files;
  pplcnet::TextReaderOptions options;
  std::string draw;
  int threads = 1;
  bool json = false;
  std::vector<std::string> pictures;
};

/// A line of a picture, which outlives the picture.
struct ReadLine {
  pplcnet::TextBox box;
  std::string text;
  float score = 0;
  bool upside_down = false;
};

struct ReadPage {
  pplcnet::ImageSize size;
  std::vector<ReadLine> lines;
  std::string png;  ///< the drawn picture; empty: not requested
};

pplcnet::Error read_page(const OcrArguments& arguments, TextReader& reader, const std::string& path,
                         ReadPage& page) {
  return see_picture(path, [&](pplcnet::ImageView image) -> pplcnet::Error {
    std::span<const pplcnet::TextLine> lines;
    if (auto error = reader.read(image, lines))
      return pplcnet::Error::of(path, ": ", error.message());
    page.size = image.size();
    std::vector<pplcnet::TextBox> boxes;
    for (const auto& [box, text, score, upside_down] : lines) {
      page.lines.push_back({box, std::string(text), score, upside_down});
      boxes.push_back(box);
    }
    if (!arguments.draw.empty()) page.png = drawn_text_png(image, boxes);
    return {};
  });
}

void print_lines(const std::string& path, const ReadPage& page) {
  std::printf("%s: %zu line%s\n", printable(path).c_str(), page.lines.size(),
              page.lines.size() == 1 ? "" : "s");
  for (const ReadLine& line : page.lines)
    std::printf("  %.3f  %s\n", static_cast<double>(line.score), printable(line.text).c_str());
}

void print_page_json(const std::string& path, const ReadPage& page) {
  Json list = Json::array();
  for (const ReadLine& line : page.lines) {
    Json entry = Json::object({{"text", line.text}, {"score", line.score}});
    entry.add("box_score", line.box.score);
    Json corners = Json::array();
    for (const auto& [x, y] : line.box.corners) {
      Json corner = Json::array();
      corner.add(static_cast<int>(x));
      corner.add(static_cast<int>(y));
      corners.add(std::move(corner));
    }
    entry.add("box", std::move(corners));
    if (line.upside_down) entry.add("upside_down", true);
    list.add(std::move(entry));
  }
  Json whole = Json::object();
  whole.add_file(path);
  whole.add("width", page.size.width);
  whole.add("height", page.size.height);
  whole.add("lines", std::move(list));
  std::printf("%s\n", whole.text().c_str());
}

int run(const OcrArguments& arguments) {
  std::optional<TextReader> reader;
  if (report(pplcnet::open_text_reader(arguments.files, arguments.options, reader))) return 1;
  PngFolder drawn;
  if (report(PngFolder::open(arguments.draw, drawn))) return 1;
  PictureNames names(arguments.pictures);
  const bool good = over_pictures(
      *reader, arguments.threads, names.count(), [&] { return names.next(); },
      [&](TextReader& own, const std::string& path) {
        Outcome<ReadPage> outcome;
        outcome.error = read_page(arguments, own, path, outcome.value);
        return outcome;
      },
      [&](const std::string& path, auto& outcome) {
        if (drawn.is_open()) outcome.error = drawn.write(path, outcome.value.png);
        if (outcome.error) return true;
        (arguments.json ? print_page_json : print_lines)(path, outcome.value);
        return flush_output();
      });
  if (interruption::happened()) return interruption::exit_status();
  return good && names.complete() ? 0 : 1;
}

}  // namespace

Run add_ocr(CommandLine& program) {
  const auto arguments = std::make_shared<OcrArguments>();
  const Command command =
      program.add("ocr", "The text of pictures: its lines, their scores and boxes");
  command.footer(
      "Lines are found, straightened and read as PaddleOCR does it, in reading order. A box is "
      "four corners in pixels of the picture, upright by its Exif orientation, clockwise from "
      "the line's top left one."
      "\n\nExample: pplcnet ocr --detection ch_PP-OCRv4_det_infer.onnx --recognition "
      "ch_PP-OCRv4_rec_infer.onnx --dictionary ppocr_keys_v1.txt page.jpg"
      "\n\nExit status: 0; 1 if a picture could not be read, each of which is named; 2: usage "
      "error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  command.add("--detection", arguments->files.detection, "Weights of PP-OCR's mobile detector")
      .required();
  command.add("--recognition", arguments->files.recognition, "Weights of its recogniser")
      .required();
  command
      .add("--dictionary", arguments->files.dictionary,
           "The recogniser's characters, one on each line")
      .required();
  command.add("--orientation", arguments->files.orientation,
              "Weights of a classifier of lines of text, by which lines that are upside down are "
              "rotated");
  command
      .add("--threshold", arguments->options.least_score, "Least score of a line that is printed")
      .range(0.0, 1.0)
      .show_default();
  command
      .add("--longest-side", arguments->options.longest_side,
           "Pictures are made no longer than this to find their text")
      .range(32, 4096)
      .show_default();
  add_threads(command, arguments->threads);
  command.add("--draw", arguments->draw, "A folder for the pictures with their lines marked");
  command.add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
