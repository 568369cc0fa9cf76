#ifndef PPLCNET_TEXT_OPTIONS_HPP
#define PPLCNET_TEXT_OPTIONS_HPP

#include <cstddef>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/text/text_boxes.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How text is found and read. The defaults are PaddleOCR's for PP-OCRv4.
struct TextReaderOptions {
  int longest_side = 960;     ///< of what the detector sees of a picture, in pixels
  int shortest_side = 0;      ///< smaller pictures are enlarged to it, up to `longest_side`
  TextBoxOptions boxes = {};  ///< what a line of text is
  float least_score = 0.5F;   ///< of a line that is worth reporting
  int widest_line = 4096;     ///< of a recogniser's input; longer lines are squeezed to it
  double rotated_from = 0.9;  ///< the probability from which on a line is taken to be upside down
  std::size_t batch = 1;      ///< lines padded to the widest of them; PaddleOCR's is 6
  int threads = 1;            ///< of an executor that read lines, each with memory of its own
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
  bool upside_down = false;  ///< it was read after half a turn, of a page that is upright else
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TEXT_OPTIONS_HPP
