#ifndef PPLCNET_EXAMPLES_PROGRESS_HPP
#define PPLCNET_EXAMPLES_PROGRESS_HPP

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

/// A line on the terminal that says how far work has come and when it will be done. There is none
/// where standard error is no terminal, or where standard output is one, which shows results as
/// they come.
class Progress {
 public:
  /// `total` is 0 where it is not known.
  explicit Progress(std::size_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Says that so many are done from an earlier run.
  void begin_at(std::size_t done) { before_ = done_ = done; }
  /// Says something at the end of the line, from the next time that it is drawn.
  void say(std::string words) { words_ = std::move(words); }
  void advance(std::size_t count = 1);
  void clear();  ///< before something else is said

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t total_, done_ = 0, before_ = 0;
  std::string words_;
  bool is_shown_, is_drawn_ = false;
  Clock::time_point begin_ = Clock::now(), drawn_ = {};
};

#endif  // PPLCNET_EXAMPLES_PROGRESS_HPP
