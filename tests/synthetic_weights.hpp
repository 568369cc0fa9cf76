#ifndef PPLCNET_TESTS_SYNTHETIC_WEIGHTS_HPP
#define PPLCNET_TESTS_SYNTHETIC_WEIGHTS_HPP

#include <cstdint>
#include <string>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// Synthetic parameters of a layer of any network, folded: [out][in][kernel][kernel] and a bias.
inline pplcnet::Parameters synthetic_parameters(const pplcnet::Layer& layer) {
  const auto tensor = [&](const char* leaf, const std::vector<std::int64_t>& shape) {
    return synthetic_tensor(pplcnet::layer_name(layer) + leaf, shape, GainFamily::v1);
  };
  const std::vector<std::int64_t> vector = {layer.output.channels};
  pplcnet::Parameters parameters;
  parameters.weight = tensor(".weight", {layer.output.channels, layer.depth(), 1, 1});
  if (layer.op == pplcnet::Operator::depthwise)
    parameters.weight =
        tensor(".weight", {layer.output.channels, 1, layer.kernel.height, layer.kernel.width});
  if (layer.bias) parameters.bias = tensor(".bias", vector);
  if (layer.batch_norm) {
    parameters.gamma = tensor(".bn.weight", vector);
    parameters.beta = tensor(".bn.bias", vector);
    parameters.mean = tensor(".bn._mean", vector);
    parameters.variance = tensor(".bn._variance", vector);
  }
  if (layer.has_slopes()) parameters.slopes = tensor(".act.weight", vector);
  if (layer.affine) parameters.affine = {1.125F, -0.25F};
  fold(layer, parameters);
  return parameters;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_SYNTHETIC_WEIGHTS_HPP
