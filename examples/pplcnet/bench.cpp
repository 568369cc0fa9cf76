// pplcnet bench: how long a picture takes on this machine.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "interruption.hpp"
#include "json.hpp"
#include "options.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/open/registry.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/quantise_network.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/weights/fold.hpp"
#include "weights.hpp"

namespace {

using pplcnet::AnyNetwork;
using pplcnet::AnyQuantisedNetwork;
using pplcnet::Error;

struct BenchArguments {
  std::vector<std::string> models;
  std::string isa;
  int threads = 1;
  double seconds = 1;
  bool int8 = false, half_head = false, json = false;
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

/// Fills weights with numbers of one size for each layer and signs in no order, in whatever
/// storage: outputs are neither large nor small, whatever the depth.
void fill(AnyNetwork& network) {
  std::uint32_t state = 1;
  for (const pplcnet::Layer& layer : network.layers()) {
    if (!layer.has_weights()) continue;
    const std::size_t count = layer.weight_floats() * (layer.half ? 2 : 1);
    const float size = 1.5F / std::sqrt(static_cast<float>(layer.depth()));
    for (std::size_t i = 0; i < count; ++i) {
      state = state * 1664525 + 1013904223;
      pplcnet::store_weight(layer, network.weights(), i, state >> 31 != 0 ? size : -size);
    }
  }
}

/// Makes a network in bytes of one in floats, calibrated with a picture of noise; none where there
/// cannot be one.
Error quantise(AnyNetwork& network, int threads, std::optional<AnyQuantisedNetwork>& result) {
  const pplcnet::Shape input = network.input_shape();
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(input.size()));
  for (std::size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = static_cast<std::uint8_t>(i * i / 7 + i / 31);
  const auto tables = pplcnet::normalisation_tables(pplcnet::Normalisation());
  pplcnet::LayerOutputs outputs(network.layers());
  network.run(pplcnet::Picture::interleaved(pixels.data(), tables.data(), input),
              outputs.destinations());
  pplcnet::Calibration calibration(network.layers());
  calibration.add(outputs);
  pplcnet::ChannelRanges ranges;
  if (auto error = calibration.choose({}, ranges)) return error;
  pplcnet::QuantisedModel model;
  if (auto error = pplcnet::quantise(network.plan(), network.weights(), tables, ranges, model))
    return error;
  return AnyQuantisedNetwork::make(network.graph(), model, threads, result);
}

/// What is measured of a model, one after the other for as long.
struct Measured {
  Times floats;
  std::optional<Times> bytes;  ///< in int8
};

Times times_of(std::vector<double>& times) {
  std::ranges::sort(times);
  return {times[times.size() / 2], times[times.size() * 9 / 10], times.front(), times.size()};
}

/// Measures the latency of one picture with synthetic weights: time does not depend on what they
/// are. Where a model is measured in int8, too, pictures take turns.
Error measure(const pplcnet::KnownModel& one, const BenchArguments& arguments, pplcnet::Isa isa,
              Measured& result) {
  using Clock = std::chrono::steady_clock;
  AnyNetwork network(one.graph(), arguments.threads,
                     arguments.half_head ? pplcnet::Storage::half_head : pplcnet::Storage::single);
  fill(network);
  std::optional<AnyQuantisedNetwork> bytes;
  if (arguments.int8 && !pplcnet::check_quantisable(network.plan()))
    if (auto error = quantise(network, arguments.threads, bytes)) return error;
  const pplcnet::Shape input = network.input_shape();
  const std::vector<std::uint8_t> pixels(static_cast<std::size_t>(input.size()), 200);
  const auto tables = pplcnet::normalisation_tables(pplcnet::Normalisation());
  const auto picture = pplcnet::Picture::interleaved(pixels.data(), tables.data(), input);
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
  const auto once = [&](auto& any, std::vector<double>& times) {
    const auto begin = Clock::now();
    any.run(picture, destinations, options);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  };
  std::vector<double> floats, integers;
  const auto both = [&] {
    once(network, floats);
    if (bytes) once(*bytes, integers);
  };
  for (int i = 0; i < 3; ++i) both();
  floats.clear(), integers.clear();
  const auto end = Clock::now() + std::chrono::duration<double>(arguments.seconds);
  while ((Clock::now() < end || floats.size() < 5) && !interruption::happened()) both();
  if (floats.empty()) return {};
  result.floats = times_of(floats);
  if (bytes) result.bytes = times_of(integers);
  return {};
}

double multiply_adds(const pplcnet::KnownModel& one) {
  return static_cast<double>(one.plan()->multiply_add_count);
}

void print(const BenchArguments& arguments, const pplcnet::KnownModel& one,
           const Measured& measured) {
  const Times& floats = measured.floats;
  std::printf("%-34s %9.3f %9.3f %9.3f %9.1f", std::string(one.model.name).c_str(), floats.median,
              floats.p90, floats.minimum, multiply_adds(one) / floats.median / 1e6);
  if (measured.bytes)
    std::printf(" %9.3f %9.2f", measured.bytes->median, floats.median / measured.bytes->median);
  else if (arguments.int8)
    std::printf(" %9s %9s", "-", "-");
  std::printf("\n");
  std::fflush(stdout);
}

Json as_json(const pplcnet::KnownModel& one, const Measured& measured) {
  Json json = Json::object({{"model", one.model.name},
                            {"median_ms", measured.floats.median},
                            {"p90_ms", measured.floats.p90},
                            {"min_ms", measured.floats.minimum},
                            {"runs", measured.floats.runs},
                            {"multiply_adds", multiply_adds(one)}});
  if (measured.bytes)
    json.add("int8", Json::object({{"median_ms", measured.bytes->median},
                                   {"p90_ms", measured.bytes->p90},
                                   {"min_ms", measured.bytes->minimum},
                                   {"runs", measured.bytes->runs}}));
  return json;
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
    std::printf("%-34s %9s %9s %9s %9s%s   %s, %d thread%s\n", "model", "median ms", "p90",
                "minimum", "GMAC/s", arguments.int8 ? "   int8 ms     times" : "", isa_name.c_str(),
                arguments.threads, arguments.threads == 1 ? "" : "s");
  for (const pplcnet::KnownModel* one : models) {
    Measured measured;
    if (report(measure(*one, arguments, isa, measured))) return 1;
    if (interruption::happened()) return interruption::exit_status();
    if (arguments.json)
      list.add(as_json(*one, measured));
    else
      print(arguments, *one, measured);
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
  command.footer(
      "Models: " + pplcnet::model_names(false) +
      ".\n\nExamples: pplcnet bench\n          pplcnet bench PPLCNet_x1_0 "
      "--threads 2 --isa avx2 --json\n          pplcnet bench --int8"
      "\n\nWith --int8 each network is measured as `quantise` makes it, too, and `times` "
      "is how much faster that is; `-` is one that cannot be.");
  command.add("models", arguments->models, "Models by name; PPLCNet_x0_25 and x1_0 if none")
      .by_default({"PPLCNet_x0_25", "PPLCNet_x1_0"})
      .check(check_model);
  command.add("--threads", arguments->threads, "Threads for each picture")
      .range(1, 64)
      .show_default();
  command.add("--isa", arguments->isa, "Instruction set; the best one if not given")
      .one_of({"baseline", "avx2", "avx512"});
  command.add("--seconds", arguments->seconds, "For each model").range(0.0, 3600.0).show_default();
  const CommandOption half_head = command.add_flag("--half-head", arguments->half_head, kHalfHead);
  command.add_flag("--int8", arguments->int8, "Measure networks in int8, too").excludes(half_head);
  command.add_flag("--json", arguments->json, "One JSON object");
  return [arguments] { return run(*arguments); };
}
