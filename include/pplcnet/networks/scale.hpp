#ifndef PPLCNET_NETWORKS_SCALE_HPP
#define PPLCNET_NETWORKS_SCALE_HPP

#include <string_view>

#include "pplcnet/graph/shape.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Width multiplier in exact hundredths: the published scales; any other value works too,
/// `static_cast<Scale>(60)` is x0.60.
enum class Scale : int {
  x0_25 = 25,
  x0_35 = 35,
  x0_5 = 50,
  x0_75 = 75,
  x0_95 = 95,
  x1_0 = 100,
  x1_25 = 125,
  x1_5 = 150,
  x2_0 = 200,
  x2_5 = 250
};

/// Returns whether a scale makes a network that is neither nothing nor larger than memory.
constexpr bool is_scale(Scale scale) {
  return static_cast<int>(scale) >= 5 && static_cast<int>(scale) <= 1000;
}

/// Returns the name of a published width: "x1_0" for Scale::x1_0; "custom" for others.
constexpr std::string_view scale_name(Scale scale) {
  constexpr struct {
    Scale scale;
    std::string_view name;
  } kNames[] = {{Scale::x0_25, "x0_25"}, {Scale::x0_35, "x0_35"}, {Scale::x0_5, "x0_5"},
                {Scale::x0_75, "x0_75"}, {Scale::x0_95, "x0_95"}, {Scale::x1_0, "x1_0"},
                {Scale::x1_25, "x1_25"}, {Scale::x1_5, "x1_5"},   {Scale::x2_0, "x2_0"},
                {Scale::x2_5, "x2_5"}};
  for (const auto& [known, name] : kNames)
    if (known == scale) return name;
  return "custom";
}

/// Returns `channels` at a scale, to the nearest multiple of `divisor`: Paddle's `make_divisible`.
constexpr int scaled(int channels, Scale scale, int divisor = 8) {
  return make_divisible(channels * static_cast<int>(scale), divisor);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_SCALE_HPP
