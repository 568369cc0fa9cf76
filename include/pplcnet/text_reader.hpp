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
#include "pplcnet/text_options.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads the text of pictures: finds its lines, straightens, rotates and reads each. What a picture
/// needs of memory stays for those after it; see TextReaderOptions::largest_picture. Copies have
/// memory of their own: one copy for each thread.
class TextReader {
 public:
  /// Fails if the networks are not for each other.
  static Error make(TextNetworks networks, const TextReaderOptions& options,
                    std::optional<TextReader>& result) {
    if (auto error = networks.check()) return error;
    if (options.threads < 1 || options.threads > AnyNetwork::kMostThreads)
      return Error::of("expected from 1 to ", AnyNetwork::kMostThreads, " threads, found ",
                       options.threads);
    return with_memory_for("the text reader", [&]() -> Error {
      TextReader reader(std::move(networks), options);
      if (auto error = reader.reserve()) return error;
      result.emplace(std::move(reader));
      return {};
    });
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
    std::span<const TextBox> boxes;
    if (auto error = find(picture, boxes, run)) return error;
    const int readers = std::min(run.executor.threads(), static_cast<int>(others_.size()) + 1);
    const auto reader = [&](std::size_t part) -> TextReader& {
      return part == 0 ? *this : others_[part - 1];
    };
    const auto count = static_cast<std::size_t>(std::max(readers, 1));
    const auto read_share = [&](int part) {
      const auto first = static_cast<std::size_t>(part);
      reader(first).read_lines(picture, boxes, first, count, {.isa = run.isa});
    };
    run.executor(static_cast<int>(count), Task(read_share));
    for (std::size_t part = 0; part < count; ++part)
      if (reader(part).error_) return reader(part).error_;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (const std::optional<TextLine>& line = reader(i % count).share_[i / count])
        lines_.push_back(*line);
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
    share_.reserve(options.boxes.most);
    lengths_.reserve(options.boxes.most);
    for (int i = 1; i < options.threads; ++i) {
      TextReaderOptions alone = options;
      alone.threads = 1;
      others_.push_back(TextReader(networks_, alone));
    }
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
      if (auto error = reserve_lines()) return error;
      for (TextReader& other : others_)
        if (auto error = other.reserve_lines()) return error;
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
  Error reserve_lines() {
    // A line is no longer and no higher than the picture's diagonal; a tiny picture is padded.
    const auto square = [](int side) { return std::int64_t{side} * side; };
    const auto [width, height] = options_.largest_picture;
    const std::int64_t pixels = std::max(square(width) + square(height), square(kTinySides));
    for (RgbImage* const image : {&line_, &rotated_})
      image->pixels.reserve(static_cast<std::size_t>(pixels) * kImageChannels);
    const int widest = options_.widest_line;
    TextNetwork& recogniser = networks_.recogniser;
    if (auto error = recogniser.resize({kLineHeight, widest})) return error;
    for (int columns = std::min(kLeastLineWidth, widest); columns <= widest; ++columns)
      if (auto error = recogniser.reserve({kLineHeight, columns})) return error;
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

  /// Reads every so many boxes from the first one on: in one thread.
  void read_lines(ImageView picture, std::span<const TextBox> boxes, std::size_t first,
                  std::size_t step, const RunOptions& run) {
    share_.clear();
    lengths_.clear();
    text_.clear();
    error_ = with_memory_for("the text reader", [&]() -> Error {
      for (std::size_t i = first; i < boxes.size(); i += step)
        if (auto error = read_box(picture, boxes[i], run)) return error;
      return {};
    });
    // Where the texts are is known when all are there.
    std::string_view rest = text_;
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      if (share_[i]) share_[i]->text = rest.substr(0, lengths_[i]);
      rest.remove_prefix(lengths_[i]);
    }
  }

  Error read_box(ImageView picture, const TextBox& box, const RunOptions& run) {
    share_.emplace_back();
    lengths_.push_back(0);
    if (!crop(picture, box.corners, line_)) return {};
    if (2 * line_.size.height >= 3 * line_.size.width) rotate_line();
    TextLine line = {.box = box, .text = {}, .upside_down = is_upside_down(run)};
    for (int i = 0; line.upside_down && i < 2; ++i) rotate_line();
    return read_line(line, run);
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
    share_.back() = line;
    lengths_.back() = text_.size() - begin;
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
  std::vector<std::optional<TextLine>> share_;  // of the boxes that are this one's to read
  std::vector<std::size_t> lengths_;            // of their texts
  std::string text_;
  Error error_;
  std::vector<TextReader> others_;  // that read lines in other threads
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_READER_HPP
