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
#include "pplcnet/image/view.hpp"
#include "pplcnet/line_reader.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/line_batches.hpp"
#include "pplcnet/text/quadrilateral.hpp"
#include "pplcnet/text/text_boxes.hpp"
#include "pplcnet/text_detector.hpp"
#include "pplcnet/text_networks.hpp"
#include "pplcnet/text_options.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads the text of pictures: finds its lines, straightens, rotates and reads each. What a picture
/// needs of memory stays for those after it; see TextReaderOptions::largest_picture. Copies have
/// memory of their own: one copy for each thread.
///
/// With a classifier of lines, a page most of whose lines are upside down or on their side is
/// rotated as a whole, and read again: it then says the same as if it had been upright.
class TextReader {
 public:
  /// Fails if the networks are not for each other.
  static Error make(TextNetworks networks, const TextReaderOptions& options,
                    std::optional<TextReader>& result) {
    if (auto error = networks.check()) return error;
    if (options.threads < 1 || options.threads > AnyNetwork::kMostThreads)
      return Error::of("expected from 1 to ", AnyNetwork::kMostThreads, " threads, found ",
                       options.threads);
    if (options.batch < 1) return Error::of("expected batches of at least 1 line, found 0");
    return with_memory_for("the text reader", [&]() -> Error {
      TextReader reader(std::move(networks), options);
      if (auto error = reader.reserve()) return error;
      result.emplace(std::move(reader));
      return {};
    });
  }
  TextReader(const TextReader& other) : TextReader(other.networks(), other.options_) {
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
    if (auto error = check(picture)) return error;
    if (auto error = read_as_it_lies(picture, run)) return error;
    quarters_ = orientation_ ? quarters_of_lines() : 0;
    if (quarters_ > 0) {
      if (auto error = read_as_it_lies(rotated(picture, quarters_), run)) return error;
      for (TextLine& line : lines_) {
        for (Point& corner : line.box.corners)
          corner = before_rotation(corner, quarters_, picture.size());
        line.box.corners = text_boxes::clockwise(line.box.corners);
      }
    }
    lines = lines_;
    return {};
  }

  /// Returns by how many degrees clockwise the last picture is rotated, as its lines say: 0, 90,
  /// 180 or 270; 0 without a classifier of lines.
  int rotation() const { return 90 * quarters_; }

  /// Finds the lines of a picture, which stay until the next call.
  Error find(ImageView picture, std::span<const TextBox>& boxes, const RunOptions& run = {}) {
    if (auto error = check(picture)) return error;
    return detector_.find(picture, boxes, run);
  }

 private:
  TextReader(TextNetworks networks, const TextReaderOptions& options)
      : detector_(std::move(networks.detector), options),
        recogniser_(std::move(networks.recogniser), std::move(networks.dictionary),
                    options.widest_line),
        orientation_(std::move(networks.orientation)),
        orientation_preprocessing_(networks.orientation_preprocessing),
        options_(options),
        orientation_tables_(normalisation_tables(orientation_preprocessing_.normalisation)) {
    lines_.reserve(options.boxes.most);
    share_.reserve(options.boxes.most);
    lengths_.reserve(options.boxes.most);
    batches_.reserve(options.boxes.most);
    for (int i = 1; i < options.threads; ++i) {
      TextReaderOptions alone = options;
      alone.threads = 1;
      others_.push_back(TextReader(this->networks(), alone));
    }
  }

  TextNetworks networks() const {
    return {detector_.network(), recogniser_.recogniser(), recogniser_.dictionary(), orientation_,
            orientation_preprocessing_};
  }

  bool is_bounded() const { return options_.largest_picture != ImageSize{}; }

  Error check(ImageView picture) const {
    if (picture.empty()) return Error::of("the picture has no pixels");
    const ImageSize most = options_.largest_picture;
    if (is_bounded() && (picture.width > most.width || picture.height > most.height))
      return Error::of("the picture has ", picture.width, " x ", picture.height,
                       " pixels, expected at most ", most.width, " x ", most.height);
    return {};
  }

  /// Finds and reads lines.
  Error read_as_it_lies(ImageView picture, const RunOptions& run) {
    lines_.clear();
    std::span<const TextBox> boxes;
    if (auto error = detector_.find(picture, boxes, run)) return error;
    const std::span<const int> widths = batches_.widths(boxes, options_.batch);
    const int readers = std::min(run.executor.threads(), static_cast<int>(others_.size()) + 1);
    const auto reader = [&](std::size_t part) -> TextReader& {
      return part == 0 ? *this : others_[part - 1];
    };
    const auto count = static_cast<std::size_t>(std::max(readers, 1));
    const auto read_share = [&](int part) {
      const auto first = static_cast<std::size_t>(part);
      reader(first).read_lines(picture, boxes, widths, first, count, {.isa = run.isa});
    };
    run.executor(static_cast<int>(count), Task(read_share));
    for (std::size_t part = 0; part < count; ++part)
      if (reader(part).error_) return reader(part).error_;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      if (const std::optional<TextLine>& line = reader(i % count).share_[i / count])
        lines_.push_back(*line);
    return {};
  }

  /// Returns by how many quarters a page was rotated clockwise: how most of its lines are, where
  /// long ones count for more.
  int quarters_of_lines() const {
    std::array<double, 4> lengths = {};
    double sum = 0;
    for (const TextLine& line : lines_) {
      const ImageSize size = crop_size(line.box.corners);
      const std::size_t quarters = (stands_on_end(size) ? 1U : 0U) + (line.upside_down ? 2U : 0U);
      lengths[quarters] += std::max(size.width, size.height);
      sum += std::max(size.width, size.height);
    }
    const auto most = std::ranges::max_element(lengths);
    return 2 * *most > sum ? static_cast<int>(most - lengths.begin()) : 0;
  }

  /// Allocates all that reading pictures up to the largest one needs.
  Error reserve() {
    if (!is_bounded()) return {};
    const ImageSize most = options_.largest_picture;
    if (std::min(most.width, most.height) < 1 || std::max(most.width, most.height) > kLongestSide)
      return Error::of("the largest picture has ", most.width, " x ", most.height,
                       " pixels, expected sides from 1 to ", kLongestSide);
    const int longer = std::max(most.width, most.height);
    return with_memory_for("the text reader", [&]() -> Error {
      if (auto error = detector_.reserve(orientation_ ? ImageSize{longer, longer} : most))
        return error;
      if (auto error = reserve_lines()) return error;
      for (TextReader& other : others_)
        if (auto error = other.reserve_lines()) return error;
      return {};
    });
  }

  /// Allocates for lines of each width, and for their texts.
  Error reserve_lines() {
    // A line is no longer and no higher than the picture's diagonal.
    const auto square = [](int side) { return std::int64_t{side} * side; };
    const auto [width, height] = options_.largest_picture;
    const std::int64_t pixels = square(width) + square(height);
    line_.pixels.reserve(static_cast<std::size_t>(pixels) * kImageChannels);
    if (auto error = recogniser_.reserve(options_.boxes.most, text_)) return error;
    if (!orientation_) return {};
    values_.reserve(static_cast<std::size_t>(orientation_->classes()));
    const Interpolation kind = orientation_preprocessing_.interpolation;
    if (kind != Interpolation::opencv_linear && kind != Interpolation::opencv_cubic)
      return Error::of("a text reader with a largest picture resizes lines as OpenCV does, found ",
                       orientation_preprocessing_.name);
    line_.resize({1, 1});
    resize_and_crop(orientation_preprocessing_, line_.view(), scratch_);
    return {};
  }

  /// Finds out whether a line is upside down; one that cannot be seen is not.
  Error see_orientation(ImageView line, bool& upside_down, const RunOptions& run) {
    if (!orientation_) return {};
    if (!resize_and_crop(orientation_preprocessing_, line, scratch_)) return {};
    if (auto error =
            compute_result("the classifier of lines", *orientation_, orientation_preprocessing_,
                           orientation_tables_, scratch_, values_, run))
      return error;
    pplcnet::softmax(values_);
    upside_down = values_[1] >= options_.rotated_from;
    return {};
  }

  /// Reads every so many boxes from the first one on: in one thread.
  void read_lines(ImageView picture, std::span<const TextBox> boxes, std::span<const int> widths,
                  std::size_t first, std::size_t step, const RunOptions& run) {
    share_.clear();
    lengths_.clear();
    text_.clear();
    error_ = with_memory_for("the text reader", [&]() -> Error {
      for (std::size_t i = first; i < boxes.size(); i += step)
        if (auto error = read_box(picture, boxes[i], widths[i], run)) return error;
      return {};
    });
    // Where the texts are is known when all are there.
    std::string_view rest = text_;
    for (std::size_t i = 0; i < lengths_.size(); ++i) {
      if (share_[i]) share_[i]->text = rest.substr(0, lengths_[i]);
      rest.remove_prefix(lengths_[i]);
    }
  }

  /// Reads the line in a box, and keeps it if it is read well enough.
  Error read_box(ImageView picture, const TextBox& box, int width, const RunOptions& run) {
    share_.emplace_back();
    lengths_.push_back(0);
    if (!crop(picture, box.corners, line_)) return {};
    const ImageView view = rotated(line_.view(), stands_on_end(line_.size) ? 1 : 0);
    TextLine line = {.box = box, .text = {}};
    if (auto error = see_orientation(view, line.upside_down, run)) return error;
    const ImageView upright = rotated(view, line.upside_down ? 2 : 0);
    const std::size_t begin = text_.size();
    if (auto error = recogniser_.read(upright, text_, line.score, width, run)) return error;
    if (text_.size() == begin || !(line.score >= options_.least_score)) {
      text_.resize(begin);
      return {};
    }
    share_.back() = line;
    lengths_.back() = text_.size() - begin;
    return {};
  }

  static constexpr int kLongestSide = 1 << 20;  // of a picture

  TextDetector detector_;
  LineReader recogniser_;
  std::optional<AnyNetwork> orientation_;
  Preprocessing orientation_preprocessing_;
  TextReaderOptions options_;
  LineBatches batches_;
  std::array<ByteTable, kImageChannels> orientation_tables_;
  PreprocessScratch scratch_;
  RgbImage line_;
  std::vector<float> values_;
  int quarters_ = 0;  // by which the last picture was rotated, clockwise
  std::vector<TextLine> lines_;
  std::vector<std::optional<TextLine>> share_;  // of the boxes that are this one's to read
  std::vector<std::size_t> lengths_;            // of their texts
  std::string text_;
  Error error_;
  std::vector<TextReader> others_;  // that read lines in other threads
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_READER_HPP
