#ifndef PPLCNET_EXAMPLES_SERVE_METRICS_HPP
#define PPLCNET_EXAMPLES_SERVE_METRICS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// Values of this moment.
struct Gauges {
  std::size_t workers = 0, busy = 0, waiting = 0;
};

/// What a server counts. All functions may be called by any thread.
class Metrics {
 public:
  void count_answer(int status);
  /// Counts a request for predictions that was answered with them.
  void count_prediction(double seconds);
  void count_pictures(std::size_t count) { pictures_ += count; }
  void count_turned_away() { ++turned_away_; }

  /// Returns Prometheus' text format, version 0.0.4.
  std::string text(std::string_view model, const Gauges& gauges) const;

 private:
  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                         0.1,   0.25,   0.5,   1.0,  2.5,   10.0};  // seconds

  std::array<std::atomic<std::uint64_t>, 600> answers_ = {};  // by status
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> durations_ = {};
  std::atomic<double> seconds_ = 0;
  std::atomic<std::uint64_t> pictures_ = 0, turned_away_ = 0;
};

#endif  // PPLCNET_EXAMPLES_SERVE_METRICS_HPP
