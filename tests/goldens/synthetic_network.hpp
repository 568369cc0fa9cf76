#ifndef PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP
#define PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/pplcnet.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// A framework's state dict with synthetic values, and the bytes that its tensors view.
struct SyntheticStateDict {
  pplcnet::TensorFile file;
  std::vector<std::unique_ptr<std::vector<float>>> values;

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    if (name.empty()) return;
    values.push_back(
        std::make_unique<std::vector<float>>(synthetic_tensor(name, shape, GainFamily::v1)));
    file.tensors.push_back({.name = name,
                            .type = pplcnet::DataType::f32,
                            .shape = shape,
                            .data = std::as_bytes(std::span(*values.back()))});
  }
};

inline SyntheticStateDict synthetic_state_dict(std::span<const pplcnet::Layer> layers,
                                               const pplcnet::Architecture& architecture) {
  SyntheticStateDict state;
  state.file.path = "synthetic";
  for (const pplcnet::Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    const pplcnet::ParameterNames names = pplcnet::parameter_names(layer, architecture);
    const std::vector<std::int64_t> channels = {layer.output.channels};
    state.add(names.weight, pplcnet::weight_shape(layer, architecture.dialect));
    for (const auto& name : {names.bias, names.gamma, names.beta, names.mean, names.variance})
      state.add(name, channels);
  }
  return state;
}

/// A network's weights with synthetic values, as if loaded from a framework's file.
template <class Net>
std::unique_ptr<typename Net::Weights> synthetic_weights() {
  auto weights = std::make_unique<typename Net::Weights>();
  const SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::architecture);
  const auto error =
      pplcnet::pack_state_dict(state.file, Net::layers, Net::architecture, weights->values);
  EXPECT_FALSE(error) << error.message();
  return weights;
}

/// The instruction sets that this machine can run.
inline std::vector<pplcnet::Isa> available_isas() {
  std::vector<pplcnet::Isa> isas = {pplcnet::Isa::baseline};
  for (const pplcnet::Isa isa : {pplcnet::Isa::avx2, pplcnet::Isa::avx512})
    if (isa <= pplcnet::best_isa()) isas.push_back(isa);
  return isas;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP
