#ifndef PPLCNET_MODELS_FLOPS_HPP
#define PPLCNET_MODELS_FLOPS_HPP

#include <cstdint>
#include <span>

#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a layer's FLOPs as `paddle.flops` counts them (Paddle, hapi/dynamic_flops.py), which is
/// what PaddleClas publishes: multiply-adds count once; a convolution's bias adds count, a linear
/// layer's does not; batch norm counts 2 for each of its outputs, a pool one more than it has
/// inputs; activations and gates count nothing.
constexpr std::int64_t flops(const Layer& layer) {
  std::int64_t count = layer.multiply_adds;
  if (layer.bias && layer.layout == Layout::convolution) count += layer.output.size();
  if (layer.batch_norm) count += 2 * layer.output.size();
  if (layer.op == Operator::pool) count += (layer.input.pixels() + 1) * layer.output.channels;
  return count;
}

/// Of a whole network: `flops(Net::layers)`.
constexpr std::int64_t flops(std::span<const Layer> layers) {
  std::int64_t count = 0;
  for (const Layer& layer : layers) count += flops(layer);
  return count;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_FLOPS_HPP
