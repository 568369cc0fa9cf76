#include "evaluation.hpp"

#include <algorithm>
#include <functional>
#include <iterator>

#include "pplcnet/image/results.hpp"

Evaluated evaluate(const std::string& path, int class_id, std::span<const float> scores) {
  std::vector<pplcnet::Prediction> order(scores.size());
  pplcnet::top_k(scores, order);
  const auto own = std::ranges::find(order, class_id, &pplcnet::Prediction::class_id);
  return {.path = path,
          .class_id = class_id,
          .rank = static_cast<int>(own - order.begin()),
          .best = order[0].class_id,
          .score = order[0].score};
}

std::size_t Evaluation::right(int k) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(all_, [&](const auto& one) { return one.rank < k; }));
}

std::vector<ClassResult> Evaluation::by_class(int classes) const {
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

std::vector<Evaluated> Evaluation::wrong() const {
  std::vector<Evaluated> result;
  std::ranges::copy_if(all_, std::back_inserter(result),
                       [](const Evaluated& one) { return one.rank > 0; });
  std::ranges::stable_sort(result, std::greater(), &Evaluated::score);
  return result;
}
