#ifndef PPLCNET_EXAMPLES_ANSWERS_HPP
#define PPLCNET_EXAMPLES_ANSWERS_HPP

#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation.hpp"
#include "pplcnet/weights/error.hpp"

/// What answers belong to, as words: model, weights, labels, preprocessing, pictures.
using Origin = std::vector<std::pair<std::string, std::string>>;

/// Answers of an earlier run.
struct KnownAnswers {
  std::map<std::pair<std::string, int>, Evaluated> all;  ///< by path and class
  std::size_t whole_bytes = 0;  ///< of the file: what follows is a line that was cut off
  bool was_cut = false;         ///< and has been taken away

  const Evaluated* find(const std::string& path, int class_id) const {
    const auto found = all.find({path, class_id});
    return found == all.end() ? nullptr : &found->second;
  }
};

/// Reads a file of answers: a JSON object on each line, the first with their origin. Those of
/// another origin, and any that `classes` cannot have, are an error.
pplcnet::Error parse_answers(std::string_view text, const std::string& path, const Origin& origin,
                             int classes, KnownAnswers& answers);

/// A file that answers are added to as they come, and from which a run that was stopped goes on.
class AnswerFile {
 public:
  /// Reads what is there without a last line that was cut off, and makes the file where there is
  /// none. What is not a file of such answers stays as it is.
  pplcnet::Error open(const std::string& path, const Origin& origin, int classes,
                      KnownAnswers& answers);

  bool is_open() const { return file_.is_open(); }

  /// Adds one, on the disk at once. One whose path is not UTF-8 is not kept.
  pplcnet::Error add(const Evaluated& one);

 private:
  std::string path_;
  std::ofstream file_;
};

#endif  // PPLCNET_EXAMPLES_ANSWERS_HPP
