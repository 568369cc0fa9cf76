// pplcnet bench: how long a picture takes on this machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/weights/fold.hpp"
#include "weights.hpp"

namespace {

using pplcnet::AnyNetwork;
using pplcnet::Error;

struct BenchArguments {
  std::vector<std::string> models;
  std::string isa;
  int threads = 1;
  double seconds = 1;
  bool half_head = false, json = false;
};

constexpr std::pair<const char*, pplcnet::Isa> kIsas[] = {
    {"baseline", pplcnet::Isa::baseline},
    {"avx2", pplcnet::Isa::avx2},
    {"avx512", pplcnet::Isa::avx512},
};

struct Times {
  double median = 0, p90 = 0, minimum = 0;  ///< milliseconds
  std::size_t runs = 0;
};

/// Fills weights with numbers of one size and alternating signs, in whatever storage.
void fill(AnyNetwork& network) {
  for (const pplcnet::Layer& layer : network.layers()) {
    if (!layer.has_weights()) continue;
    const std::size_t count = layer.weight_floats() * (layer.half ? 2 : 1);
    for (std::size_t i = 0; i < count; ++i)
      pplcnet::store_weight(layer, network.weights(), i, i % 2 == 0 ? 0.02f : -0.02f);
  }
}

/// Measures the latency of one picture with synthetic weights: time does not depend on what they
/// are.
Times measure(const pplcnet::KnownModel& one, const BenchArguments& arguments, pplcnet::Isa isa) {
  using Clock = std::chrono::steady_clock;
  AnyNetwork network(one.graph(), arguments.threads,
                     arguments.half_head ? pplcnet::Storage::half_head : pplcnet::Storage::single);
  fill(network);
  const std::vector<float> picture(static_cast<std::size_t>(network.input_shape().size()), 0.5f);
  std::vector<std::vector<float>> outputs;
  std::vector<float*> destinations(network.layers().size());
  for (int i = 0; i < network.plan().output_count; ++i) {
    const auto layer = static_cast<std::size_t>(network.plan().outputs[i]);
    outputs.emplace_back(static_cast<std::size_t>(network.layers()[layer].output.size()));
    destinations[layer] = outputs.back().data();
  }
  pplcnet::ThreadPool pool(arguments.threads);
  pplcnet::RunOptions options = {.isa = isa};
  if (arguments.threads > 1) options.executor = pool.executor();
  const auto once = [&] {
    const auto begin = Clock::now();
    network.run(pplcnet::Picture::planar(picture.data(), network.input_shape()), destinations,
                options);
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  };
  for (int i = 0; i < 3; ++i) once();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(arguments.seconds);
  while ((Clock::now() < end || times.size() < 5) && !interruption::happened())
    times.push_back(once());
  if (times.empty()) return {};
  std::ranges::sort(times);
  return {times[times.size() / 2], times[times.size() * 9 / 10], times.front(), times.size()};
}

int run(const BenchArguments& arguments) {
  pplcnet::Isa isa = pplcnet::best_isa();
  std::string isa_name = "best";
  for (const auto& [name, one] : kIsas)
    if (arguments.isa == name) {
      if (!pplcnet::has_isa(one)) return fail(Error::of("this machine has no ", name));
      isa = one;
    }
  for (const auto& [name, one] : kIsas)
    if (one == isa) isa_name = name;
  std::vector<const pplcnet::KnownModel*> models;
  for (const std::string& name : arguments.models) {
    models.push_back(pplcnet::find_model(name));
  }
  Json list = Json::array();
  if (!arguments.json)
    std::printf("%-34s %9s %9s %9s %9s   %s, %d thread%s\n", "model", "median ms", "p90", "minimum",
                "GMAC/s", isa_name.c_str(), arguments.threads, arguments.threads == 1 ? "" : "s");
  for (const pplcnet::KnownModel* one : models) {
    const Times times = measure(*one, arguments, isa);
    if (interruption::happened()) return interruption::exit_status();
    const double macs = static_cast<double>(pplcnet::make_plan(one->graph()).multiply_add_count);
    const double rate = macs / times.median / 1e6;
    if (!arguments.json) {
      std::printf("%-34s %9.3f %9.3f %9.3f %9.1f\n", std::string(one->model.name).c_str(),
                  times.median, times.p90, times.minimum, rate);
      std::fflush(stdout);
      continue;
    }
    list.add(Json::object({{"model", one->model.name},
                           {"median_ms", times.median},
                           {"p90_ms", times.p90},
                           {"min_ms", times.minimum},
                           {"runs", times.runs},
                           {"multiply_adds", macs}}));
  }
  if (arguments.json)
    std::printf("%s\n", Json::object({{"isa", isa_name},
                                      {"threads", arguments.threads},
                                      {"models", std::move(list)}})
                            .text(1)
                            .c_str());
  return 0;
}

}  // namespace

Run add_bench(CommandLine& program) {
  const auto arguments = std::make_shared<BenchArguments>();
  const Command command =
      program.add("bench", "How long a picture takes on this machine; needs no weights");
  command.footer("Models: " + pplcnet::model_names(false) +
                 ".\n\nExamples: pplcnet bench\n          pplcnet bench PPLCNet_x1_0 "
                 "--threads 2 --isa avx2 --json");
  command.add("models", arguments->models, "Models by name; PPLCNet_x0_25 and x1_0 if none")
      .by_default({"PPLCNet_x0_25", "PPLCNet_x1_0"})
      .check(check_model);
  command.add("--threads", arguments->threads, "Threads for each picture")
      .range(1, 64)
      .show_default();
  command.add("--isa", arguments->isa, "Instruction set; the best one if not given")
      .one_of({"baseline", "avx2", "avx512"});
  command.add("--seconds", arguments->seconds, "For each model").range(0.0, 3600.0).show_default();
  command.add_flag("--half-head", arguments->half_head, kHalfHead);
  command.add_flag("--json", arguments->json, "One JSON object");
  return [arguments] { return run(*arguments); };
}
