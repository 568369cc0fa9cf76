#ifndef PPLCNET_TESTS_BITS_ANSWER_HPP
#define PPLCNET_TESTS_BITS_ANSWER_HPP

#include <memory>
#include <vector>

#include "pplcnet/family/v1.hpp"
#include "synthetic_weights.hpp"

namespace pplcnet_test {

/// The logits of a network with synthetic weights for a synthetic picture.
template <class Net>
std::vector<float> answer(pplcnet::Isa isa) {
  const auto weights = std::make_unique<typename Net::Weights>();
  for (const pplcnet::Layer& layer : Net::layers)
    if (layer.has_weights()) pack(layer, synthetic_parameters(layer), weights->values);
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const std::vector<float> image =
      synthetic_input(1, 1, 3, Net::input_shape.height, Net::input_shape.width);

  typename Net::Logits logits;
  Net::forward(*weights, typename Net::Image(image), *workspace, logits, {.isa = isa});
  return {logits.begin(), logits.end()};
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_BITS_ANSWER_HPP
