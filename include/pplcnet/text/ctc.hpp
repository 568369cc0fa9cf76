#ifndef PPLCNET_TEXT_CTC_HPP
#define PPLCNET_TEXT_CTC_HPP

#include <cstddef>
#include <span>

#include "pplcnet/abi.hpp"

// From the probabilities of a text recogniser to a line of text (PaddleOCR `rec_postprocess.py`,
// CTCLabelDecode).

namespace pplcnet::inline PPLCNET_ABI {

/// The class of a recogniser that stands for no character.
inline constexpr int kCtcBlank = 0;

/// A character of a line: its class, the probability of that class, and the column where it begins.
struct CtcCharacter {
  int label = kCtcBlank;
  float probability = 0;
  int column = 0;
};

/// What a line says: so many characters, and the mean of their probabilities; 0 without any.
struct CtcLine {
  std::size_t count = 0;
  float score = 0;
};

/// Decodes [classes][columns] probabilities: the most probable class of each column, of equal ones
/// the first; columns that repeat the class of the column before them and blanks are left out.
/// `characters` has room for one in each column, and that many are used meanwhile.
inline CtcLine decode_ctc(std::span<const float> probabilities, std::size_t columns,
                          std::span<CtcCharacter> characters) noexcept {
  if (columns == 0 || probabilities.size() < columns || characters.size() < columns) return {};
  for (std::size_t i = 0; i < columns; ++i)
    characters[i] = {kCtcBlank, probabilities[i], static_cast<int>(i)};
  const std::size_t classes = probabilities.size() / columns;
  for (std::size_t label = 1; label < classes; ++label) {
    const std::span<const float> row = probabilities.subspan(label * columns, columns);
    for (std::size_t i = 0; i < columns; ++i)
      if (row[i] > characters[i].probability) {
        characters[i].label = static_cast<int>(label);
        characters[i].probability = row[i];
      }
  }
  CtcLine line;
  int last = kCtcBlank;
  double sum = 0;
  for (const CtcCharacter& one : characters.first(columns)) {
    const bool repeats = one.label == last;
    last = one.label;
    if (repeats || one.label == kCtcBlank) continue;
    sum += double{one.probability};
    characters[line.count++] = one;
  }
  if (line.count > 0) line.score = static_cast<float>(sum / static_cast<double>(line.count));
  return line;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_CTC_HPP
