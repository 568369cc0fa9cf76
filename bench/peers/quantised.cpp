// This library in bytes as an engine for compare.py, with one thread.
//
//   peers_quantised NETWORK ISA floats|bytes      what the picture consists of
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "planned_network.hpp"
#include "quantised_network.hpp"
#include "rounds.hpp"

namespace {

void serve_network(pplcnet::AnyQuantisedNetwork network, pplcnet::Isa isa, bool bytes) {
  const pplcnet::Shape shape = network.input_shape();
  const std::vector<float> values = bench::synthetic_input(shape);
  const std::vector<std::uint8_t> pixels = bench::interleaved_bytes(values);
  const auto tables = bench::synthetic_tables();
  const auto picture = bytes ? pplcnet::Picture::interleaved(pixels.data(), tables.data(), shape)
                             : pplcnet::Picture::planar(values.data(), shape);
  std::vector<float> logits(static_cast<std::size_t>(network.traits().classes));
  const auto run = [&] { network.run(picture, network.traits().logits, logits, {.isa = isa}); };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(logits, first_seconds, run);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto isa = bench::find_isa(argv[2]);
  const bool bytes = std::string_view(argv[3]) == "bytes";
  const auto floats = bench::planned_network(argv[1]);
  if (!isa || !floats) return 2;
  serve_network(bench::quantised(*floats), *isa, bytes);
}
