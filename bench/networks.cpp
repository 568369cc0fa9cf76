// How long a network takes: every network × batch × threads × instruction set. With Google
// Benchmark's own options, for example --benchmark_filter=x1_0/ --benchmark_out=FILE.json.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "machine.hpp"
#include "pplcnet/pplcnet.hpp"
#include "synthetic_network.hpp"

namespace {

using bench::Clock;

/// Of one image, in milliseconds.
void report(benchmark::State& state, std::vector<double>& seconds, int images) {
  std::sort(seconds.begin(), seconds.end());
  const auto quantile = [&](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1));
    return 1e3 * seconds[index] / images;
  };
  state.counters["min_ms"] = quantile(0);
  state.counters["median_ms"] = quantile(0.5);
  state.counters["p90_ms"] = quantile(0.9);
}

template <class Net, int kBatch, int kThreads>
void latency(benchmark::State& state, pplcnet::Isa isa) {
  const auto weights = bench::synthetic_weights<Net>();
  const auto images = bench::synthetic_input<Net>(kBatch);
  const auto workspace = std::make_unique<typename Net::template ParallelWorkspace<kThreads>>();
  std::vector<float> logits(kBatch * std::size_t{Net::classes});
  pplcnet::ThreadPool pool(kThreads);
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto start = Clock::now();
    Net::template forward_batch<kBatch>(
        *weights, std::span<const float, kBatch * Net::input_size>(images), *workspace,
        std::span<float, kBatch * std::size_t{Net::classes}>(logits),
        {.isa = isa, .executor = pool.executor()});
    seconds.push_back(bench::seconds_since(start));
    state.SetIterationTime(seconds.back());
  }
  report(state, seconds, kBatch);
}

template <class Net, int kBatch, int kThreads>
void add(std::string_view network) {
  for (const auto& [name, isa] : bench::available_isas()) {
    const std::string title = std::string(network) + "/batch:" + std::to_string(kBatch) +
                              "/threads:" + std::to_string(kThreads) + "/" + name;
    benchmark::RegisterBenchmark(title.c_str(), latency<Net, kBatch, kThreads>, isa)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::for_each_network([]<class Net>(std::string_view name) {
    add<Net, 1, 1>(name);
    add<Net, 1, 2>(name);
    add<Net, 8, 1>(name);
    add<Net, 8, 2>(name);
  });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
