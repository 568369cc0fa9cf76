#ifndef PPLCNET_EXAMPLES_EVALUATION_HPP
#define PPLCNET_EXAMPLES_EVALUATION_HPP

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

/// A picture whose class is known, and its prediction.
struct Evaluated {
  std::string path;
  int class_id = 0;
  int rank = 0;  ///< classes that were held for more probable: 0: right
  int best = 0;
  float score = 0;           ///< of the best
  bool is_known = false;     ///< from an earlier run
  std::string problem = {};  ///< why it was not seen; empty: it was
};

/// Returns what the scores of all classes say of a picture of class `class_id`.
Evaluated evaluate(const std::string& path, int class_id, std::span<const float> scores);

struct ClassResult {
  int class_id = 0, count = 0, right = 0;
  int named = 0;                     ///< pictures of all classes that were said to be of this one
  std::map<int, int> confused_with;  ///< other classes, and how often
  int most_confused = -1;

  double recall() const { return count == 0 ? 0 : static_cast<double>(right) / count; }
  double precision() const { return named == 0 ? 0 : static_cast<double>(right) / named; }
};

/// All predictions, and what they add up to.
class Evaluation {
 public:
  void add(const Evaluated& one) { (one.problem.empty() ? all_ : unread_).push_back(one); }

  std::size_t count() const { return all_.size(); }
  const std::vector<Evaluated>& all() const { return all_; }
  /// Returns pictures that could not be read; they are not counted.
  const std::vector<Evaluated>& unread() const { return unread_; }

  /// Returns how many have their class among the `k` most probable ones.
  std::size_t right(int k) const;
  double accuracy(int k) const {
    return all_.empty() ? 0 : static_cast<double>(right(k)) / static_cast<double>(count());
  }

  std::vector<ClassResult> by_class(int classes) const;

  /// Returns wrong predictions, the most confident first.
  std::vector<Evaluated> wrong() const;

 private:
  std::vector<Evaluated> all_, unread_;
};

#endif  // PPLCNET_EXAMPLES_EVALUATION_HPP
