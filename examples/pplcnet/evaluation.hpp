#ifndef PPLCNET_EXAMPLES_EVALUATION_HPP
#define PPLCNET_EXAMPLES_EVALUATION_HPP

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/image/results.hpp"

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

inline Evaluated evaluate(const std::string& path, int class_id, std::span<const float> scores) {
  std::vector<pplcnet::Prediction> order(scores.size());
  pplcnet::top_k(scores, order);
  const auto own = std::ranges::find(order, class_id, &pplcnet::Prediction::class_id);
  return {.path = path,
          .class_id = class_id,
          .rank = static_cast<int>(own - order.begin()),
          .best = order[0].class_id,
          .score = order[0].score};
}

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
  std::size_t right(int k) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(all_, [&](const auto& one) { return one.rank < k; }));
  }
  double accuracy(int k) const {
    return all_.empty() ? 0 : static_cast<double>(right(k)) / static_cast<double>(count());
  }

  std::vector<ClassResult> by_class(int classes) const {
    std::vector<ClassResult> results(static_cast<std::size_t>(classes));
    for (std::size_t i = 0; i < results.size(); ++i) results[i].class_id = static_cast<int>(i);
    for (const Evaluated& one : all_) {
      ClassResult& own = results[static_cast<std::size_t>(one.class_id)];
      ++own.count;
      ++results[static_cast<std::size_t>(one.best)].named;
      if (one.rank == 0)
        ++own.right;
      else
        ++own.confused_with[one.best];
    }
    for (ClassResult& one : results)
      for (const auto& [other, count] : one.confused_with)
        if (one.most_confused < 0 || count > one.confused_with[one.most_confused])
          one.most_confused = other;
    return results;
  }

  /// Returns wrong predictions, the most confident first.
  std::vector<Evaluated> wrong() const {
    std::vector<Evaluated> result;
    std::ranges::copy_if(all_, std::back_inserter(result),
                         [](const Evaluated& one) { return one.rank > 0; });
    std::ranges::stable_sort(result, std::greater(), &Evaluated::score);
    return result;
  }

 private:
  std::vector<Evaluated> all_, unread_;
};

#endif  // PPLCNET_EXAMPLES_EVALUATION_HPP
