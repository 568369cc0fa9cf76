#ifndef PPLCNET_LINE_READER_HPP
#define PPLCNET_LINE_READER_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/image/view.hpp"
#include "pplcnet/text/crop.hpp"
#include "pplcnet/text/ctc.hpp"
#include "pplcnet/text/dictionary.hpp"
#include "pplcnet/text/input.hpp"
#include "pplcnet/text_networks.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Reads pictures of single lines of text. What a line needs of memory stays for those after it.
/// Copies have memory of their own: one copy for each thread.
class LineReader {
 public:
  /// The dictionary is the recogniser's: check_dictionary() says whether it is. Lines whose input
  /// would be wider than `widest` are squeezed to it.
  LineReader(TextNetwork recogniser, Dictionary dictionary, int widest = 4096)
      : recogniser_(std::move(recogniser)), dictionary_(std::move(dictionary)), widest_(widest) {}

  /// Appends what a line says to `text`, and gives the mean probability of its characters, 0 if
  /// there are none. The line's input is padded to `least` columns.
  Error read(ImageView line, std::string& text, float& score, int least = kLeastLineWidth,
             const RunOptions& run = {}) {
    score = 0;
    if (line.empty()) return Error::of("the line has no pixels");
    const int width = std::min(std::max(recogniser_width(line.size()), least), widest_);
    if (auto error = recogniser_.resize({kLineHeight, width})) return error;
    AnyNetwork& network = recogniser_.network;
    const Shape shape = network.input_shape();
    input_.resize(static_cast<std::size_t>(shape.size()));
    prepare_line(line, width, input_, scratch_);
    if (auto error = compute_result("the recogniser", network,
                                    Picture::planar(input_.data(), shape), values_, run))
      return error;
    const auto columns = static_cast<std::size_t>(network.layers().back().output.width);
    characters_.resize(std::max(characters_.size(), columns));
    const CtcLine decoded = decode_ctc(values_, columns, characters_);
    for (const CtcCharacter& one : std::span(characters_).first(decoded.count))
      text += dictionary_[one.label];
    score = decoded.score;
    return {};
  }

  /// Allocates all that lines of any width need, and room for so many of them in `text`.
  Error reserve(std::size_t lines, std::string& text) {
    if (auto error = recogniser_.resize({kLineHeight, widest_})) return error;
    for (int columns = std::min(kLeastLineWidth, widest_); columns <= widest_; ++columns)
      if (auto error = recogniser_.reserve({kLineHeight, columns})) return error;
    const Shape shape = recogniser_.network.input_shape();
    const Shape result = recogniser_.network.layers().back().output;
    const auto columns = static_cast<std::size_t>(result.width);
    values_.reserve(static_cast<std::size_t>(result.size()));
    characters_.resize(columns);
    text.reserve(lines * columns * dictionary_.longest());
    input_.resize(static_cast<std::size_t>(shape.size()));
    RgbImage line;
    line.resize({widest_, 1});
    prepare_line(line.view(), widest_, input_, scratch_);
    return {};
  }

  const TextNetwork& recogniser() const { return recogniser_; }
  const Dictionary& dictionary() const { return dictionary_; }

 private:
  TextNetwork recogniser_;
  Dictionary dictionary_;
  int widest_;
  LineScratch scratch_;
  std::vector<float> input_, values_;
  std::vector<CtcCharacter> characters_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_LINE_READER_HPP
