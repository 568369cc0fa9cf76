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
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/ctc.hpp"
#include "pplcnet/text/dictionary.hpp"
#include "pplcnet/text/input.hpp"
#include "pplcnet/text/text_boxes.hpp"
#include "pplcnet/text_networks.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How text is found and read. The defaults are PaddleOCR's for PP-OCRv4.
struct TextReaderOptions {
  int longest_side = 960;     ///< of what the detector sees of a picture, in pixels
  TextBoxOptions boxes = {};  ///< what a line of text is
  float least_score = 0.5F;   ///< of a line that is worth reporting
  int widest_line = 4096;     ///< of a recogniser's input; longer lines are squeezed to it
  double rotated_from = 0.9;  ///< the probability from which on a line is taken to be upside down
  /// The largest picture, for which `make` allocates all memory, and that of all lines that `boxes`
  /// and `widest_line` allow: to read then allocates nothing. Without it pictures have any size,
  /// and memory grows with them.
  ImageSize largest_picture = {};
};

/// A line of text in a picture.
struct TextLine {
  TextBox box;
  std::string_view text;     ///< UTF-8; it stays until the next picture
  float score = 0;           ///< the mean probability of its characters
  bool upside_down = false;  ///< it was read after half a turn
};

/// Reads the text of pictures: finds its lines, straightens, rotates and reads each. What a picture
/// needs of memory stays for those after it; see TextReaderOptions::largest_picture. Copies have
/// memory of their own: one copy for each thread.
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
    TextReader reader(std::move(networks), options);
    if (auto error = reader.reserve()) return error;
    result.emplace(std::move(reader));
    return {};
  }
  TextReader(const TextReader& other) : TextReader(other.networks_, other.options_) {
    if (reserve()) fail_allocation();
  }
  TextReader(TextReader&&) noexcept = default;
  TextReader& operator=(const TextReader& other) {
    if (this != &other) *this = TextReader(other);
    return *this;
  }
  TextReader& operator=(TextReader&&) noexcept = default;
  ~TextReader() = default;

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
    const ImageSize most = options_.largest_picture;
    if (is_bounded() && (picture.width > most.width || picture.height > most.height))
      return Error::of("the picture has ", picture.width, " x ", picture.height,
                       " pixels, expected at most ", most.width, " x ", most.height);
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

  bool is_bounded() const { return options_.largest_picture != ImageSize{}; }

  /// Allocates all that reading pictures up to the largest one needs.
  Error reserve() {
    if (!is_bounded()) return {};
    const ImageSize most = options_.largest_picture;
    if (std::min(most.width, most.height) < 1 || std::max(most.width, most.height) > kLongestSide)
      return Error::of("the largest picture has ", most.width, " x ", most.height,
                       " pixels, expected sides from 1 to ", kLongestSide);
    return with_memory_for("the text reader", [&]() -> Error {
      if (auto error = reserve_detector(most)) return error;
      if (auto error = reserve_recogniser()) return error;
      // A line is no longer and no higher than the picture's diagonal; a tiny picture is padded.
      const auto square = [](int side) { return std::int64_t{side} * side; };
      const std::int64_t pixels =
          std::max(square(most.width) + square(most.height), square(kTinySides));
      const std::size_t bytes = static_cast<std::size_t>(pixels) * kImageChannels;
      line_.pixels.reserve(bytes);
      rotated_.pixels.reserve(bytes);
      return {};
    });
  }

  /// Allocates for each of the detector's inputs: which one needs most depends on its plan.
  Error reserve_detector(ImageSize picture) {
    const int side = options_.longest_side;
    const Extent most = detector_input({std::min(picture.width, side),  // each of them alone
                                        std::min(picture.height, side)},
                                       side);
    for (Extent input = most; input.height > 0; input.height -= kDetectorStep)
      for (input.width = most.width; input.width > 0; input.width -= kDetectorStep)
        if (auto error = networks_.detector.reserve(input)) return error;
    values_.reserve(static_cast<std::size_t>(most.height) * static_cast<std::size_t>(most.width));
    finder_.reserve(most.height, most.width, options_.boxes.most);
    return reserve_pixels(detector_preprocessing(most));
  }

  /// Allocates for lines of each width, and for their texts.
  Error reserve_recogniser() {
    const int widest = options_.widest_line;
    TextNetwork& recogniser = networks_.recogniser;
    if (auto error = recogniser.resize({kLineHeight, widest})) return error;
    for (int width = std::min(kLeastLineWidth, widest); width <= widest; ++width)
      if (auto error = recogniser.reserve({kLineHeight, width})) return error;
    const Shape shape = recogniser.network.input_shape();
    const Shape result = recogniser.network.layers().back().output;
    const auto columns = static_cast<std::size_t>(result.width);
    input_.reserve(static_cast<std::size_t>(shape.size()));
    values_.reserve(static_cast<std::size_t>(result.size()));
    characters_.resize(columns);
    text_.reserve(options_.boxes.most * columns * networks_.dictionary.longest());
    line_.resize({widest, 1});
    input_.resize(static_cast<std::size_t>(shape.size()));
    prepare_line(line_.view(), widest, input_, line_scratch_);
    if (!networks_.orientation) return {};
    values_.reserve(static_cast<std::size_t>(networks_.orientation->classes()));
    return reserve_pixels(networks_.orientation_preprocessing);
  }

  /// Allocates what pictures of any size need on their way to a network's input.
  Error reserve_pixels(const Preprocessing& preprocessing) {
    const Interpolation kind = preprocessing.interpolation;
    if (kind != Interpolation::opencv_linear && kind != Interpolation::opencv_cubic)
      return Error::of("a text reader with a largest picture resizes lines as OpenCV does, found ",
                       preprocessing.name);
    line_.resize({1, 1});
    resize_and_crop(preprocessing, line_.view(), scratch_);
    return {};
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

  static constexpr int kLongestSide = 1 << 20;  // of a picture

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
