#ifndef PPLCNET_EXAMPLES_EVALUATE_TEXT_HPP
#define PPLCNET_EXAMPLES_EVALUATE_TEXT_HPP

#include <string>

/// Which recogniser, and which lines of text.
struct TextEvaluation {
  std::string weights, dictionary;
  std::string list;    ///< of pictures and what they say: `name`, a tab, `text`
  std::string folder;  ///< where their paths begin
  int threads = 1;
  bool json = false;
};

/// Prints how well a recogniser reads pictures of lines; returns the exit status.
int evaluate_text(const TextEvaluation& arguments);

#endif  // PPLCNET_EXAMPLES_EVALUATE_TEXT_HPP
