// pplcnet ocr: the text of pictures, line by line.
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <system_error>
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
#include "pplcnet/weights/error.hpp"
#include "printable.hpp"
#include "standard_streams.hpp"

namespace {

using pplcnet::TextReader;

struct OcrArguments {
  pplcnet::TextFiles files;
  pplcnet::TextReaderOptions options;
  std::string limit_type = "max", largest_picture, draw;
  int limit_side = 960;
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
  int angle = 0;  ///< in degrees, clockwise
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
    page.angle = reader.rotation();
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
  std::printf("%s: %zu line%s", printable(path).c_str(), page.lines.size(),
              page.lines.size() == 1 ? "" : "s");
  if (page.angle != 0) std::printf(", rotated by %d degrees", page.angle);
  std::printf("\n");
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
  whole.add("angle", page.angle);
  whole.add("lines", std::move(list));
  std::printf("%s\n", whole.text().c_str());
}

/// Reads WIDTHxHEIGHT; returns what is wrong.
std::string check_size(const std::string& text, pplcnet::ImageSize& size) {
  const char* const end = text.data() + text.size();
  const auto width = std::from_chars(text.data(), end, size.width);
  const bool has_two = width.ec == std::errc() && width.ptr != end && *width.ptr == 'x';
  if (has_two) {
    const auto height = std::from_chars(width.ptr + 1, end, size.height);
    if (height.ec == std::errc() && height.ptr == end && size.width > 0 && size.height > 0)
      return {};
  }
  return "expected WIDTHxHEIGHT, such as 4000x3000, found " + pplcnet::quote(text);
}

std::string check_largest_picture(const std::string& text) {
  pplcnet::ImageSize ignored;
  return check_size(text, ignored);
}

pplcnet::TextReaderOptions reader_options(const OcrArguments& arguments) {
  constexpr int kMostSide = 4000;  // max_side_limit of PaddleOCR 3
  pplcnet::TextReaderOptions options = arguments.options;
  const bool is_max = arguments.limit_type == "max";
  options.longest_side = is_max ? arguments.limit_side : kMostSide;
  options.shortest_side = is_max ? 0 : arguments.limit_side;
  check_size(arguments.largest_picture, options.largest_picture);
  return options;
}

int run(const OcrArguments& arguments) {
  std::optional<TextReader> reader;
  if (report(pplcnet::open_text_reader(arguments.files, reader_options(arguments), reader)))
    return 1;
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

/// Adds how lines are found.
void add_detector_options(const Command& command, OcrArguments& arguments) {
  pplcnet::TextBoxOptions& boxes = arguments.options.boxes;
  command
      .add("--det-limit-side-len", arguments.limit_side,
           "To find text, the longer side of a picture is made no longer than this")
      .range(32, 4096)
      .show_default();
  command
      .add("--det-limit-type", arguments.limit_type,
           "max: as said; min: the shorter side is made no shorter than --det-limit-side-len, as "
           "far as the longer one stays below 4000")
      .one_of({"max", "min"})
      .show_default();
  command.add("--det-db-thresh", boxes.threshold, "A pixel is of text above this probability")
      .range(0.0, 1.0)
      .show_default();
  command.add("--det-db-box-thresh", boxes.box_threshold, "Least mean probability of a box")
      .range(0.0, 1.0)
      .show_default();
  command
      .add("--det-db-unclip-ratio", boxes.unclip_ratio,
           "How far a box grows around what was found, times its area by its perimeter")
      .range(0.0, 10.0)
      .show_default();
}

}  // namespace

Run add_ocr(CommandLine& program) {
  const auto arguments = std::make_shared<OcrArguments>();
  const Command command =
      program.add("ocr", "The text of pictures: its lines, their scores and boxes");
  command.footer(
      "Lines are found, straightened and read as PaddleOCR does it, in reading order. A box is "
      "four corners in pixels of the picture, upright by its Exif orientation, clockwise from "
      "the one that is nearest to the picture's top left one. Options with names of PaddleOCR's "
      "are PaddleOCR's, and have its values."
      "\n\nWith --orientation, lines that are upside down are rotated before they are read; a page "
      "most of whose lines are upside down or on their side is rotated as a whole, and read from "
      "there: its lines are those of the upright page, in its order. `angle` says by how many "
      "degrees it is rotated clockwise; boxes are those in the picture as it is."
      "\n\nExamples: pplcnet ocr --detection ch_PP-OCRv4_det_infer.onnx --recognition "
      "ch_PP-OCRv4_rec_infer.onnx --dictionary ppocr_keys_v1.txt page.jpg"
      "\n          pplcnet ocr ... --orientation text_line_orientation.safetensors --json scans"
      "\n          pplcnet ocr ... --det-limit-type min --det-limit-side-len 736 photo.jpg"
      "\n\nExit status: 0; 1 if a picture could not be read, each of which is named; 2: usage "
      "error; 130 after Ctrl-C.");
  add_pictures(command, arguments->pictures);
  command.add("--detection", arguments->files.detection, "Weights of PP-OCR's mobile detector")
      .required();
  command.add("--recognition", arguments->files.recognition, "Weights of its recogniser")
      .required();
  command
      .add("--dictionary", arguments->files.dictionary,
           "The recogniser's characters, one on each line, or its inference.yml")
      .required();
  command.add("--orientation", arguments->files.orientation,
              "Weights of a classifier of lines of text, by which lines and pages that are rotated "
              "are read upright");
  command
      .add("--threshold", arguments->options.least_score,
           "Least score of a line that is printed (drop_score)")
      .range(0.0, 1.0)
      .show_default();
  add_detector_options(command, *arguments);
  command
      .add("--rec-batch-num", arguments->options.batch,
           "Lines that are padded to the widest of them; PaddleOCR's 6 may read other spaces")
      .range(1, 1000)
      .show_default();
  command
      .add("--largest-picture", arguments->largest_picture,
           "WIDTHxHEIGHT, for which all memory is allocated at the beginning; larger ones are "
           "refused")
      .check(check_largest_picture);
  add_threads(command, arguments->threads);
  command.add("--draw", arguments->draw, "A folder for the pictures with their lines marked");
  command.add_flag("--json", arguments->json, "One JSON object per line");
  return [arguments] { return run(*arguments); };
}
