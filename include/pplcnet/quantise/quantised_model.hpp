#ifndef PPLCNET_QUANTISE_QUANTISED_MODEL_HPP
#define PPLCNET_QUANTISE_QUANTISED_MODEL_HPP

#include <array>
#include <cstdint>
#include <vector>

#include "pplcnet/abi.hpp"

// What calibration decides and what files hold of a network in bytes: README.md says what it means.

namespace pplcnet::inline PPLCNET_ABI {

/// What one layer consists of, in real terms. Scales of its input are part of its weights.
struct QuantisedTensors {
  std::vector<std::int8_t> weights;  ///< [out][in][rows][columns]; depthwise: in = 1
  std::vector<float> weight_scales;  ///< [out]: the real value of a step of the sums
  std::vector<float> biases;         ///< [out]: real
  std::vector<float> scales;  ///< [out] of the output; none: it gives logits or a gate's factors
  std::vector<std::uint8_t> zeros;  ///< [out] of the output, with `scales`
};

/// A network in bytes, in real terms.
struct QuantisedModel {
  /// The picture is its bytes: x = scale · (byte - zero), where the zero is real.
  std::array<float, 3> picture_scales = {}, picture_zeros = {};
  std::vector<QuantisedTensors> layers;  ///< one for each layer of the plan
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_QUANTISED_MODEL_HPP
