#ifndef PPLCNET_EXAMPLES_PROGRESS_HPP
#define PPLCNET_EXAMPLES_PROGRESS_HPP

#include <chrono>
#include <cstddef>

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

  void advance();
  void clear();  ///< before something else is said

 private:
  using Clock = std::chrono::steady_clock;

  std::size_t total_, done_ = 0;
  bool is_shown_, is_drawn_ = false;
  Clock::time_point begin_ = Clock::now(), drawn_ = {};
};

#endif  // PPLCNET_EXAMPLES_PROGRESS_HPP
