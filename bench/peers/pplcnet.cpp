// This library as an engine for compare.py, and the floor under all engines: the least time that a
// network can take on this machine, measured anew in each round.
//
//   peers_pplcnet forward|half_head|floor NETWORK ISA THREADS BATCH
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../synthetic_network.hpp"
#include "pplcnet/pplcnet.hpp"
#include "rounds.hpp"

namespace {

template <class Net, int kThreads, int kBatch>
void serve_forward(pplcnet::Isa isa) {
  const auto weights = bench::synthetic_weights<Net>();
  const auto images = bench::synthetic_input<Net>(kBatch);
  const auto workspace = std::make_unique<typename Net::template ParallelWorkspace<kThreads>>();
  std::vector<float> logits(kBatch * std::size_t{Net::classes});
  pplcnet::ThreadPool pool(kThreads);
  const bench::Run run = [&] {
    Net::template forward_batch<kBatch>(
        *weights, std::span<const float, kBatch * Net::input_size>(images), *workspace,
        std::span<float, kBatch * std::size_t{Net::classes}>(logits),
        {.isa = isa, .executor = pool.executor()});
  };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(std::span(logits).first(Net::classes), first_seconds, run);
}

/// A round: the floor, twice, as if median and least time; the multiply-adds of an image; and what
/// the machine does in a second, in multiply-adds and in bytes.
template <class Net>
void serve_floor(pplcnet::Isa isa, int threads, int batch) {
  pplcnet::ThreadPool pool(threads);
  bench::PeakMeter meter(isa, pool.executor());
  bench::serve({}, [&](const std::string&) -> std::vector<double> {
    const bench::Peak peak = meter.measure();
    const double floor = bench::floor_of(Net::layers, batch, peak);
    return {floor, floor, static_cast<double>(Net::multiply_add_count),
            peak.multiply_adds_per_second, peak.bytes_per_second};
  });
}

/// The same network with its head's weights as float16.
template <class Net>
using HalfHead = pplcnet::StoredAs<Net, pplcnet::Storage::half_head>;

template <class Net>
bool serve_network(std::string_view what, pplcnet::Isa isa, int threads, int batch) {
  if (what == "floor") return serve_floor<Net>(isa, threads, batch), true;
  if (what == "half_head") return serve_forward<HalfHead<Net>, 1, 1>(isa), true;
  if (threads == 1 && batch == 1) return serve_forward<Net, 1, 1>(isa), true;
  if (threads == 2 && batch == 1) return serve_forward<Net, 2, 1>(isa), true;
  if (threads == 1 && batch == 8) return serve_forward<Net, 1, 8>(isa), true;
  if (threads == 2 && batch == 8) return serve_forward<Net, 2, 8>(isa), true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const auto isa = bench::find_isa(argv[3]);
  bool served = false;
  if (isa)
    bench::with_network(argv[2], [&]<class Net>() {
      served = serve_network<Net>(argv[1], *isa, std::atoi(argv[4]), std::atoi(argv[5]));
    });
  return served ? 0 : 2;
}
