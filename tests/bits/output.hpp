#ifndef PPLCNET_TESTS_BITS_OUTPUT_HPP
#define PPLCNET_TESTS_BITS_OUTPUT_HPP

#include <memory>
#include <vector>

#include "pplcnet/models/pplcnet.hpp"
#include "synthetic_weights.hpp"

namespace pplcnet_test {

/// Returns the output of a network with synthetic weights for a synthetic picture: all its outputs,
/// one after the other.
template <class Net>
std::vector<float> output_of(pplcnet::Isa isa) {
  const auto weights = std::make_unique<typename Net::Weights>();
  for (const pplcnet::Layer& layer : Net::layers)
    if (layer.owns_weights()) pack(layer, synthetic_parameters(layer), weights->values);
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const std::vector<float> image =
      synthetic_input(1, 1, 3, Net::input_shape.height, Net::input_shape.width);

  std::vector<std::vector<float>> outputs;
  typename Net::Features requested;
  for (int i = 0; i < Net::output_count; ++i)
    requested.outputs[static_cast<std::size_t>(i)] =
        outputs.emplace_back(static_cast<std::size_t>(Net::output_shape(i).size())).data();
  Net::features(*weights, typename Net::Image(image), *workspace, requested, {.isa = isa});
  std::vector<float> all;
  for (const std::vector<float>& output : outputs)
    all.insert(all.end(), output.begin(), output.end());
  return all;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_BITS_OUTPUT_HPP
