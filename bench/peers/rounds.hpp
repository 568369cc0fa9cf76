#ifndef PPLCNET_BENCH_PEERS_ROUNDS_HPP
#define PPLCNET_BENCH_PEERS_ROUNDS_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "../machine.hpp"

namespace bench {

/// Says what an engine's program says to compare.py: one line of logits when it is ready and then,
/// for each line that it reads, one line of numbers: what `reply` returns for that line.
inline void serve(std::span<const float> logits,
                  const std::function<std::vector<double>(const std::string& line)>& reply) {
  const auto end_line = [] {
    std::printf("\n");
    std::fflush(stdout);
  };
  for (const float logit : logits) std::printf("%.9g ", static_cast<double>(logit));
  end_line();
  for (std::string line; std::getline(std::cin, line);) {
    for (const double number : reply(line)) std::printf("%.9g ", number);
    end_line();
  }
}

/// Computes once. One type for all networks, so that what times them is compiled once.
using Run = std::function<void()>;

/// One round of timing: warms up, runs for at least 50 ms, and returns the median and the least
/// time of a run in seconds.
inline std::array<double, 2> time_round(const Run& run) {
  constexpr int kWarmRuns = 3, kRuns = 5;
  constexpr double kWarmSeconds = 0.02, kSeconds = 0.05;
  auto start = Clock::now();
  for (int i = 0; i < kWarmRuns || seconds_since(start) < kWarmSeconds; ++i) run();
  std::vector<double> seconds;
  start = Clock::now();
  while (seconds.size() < kRuns || seconds_since(start) < kSeconds) {
    const auto begin = Clock::now();
    run();
    seconds.push_back(seconds_since(begin));
  }
  const double middle = median(seconds);
  return {middle, seconds.front()};
}

/// Reads and writes memory for 100 ms, as a program does between two pictures: 64 MB of it, after
/// which no cache holds anything of the network.
inline void work_on_something_else() {
  static std::vector<std::uint64_t> memory((64 << 20) / sizeof(std::uint64_t), 1);
  for (const auto start = Clock::now(); seconds_since(start) < 0.1;)
    for (std::uint64_t& value : memory) value = value * 3 + 1;
}

/// Returns how many seconds a run takes.
inline double time_of(const Run& run) {
  const auto start = Clock::now();
  run();
  return seconds_since(start);
}

/// Serves an engine: "round" is one round of timing, "pause" the time of one run after other work,
/// anything else the time that the first run took.
inline void serve_runs(std::span<const float> logits, double first_seconds, const Run& run) {
  serve(logits, [&](const std::string& what) -> std::vector<double> {
    if (what == "pause") {
      work_on_something_else();
      return {time_of(run)};
    }
    if (what != "round") return {first_seconds};
    const auto [median, least] = time_round(run);
    return {median, least};
  });
}

}  // namespace bench

#endif  // PPLCNET_BENCH_PEERS_ROUNDS_HPP
