#ifndef PPLCNET_BENCH_PEERS_QUANTISED_NETWORK_HPP
#define PPLCNET_BENCH_PEERS_QUANTISED_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "../synthetic_network.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/quantise_network.hpp"

// The synthetic networks in bytes.

namespace bench {

/// Ends the program with an error.
inline void stop_at(const pplcnet::Error& error) {
  if (!error) return;
  std::fprintf(stderr, "%s\n", error.message());
  std::exit(1);
}

/// The synthetic picture has values from -2 to 2.
inline std::array<pplcnet::ByteTable, 3> synthetic_tables() {
  std::array<pplcnet::ByteTable, 3> tables;
  for (pplcnet::ByteTable& table : tables)
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = 4 * static_cast<float>(i) / 255 - 2;
  return tables;
}

/// Returns a planar picture as bytes [height][width][3].
inline std::vector<std::uint8_t> interleaved_bytes(const std::vector<float>& planar) {
  const std::size_t pixels = planar.size() / 3;
  std::vector<std::uint8_t> bytes(planar.size());
  for (std::size_t i = 0; i < planar.size(); ++i)
    bytes[i % pixels * 3 + i / pixels] =
        static_cast<std::uint8_t>(std::lround((planar[i] + 2) * 255 / 4));
  return bytes;
}

/// Quantises a network: the ranges are those of its one picture.
inline pplcnet::AnyQuantisedNetwork quantised(pplcnet::AnyNetwork floats) {
  const std::vector<float> input = synthetic_input(floats.input_shape());
  pplcnet::LayerOutputs outputs(floats.layers());
  floats.run(pplcnet::Picture::planar(input.data(), floats.input_shape()), outputs.destinations());
  pplcnet::Calibration calibration(floats.layers());
  calibration.add(outputs);
  pplcnet::ChannelRanges ranges;
  stop_at(calibration.choose({}, ranges));
  pplcnet::QuantisedModel model;
  stop_at(pplcnet::quantise(floats.plan(), floats.weights(), synthetic_tables(), ranges, model));
  std::optional<pplcnet::AnyQuantisedNetwork> network;
  stop_at(pplcnet::AnyQuantisedNetwork::make(floats.graph(), model, 1, network));
  return *std::move(network);
}

}  // namespace bench

#endif  // PPLCNET_BENCH_PEERS_QUANTISED_NETWORK_HPP
