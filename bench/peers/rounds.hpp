#ifndef PPLCNET_BENCH_PEERS_ROUNDS_HPP
#define PPLCNET_BENCH_PEERS_ROUNDS_HPP

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include "../machine.hpp"

namespace bench {

/// What an engine's program says to compare.py: one line of logits when it is ready, and then, for
/// each line that it reads, one line of numbers: what `round` returns.
template <class Round>
void serve(std::span<const float> logits, const Round& round) {
  const auto end_line = [] {
    std::printf("\n");
    std::fflush(stdout);
  };
  for (const float logit : logits) std::printf("%.9g ", static_cast<double>(logit));
  end_line();
  for (std::string line; std::getline(std::cin, line);) {
    for (const double number : round()) std::printf("%.9g ", number);
    end_line();
  }
}

/// One round of timing: warms up, runs for at least 50 ms, and returns the median and the least
/// time of a run in seconds.
template <class Run>
std::array<double, 2> time_round(const Run& run) {
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
  std::sort(seconds.begin(), seconds.end());
  return {seconds[seconds.size() / 2], seconds.front()};
}

}  // namespace bench

#endif  // PPLCNET_BENCH_PEERS_ROUNDS_HPP
