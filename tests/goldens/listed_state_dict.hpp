#ifndef PPLCNET_TESTS_GOLDENS_LISTED_STATE_DICT_HPP
#define PPLCNET_TESTS_GOLDENS_LISTED_STATE_DICT_HPP

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "goldens/golden.hpp"
#include "goldens/synthetic_network.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// The tensors that a golden lists: name, shape, mean, spread, and whether the taps of a kernel sum
/// to zero.
inline SyntheticStateDict listed_state_dict(const Golden& golden) {
  SyntheticStateDict state;
  for (const nlohmann::json& row : golden.numbers.at("tensors")) {
    const std::string name = row.at(0);
    const std::vector<std::int64_t> shape = row.at(1);
    const double mean = row.at(2), spread = row.at(3);
    const bool zero_sum = row.at(4) != 0;
    std::size_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    const std::size_t taps = zero_sum ? static_cast<std::size_t>(shape.at(2) * shape.at(3)) : 1;
    const Stream stream{name, golden.seed()};
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; ++i) {
      const double next = zero_sum ? stream.u(i / taps * taps + (i + 1) % taps) : 0;
      values[i] = static_cast<float>(mean + spread * (stream.u(i) - next));
    }
    state.add(name, shape, values);
  }
  return state;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_LISTED_STATE_DICT_HPP
