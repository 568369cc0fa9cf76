#ifndef PPLCNET_TEXT_READER_HPP
#define PPLCNET_TEXT_READER_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/any_network.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/ctc.hpp"
#include "pplcnet/text/dictionary.hpp"
#include "pplcnet/text/input.hpp"
#include "pplcnet/text/text_boxes.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How text is found and read. The defaults are PaddleOCR's for PP-OCRv4.
struct TextReaderOptions {
  int longest_side = 960;     ///< of what the detector sees of a picture, in pixels
  TextBoxOptions boxes;       ///< what a line of text is
  float least_score = 0.5F;   ///< of a line that is worth reporting
  int widest_line = 4096;     ///< of a recogniser's input; longer lines are squeezed to it
  double rotated_from = 0.9;  ///< the probability from which on a line is taken to be upside down
};

/// A line of text in a picture.
struct TextLine {
  TextBox box;
  std::string_view text;     ///< UTF-8; it stays until the next picture
  float score = 0;           ///< the mean probability of its characters
  bool upside_down = false;  ///< it was read after half a turn
};

/// A network with its weights, and the function that it is for pictures of any size.
struct TextNetwork {
  AnyNetwork network;
  Graph (*graph)(const WidthOptions& options) = nullptr;
  WidthOptions options;

  /// Takes pictures of a size.
  Error resize(Extent input) {
    if (network.traits().input == input) return {};
    options.input = input;
    return with_memory_for(network.traits().name, [&] {
      return network.resize(*std::make_unique<Graph>(graph(options)));
    });
  }
};

/// The networks that read text.
struct TextNetworks {
  TextNetwork detector;    ///< such as `ocr_detection`
  TextNetwork recogniser;  ///< such as `ocr_recognition`, with the classes of the dictionary
  Dictionary dictionary;
  /// A classifier of lines, whose second class is upside down, and how it sees pictures.
  std::optional<AnyNetwork> orientation = {};
  Preprocessing orientation_preprocessing = kTextlineOrientation;
};

/// Reads the text of pictures: finds its lines, straightens, rotates and reads each. What a picture
/// needs of memory stays for those after it.
class TextReader {
 public:
  /// Fails if the networks are not for each other.
  static Error make(TextNetworks networks, const TextReaderOptions& options,
                    std::optional<TextReader>& result) {
    const int found = networks.recogniser.network.layers().back().output.channels;
    if (found != networks.dictionary.classes())
      return Error::of("the recogniser has ", found, " classes, and the dictionary ",
                       networks.dictionary.classes(), ", the blank and the space included");
    if (networks.orientation && networks.orientation->classes() != 2)
      return Error::of("the classifier of lines has ", networks.orientation->classes(),
                       " classes, expected 2");
    result.emplace(TextReader(std::move(networks), options));
    return {};
  }

  /// Reads a picture; its lines are in reading order, and stay until the next call.
  Error read(ImageView picture, std::span<const TextLine>& lines, const RunOptions& run = {}) {
    lines = {};
    lines_.clear();
    lengths_.clear();
    text_.clear();
    std::span<const TextBox> boxes;
    if (auto error = find(picture, boxes, run)) return error;
    for (const TextBox& box : boxes) {
      if (!crop(picture, box.corners, line_)) continue;
      if (2 * line_.size.height >= 3 * line_.size.width) rotate_line();
      TextLine line = {.box = box, .text = {}, .upside_down = is_upside_down(run)};
      for (int i = 0; line.upside_down && i < 2; ++i) rotate_line();
      if (auto error = read_line(line, run)) return error;
    }
    // Where the texts are is known when all are there.
    std::string_view rest = text_;
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      lines_[i].text = rest.substr(0, lengths_[i]);
      rest.remove_prefix(lengths_[i]);
    }
    lines = lines_;
    return {};
  }

  /// Finds the lines of a picture, which stay until the next call.
  Error find(ImageView picture, std::span<const TextBox>& boxes, const RunOptions& run = {}) {
    if (picture.empty()) return Error::of("the picture has no pixels");
    const ImageView seen = with_least_size(picture, line_);
    const Extent input = detector_input(seen.size(), options_.longest_side);
    if (auto error = networks_.detector.resize(input)) return error;
    const Preprocessing preprocessing = detector_preprocessing(input);
    resize_and_crop(preprocessing, seen, scratch_);
    run_on_pixels(networks_.detector.network, preprocessing, detector_tables_, run);
    boxes = finder_.find(values_, input.height, input.width, picture.size(), options_.boxes);
    return {};
  }

 private:
  TextReader(TextNetworks networks, const TextReaderOptions& options)
      : networks_(std::move(networks)),
        options_(options),
        detector_tables_(normalisation_tables(detector_preprocessing({}).normalisation)),
        orientation_tables_(
            normalisation_tables(networks_.orientation_preprocessing.normalisation)) {
    lines_.reserve(options.boxes.most);
    lengths_.reserve(options.boxes.most);
  }

  /// Computes the result of a network for the pixels in scratch_.
  void run_on_pixels(AnyNetwork& network, const Preprocessing& preprocessing,
                     const std::array<ByteTable, kImageChannels>& tables, const RunOptions& run) {
    const Shape shape = network.input_shape();
    const Picture picture = Picture::interleaved(scratch_.pixels.data(), tables.data(), shape);
    const bool bgr = preprocessing.channel_order == ChannelOrder::bgr;
    compute(network, bgr ? picture.reversed(shape) : picture, run);
  }

  void compute(AnyNetwork& network, const Picture& picture, const RunOptions& run) {
    const int result = network.plan().outputs[0];
    const Layer& layer = network.layers()[static_cast<std::size_t>(result)];
    values_.resize(static_cast<std::size_t>(layer.output.size()));
    network.run(picture, result, values_, run);
  }

  /// Turns the line by 90 degrees, counter-clockwise.
  void rotate_line() {
    rotate(line_, rotated_);
    std::swap(line_, rotated_);
  }

  bool is_upside_down(const RunOptions& run) {
    if (!networks_.orientation) return false;
    const Preprocessing& preprocessing = networks_.orientation_preprocessing;
    if (!resize_and_crop(preprocessing, line_.view(), scratch_)) return false;
    run_on_pixels(*networks_.orientation, preprocessing, orientation_tables_, run);
    pplcnet::softmax(values_);
    return values_[1] >= options_.rotated_from;
  }

  /// Reads the line that was cut out, and keeps it if it is read well enough.
  Error read_line(TextLine& line, const RunOptions& run) {
    const int width = std::min(recogniser_width(line_.size), options_.widest_line);
    if (auto error = networks_.recogniser.resize({kLineHeight, width})) return error;
    AnyNetwork& network = networks_.recogniser.network;
    const Shape shape = network.input_shape();
    input_.resize(static_cast<std::size_t>(shape.size()));
    prepare_line(line_.view(), width, input_, line_scratch_);
    compute(network, Picture::planar(input_.data(), shape), run);
    const auto columns = static_cast<std::size_t>(network.layers().back().output.width);
    characters_.resize(std::max(characters_.size(), columns));
    const CtcLine decoded = decode_ctc(values_, columns, characters_);
    if (decoded.count == 0 || !(decoded.score >= options_.least_score)) return {};
    const std::size_t begin = text_.size();
    for (const CtcCharacter& one : std::span(characters_).first(decoded.count))
      text_ += networks_.dictionary[one.label];
    line.score = decoded.score;
    lines_.push_back(line);
    lengths_.push_back(text_.size() - begin);
    return {};
  }

  TextNetworks networks_;
  TextReaderOptions options_;
  TextBoxFinder finder_;
  std::array<ByteTable, kImageChannels> detector_tables_, orientation_tables_;
  PreprocessScratch scratch_;
  LineScratch line_scratch_;
  RgbImage line_, rotated_;
  std::vector<float> input_, values_;
  std::vector<CtcCharacter> characters_;
  std::vector<TextLine> lines_;
  std::vector<std::size_t> lengths_;  // of the lines' texts
  std::string text_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_READER_HPP
