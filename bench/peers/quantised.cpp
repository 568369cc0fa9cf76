// This library in bytes as an engine for compare.py, with one thread.
//
//   peers_quantised NETWORK ISA floats|bytes      what the picture consists of
#include <cstdint>
#include <string_view>
#include <vector>

#include "quantised_network.hpp"
#include "rounds.hpp"

namespace {

template <class Net>
void serve_network(pplcnet::Isa isa, bool bytes) {
  auto network = bench::quantised_network<Net>();
  const pplcnet::Shape shape = network.input_shape();
  const std::vector<float> values = bench::synthetic_input<Net>();
  const std::vector<std::uint8_t> pixels = bench::interleaved_bytes(values);
  const auto tables = bench::synthetic_tables();
  const auto picture = bytes ? pplcnet::Picture::interleaved(pixels.data(), tables.data(), shape)
                             : pplcnet::Picture::planar(values.data(), shape);
  std::vector<float> logits(Net::classes);
  const auto run = [&] { network.run(picture, network.traits().logits, logits, {.isa = isa}); };
  const double first_seconds = bench::time_of(run);
  bench::serve_runs(logits, first_seconds, run);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto isa = bench::find_isa(argv[2]);
  const bool bytes = std::string_view(argv[3]) == "bytes";
  const bool served =
      isa && bench::with_network(argv[1], [&]<class Net>() { serve_network<Net>(*isa, bytes); });
  return served ? 0 : 2;
}
