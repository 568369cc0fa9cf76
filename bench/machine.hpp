#ifndef PPLCNET_BENCH_MACHINE_HPP
#define PPLCNET_BENCH_MACHINE_HPP

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/pplcnet.hpp"

namespace bench {

using pplcnet::Isa;
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The instruction sets of this machine, by the names that the programs here take and print.
inline std::vector<std::pair<std::string, Isa>> available_isas() {
  std::vector<std::pair<std::string, Isa>> isas = {{"baseline", Isa::baseline}};
  if (pplcnet::has_isa(Isa::avx2)) isas.emplace_back("avx2", Isa::avx2);
  if (pplcnet::has_isa(Isa::avx512)) isas.emplace_back("avx512", Isa::avx512);
  return isas;
}

inline std::optional<Isa> find_isa(std::string_view requested) {
  for (const auto& [name, isa] : available_isas())
    if (name == requested) return isa;
  return {};
}

/// Computes at least `count` multiply-adds; `count` becomes how many.
float multiply_adds(Isa isa, float factor, std::int64_t& count);

/// Reads `count` floats; a remainder below a few vectors is left out.
float stream(Isa isa, const float* from, std::size_t count);

/// Returns the upper of the two in the middle of an even number of values; sorts them.
inline double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Measures how many cycles this core does in a second just now, in about a microsecond: its clock
/// drifts within a second, so a time becomes cycles only by what was measured next to it. A
/// rotation that needs the one before takes one cycle everywhere; some CPUs add constants in none.
inline double clock_rate() {
  constexpr int kRotations = 4096;
  std::uint64_t value = 1;
  const auto start = Clock::now();
#pragma GCC unroll 16
  for (int i = 0; i < kRotations; ++i) {
    value = std::rotl(value, 1);
    asm volatile("" : "+r"(value));
  }
  return kRotations / seconds_since(start);
}

/// What the machine can do at best, all threads together.
struct Peak {
  double multiply_adds_per_second = 0;  ///< float32, fused
  double multiply_adds_per_cycle = 0;   ///< of all threads, in a cycle of the caller's
  double bytes_per_second = 0;          ///< read from a 6 MB array: more than L2, less than L3

  double flops_per_second() const { return 2 * multiply_adds_per_second; }
};

/// Measures `Peak` in about 20 ms: the best of many tries, for a try that was disturbed says
/// nothing. In a cycle it is the median of all tries so far, for a disturbed clock says too much.
class PeakMeter {
 public:
  PeakMeter(Isa isa, pplcnet::Executor executor) : isa_(isa), executor_(executor) {}

  Peak measure() {
    Peak peak;
    for (const auto start = Clock::now(); seconds_since(start) < 0.02;) {
      const double multiply_adds_per_second = rate([this](int) {
        std::int64_t count = 16 << 20;
        [[maybe_unused]] volatile float sink = multiply_adds(isa_, factor_, count);
        return static_cast<double>(count);
      });
      peak.multiply_adds_per_second =
          std::max(peak.multiply_adds_per_second, multiply_adds_per_second);
      per_cycle_.push_back(multiply_adds_per_second / clock_rate());
      const std::size_t share = array_.size() / static_cast<std::size_t>(executor_.threads());
      peak.bytes_per_second =
          std::max(peak.bytes_per_second, rate([this, share](int part) {
                     const float* first = array_.data() + share * static_cast<std::size_t>(part);
                     [[maybe_unused]] volatile float sink = stream(isa_, first, share);
                     return static_cast<double>(share * sizeof(float));
                   }));
    }
    peak.multiply_adds_per_cycle = median(per_cycle_);
    return peak;
  }

 private:
  /// What all threads do together in a second, when `work(thread)` does what it returns.
  template <class Work>
  double rate(const Work& work) {
    std::vector<double> done(static_cast<std::size_t>(executor_.threads()));
    const auto share = [&](int part) { done[static_cast<std::size_t>(part)] = work(part); };
    const auto start = Clock::now();
    executor_(executor_.threads(), pplcnet::Task(share));
    const double seconds = seconds_since(start);
    double sum = 0;
    for (const double amount : done) sum += amount;
    return sum / seconds;
  }

  Isa isa_;
  pplcnet::Executor executor_;
  std::vector<double> per_cycle_;  // of all measurements
  volatile float factor_ = 0.5F;   // volatile, as the sinks: the compiler must not know the result
  std::vector<float> array_ = std::vector<float>(6'000'000 / sizeof(float), 1.0F);
};

/// The least time, in seconds, that a layer can take for `images` images: its multiply-adds at full
/// speed, or reading its weights once, whichever is longer.
inline double floor_of(const pplcnet::Layer& layer, int images, const Peak& peak) {
  const double weights = static_cast<double>(layer.has_weights() ? layer.depth() + 1 : 0) *
                         layer.output.channels * sizeof(float);
  return std::max(static_cast<double>(layer.multiply_adds) * images / peak.multiply_adds_per_second,
                  weights / peak.bytes_per_second);
}

inline double floor_of(std::span<const pplcnet::Layer> layers, int images, const Peak& peak) {
  double sum = 0;
  for (const pplcnet::Layer& layer : layers) sum += floor_of(layer, images, peak);
  return sum;
}

}  // namespace bench

#endif  // PPLCNET_BENCH_MACHINE_HPP
