// How long each layer of a network takes, and how far that is from what the machine can do.
//
//   bench_layers [NETWORK [ISA [THREADS]]]      bench_layers x1_0 avx2 1
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine.hpp"
#include "pplcnet/pplcnet.hpp"
#include "steps.hpp"
#include "synthetic_network.hpp"

namespace {

using pplcnet::Layer;

/// A step and how long it took, in time and in cycles of the clock as it was then.
struct Timed {
  bench::Step step;
  std::vector<double> seconds, cycles;

  std::string name() const {
    const auto chain = step.chain();
    const std::string first = layer_name(chain.front()), last = layer_name(chain.back());
    if (chain.size() == 1) return first;
    return chain.size() == 2 ? first + " + " + last.substr(8) : first + " ... " + last;
  }
};

/// A line of the table.
struct Line {
  double seconds = 0, cycles = 0, multiply_adds = 0, floor = 0;

  Line& operator+=(const Line& other) {
    seconds += other.seconds;
    cycles += other.cycles;
    multiply_adds += other.multiply_adds;
    floor += other.floor;
    return *this;
  }
};

/// The best of what was measured before and of what is measured now.
bench::Peak best(const bench::Peak& a, const bench::Peak& b) {
  return {std::max(a.multiply_adds_per_second, b.multiply_adds_per_second),
          b.multiply_adds_per_cycle, std::max(a.bytes_per_second, b.bytes_per_second)};
}

void print_line(const std::string& name, const Line& line, double share, const bench::Peak& peak) {
  std::printf("%-36s%10.1f%10.1f%8.1f%10.2f%10.1f%9.0f", name.c_str(), line.seconds * 1e6,
              line.cycles * 1e-3, 100 * share, line.multiply_adds / 1e6,
              2e-9 * line.multiply_adds / line.seconds,
              100 * line.multiply_adds / line.cycles / peak.multiply_adds_per_cycle);
  if (line.floor > 0) std::printf("%10.2f", line.seconds / line.floor);
  std::printf("\n");
}

void print(std::vector<Timed>& steps, const bench::Peak& peak) {
  std::printf("FMA peak %.1f GFLOP/s, %.1f multiply-adds a cycle; L3 %.1f GB/s\n\n",
              peak.flops_per_second() / 1e9, peak.multiply_adds_per_cycle,
              peak.bytes_per_second / 1e9);
  std::printf("%-36s%10s%10s%8s%10s%10s%9s%10s\n", "layer", "us", "kcycles", "%", "M MACs",
              "GFLOP/s", "% peak", "x floor");
  std::vector<Line> lines;
  Line total;
  for (Timed& step : steps) {
    Line line = {.seconds = bench::median(step.seconds), .cycles = bench::median(step.cycles)};
    for (const Layer& layer : step.step.chain()) {
      line.multiply_adds += static_cast<double>(layer.multiply_adds);
      line.floor += floor_of(layer, 1, peak);
    }
    total += lines.emplace_back(line);
  }
  for (std::size_t i = 0; i < steps.size(); ++i)
    print_line(steps[i].name(), lines[i], lines[i].seconds / total.seconds, peak);
  print_line("all layers", total, 1, peak);
}

template <class Net, int kThreads>
void measure(pplcnet::Isa isa) {
  const auto weights = bench::synthetic_weights<Net>();
  const auto input = bench::synthetic_input<Net>();
  const auto picture = pplcnet::Picture::planar(input.data(), Net::input_shape);
  const auto workspace = std::make_unique<typename Net::template ParallelWorkspace<kThreads>>();
  pplcnet::ThreadPool pool(kThreads);
  bench::PeakMeter meter(isa, pool.executor());
  bench::Peak peak;
  std::vector<Timed> steps;
  for (const bench::Step& step : bench::steps_of(Net::layers)) steps.push_back({step, {}, {}});

  // All steps in turn, as in the network: each finds the caches as the one before left them.
  for (int pass = 0; pass < 400; ++pass) {
    if (pass % 20 == 0) peak = best(peak, meter.measure());
    for (auto& [step, seconds, cycles] : steps) {
      const auto start = bench::Clock::now();
      pplcnet::forward({.layers = step.layers.data(),
                        .layer_count = static_cast<int>(step.layers.size()),
                        .weights = weights->values.data(),
                        .pictures = &picture,
                        .destinations = step.destinations.data(),
                        .maps = workspace->maps.data(),
                        .vectors = workspace->vectors.data(),
                        .scratch = workspace->scratch.data(),
                        .scratch_floats = workspace->scratch_floats,
                        .threads = kThreads,
                        .executor = pool.executor()},
                       isa);
      seconds.push_back(bench::seconds_since(start));
      cycles.push_back(seconds.back() * bench::clock_rate());
    }
  }
  print(steps, peak);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view network = argc > 1 ? argv[1] : "x1_0";
  const std::optional<pplcnet::Isa> isa =
      argc > 2 ? bench::find_isa(argv[2]) : std::optional(pplcnet::best_isa());
  const bool two_threads = argc > 3 && std::string_view(argv[3]) == "2";
  const bool found = isa && bench::with_network(network, [&]<class Net>() {
                       two_threads ? measure<Net, 2>(*isa) : measure<Net, 1>(*isa);
                     });
  if (found) return 0;
  std::fprintf(stderr,
               "bench_layers [NETWORK [ISA [THREADS]]]\n"
               "NETWORK: x0_25 ... x2_5, textline; ISA: baseline, avx2, avx512; THREADS: 1, 2\n");
  return 2;
}
