#ifndef PPLCNET_EXAMPLES_PREDICTIONS_HPP
#define PPLCNET_EXAMPLES_PREDICTIONS_HPP

#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evaluation.hpp"
#include "pplcnet/weights/error.hpp"

/// The origin of predictions, as text: model, weights, labels, preprocessing, pictures.
using Origin = std::vector<std::pair<std::string, std::string>>;

/// Predictions of an earlier run.
struct KnownPredictions {
  std::map<std::pair<std::string, int>, Evaluated> all;  ///< by path and class
  std::size_t whole_bytes = 0;  ///< bytes of the file before a last line that was cut off
  bool was_cut = false;         ///< a last line was cut off and has been removed

  const Evaluated* find(const std::string& path, int class_id) const {
    const auto found = all.find({path, class_id});
    return found == all.end() ? nullptr : &found->second;
  }
};

/// Reads a file of predictions: a JSON object on each line, the first with their origin. Those of
/// another origin, and any that `classes` cannot have, are an error.
pplcnet::Error parse_predictions(std::string_view text, const std::string& path,
                                 const Origin& origin, int classes, KnownPredictions& predictions);

/// A file that predictions are appended to, and from which an interrupted run resumes.
class PredictionFile {
 public:
  /// Reads the file without a last line that was cut off, or creates it. A file of anything else
  /// is left as it is.
  pplcnet::Error open(const std::string& path, const Origin& origin, int classes,
                      KnownPredictions& predictions);

  bool is_open() const { return file_.is_open(); }

  /// Appends one and flushes. One whose path is not UTF-8 is not kept.
  pplcnet::Error add(const Evaluated& one);

 private:
  std::string path_;
  std::ofstream file_;
};

#endif  // PPLCNET_EXAMPLES_PREDICTIONS_HPP
