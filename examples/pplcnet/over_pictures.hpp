#ifndef PPLCNET_EXAMPLES_OVER_PICTURES_HPP
#define PPLCNET_EXAMPLES_OVER_PICTURES_HPP

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "classifier.hpp"
#include "command.hpp"
#include "example.hpp"
#include "in_order.hpp"
#include "interruption.hpp"
#include "picture.hpp"
#include "pplcnet/weights/error.hpp"
#include "progress.hpp"

/// What became of one picture.
template <class Value>
struct Outcome {
  pplcnet::Error error;
  Value value;
};

inline const std::string& path_of(const std::string& path) { return path; }
inline const std::string& path_of(const Example& example) { return example.path; }

/// Reads a picture, and the Error of `see(image)`.
template <class See>
pplcnet::Error see_picture(const std::string& path, See see, const Picture::Options& options = {}) {
  Picture picture;
  if (auto error = Picture::read(path, picture, options)) return error;
  return see(picture.view());
}

/// Works on pictures with several threads, each with a copy of the classifier, and hands on what
/// became of them in their order; one bad picture is reported and does not stop the others. False
/// if there was one. An interruption ends it.
///
/// `next()` gives an optional item, `count` of them (0: not known); `work(classifier, item)` an
/// Outcome; `emit(item, outcome)` is called for those without an error, may give them one, and ends
/// everything with false. An exception in the work on a picture is an error of that picture.
template <class Next, class Work, class Emit>
bool over_pictures(const Classifier& classifier, int threads, std::size_t count, Next next,
                   Work work, Emit emit) {
  std::vector<Classifier> copies(static_cast<std::size_t>(threads), classifier);
  bool good = true;
  Progress progress(count);
  in_order(
      threads, [&] { return interruption::happened() ? decltype(next())() : next(); },
      [&](int worker, const auto& item) {
        decltype(work(copies[0], item)) outcome;
        try {
          outcome = work(copies[static_cast<std::size_t>(worker)], item);
        } catch (const std::exception& problem) {
          outcome.error = pplcnet::Error::of(path_of(item), ": ", words_of(problem));
        }
        return outcome;
      },
      [&](const auto& item, auto outcome) {
        progress.advance();
        const bool go_on = outcome.error || emit(item, outcome);
        if (outcome.error) {
          progress.clear();
          report(outcome.error);
          good = false;
        }
        return go_on;
      });
  return good;
}

/// Items of a list, one after the other.
template <class Item>
auto one_by_one(const std::vector<Item>& items) {
  return [&items, taken = std::size_t{0}]() mutable {
    return taken < items.size() ? std::optional<Item>(items[taken++]) : std::nullopt;
  };
}

#endif  // PPLCNET_EXAMPLES_OVER_PICTURES_HPP
