#ifndef PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP
#define PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"
#include "pplcnet/weights/reparameterise.hpp"
#include "pplcnet/weights/tensor.hpp"
#include "synthetic.hpp"

namespace pplcnet_test {

/// A framework's state dict with synthetic values, and the bytes that its tensors view.
struct SyntheticStateDict {
  pplcnet::TensorFile file;
  GainFamily family = GainFamily::v1;
  std::uint64_t seed = 1;
  std::vector<std::unique_ptr<std::vector<float>>> values;

  void add(const std::string& name, const std::vector<std::int64_t>& shape) {
    if (!name.empty()) add(name, shape, synthetic_tensor(name, shape, family, seed));
  }
  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           const std::vector<float>& tensor) {
    values.push_back(std::make_unique<std::vector<float>>(tensor));
    file.tensors.push_back({.name = name,
                            .type = pplcnet::DataType::f32,
                            .shape = shape,
                            .data = std::as_bytes(std::span(*values.back()))});
  }
  void add(const pplcnet::ParameterNames& names, const std::vector<std::int64_t>& weight_shape,
           std::int64_t channels) {
    add(names.weight, weight_shape);
    for (const auto& name :
         {names.bias, names.gamma, names.beta, names.mean, names.variance, names.slopes})
      add(name, {channels});
  }
};

/// How large the synthetic weights of a network are.
constexpr GainFamily gain_family(const pplcnet::NetworkTraits& traits) {
  return traits.name.starts_with("v2")                                    ? GainFamily::v2
         : traits.name.starts_with("v3") || traits.name.starts_with("v4") ? GainFamily::v3
                                                                          : GainFamily::v1;
}

/// The branches of one layer, and what the checkpoint has besides.
inline void add_branches(SyntheticStateDict& state, const pplcnet::Layer& layer,
                         const pplcnet::Naming& naming) {
  const auto names = pplcnet::training_names(layer, naming);
  const auto form = pplcnet::training_form(layer);
  for (std::size_t i = 0; i < names.branches.size(); ++i) {
    auto shape = pplcnet::weight_shape(layer, naming);
    shape[2] = shape[3] = form.branches[i].kernel;
    state.add(names.branches[i], shape, layer.output.channels);
  }
  state.add(names.after, {}, layer.output.channels);
  if (form.keeps_deployed)
    state.add(pplcnet::parameter_names(layer, naming), pplcnet::weight_shape(layer, naming),
              layer.output.channels);
}

/// The deployed form of one layer, whose synthetic values are those of its branches.
inline void add_deployed(SyntheticStateDict& state, const pplcnet::Layer& layer,
                         const pplcnet::Naming& naming) {
  SyntheticStateDict trained;
  trained.family = state.family;
  trained.seed = state.seed;
  add_branches(trained, layer, naming);
  const auto names = pplcnet::training_names(layer, naming);
  const auto form = pplcnet::training_form(layer);
  const auto parameters_of = [&](const pplcnet::ParameterNames& requested) {
    const auto values = [&](const std::string& name) {
      for (std::size_t i = 0; i < trained.values.size(); ++i)
        if (trained.file.tensors[i].name == name) return *trained.values[i];
      return std::vector<float>{};
    };
    return pplcnet::Parameters{.weight = values(requested.weight),
                               .bias = {},
                               .gamma = values(requested.gamma),
                               .beta = values(requested.beta),
                               .mean = values(requested.mean),
                               .variance = values(requested.variance),
                               .affine = {},
                               .slopes = {}};
  };
  pplcnet::BranchSum sum(layer);
  for (std::size_t i = 0; i < names.branches.size(); ++i)
    sum.add(form.branches[i], parameters_of(names.branches[i]));
  const auto after = parameters_of(names.after);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
    sum.scale(o, pplcnet::batch_norm_of(after, o));
  pplcnet::Parameters deployed;
  sum.round_to(deployed);
  const auto own = pplcnet::parameter_names(layer, naming);
  state.add(own.weight, pplcnet::weight_shape(layer, naming), deployed.weight);
  state.add(own.bias, {layer.output.channels}, deployed.bias);
}

inline SyntheticStateDict synthetic_state_dict(std::span<const pplcnet::Layer> layers,
                                               const pplcnet::NetworkTraits& traits,
                                               Form form = Form::training, std::uint64_t seed = 1) {
  SyntheticStateDict state;
  state.file.path = "synthetic";
  state.family = gain_family(traits);
  state.seed = seed;
  const pplcnet::Naming naming = pplcnet::namings_of(traits).front();
  for (const pplcnet::Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    if (training_form(layer).count == 0)
      state.add(pplcnet::parameter_names(layer, naming), pplcnet::weight_shape(layer, naming),
                layer.output.channels / layer.repeats);
    else if (form == Form::training)
      add_branches(state, layer, naming);
    else
      add_deployed(state, layer, naming);
    const auto affine = pplcnet::affine_names(layer, naming);
    for (const auto& name : {affine.scale, affine.bias, affine.last_scale, affine.last_bias})
      state.add(name, {1});
  }
  return state;
}

/// Packs synthetic weights of a network, as if loaded from a framework's file.
inline void pack_synthetic(std::span<const pplcnet::Layer> layers,
                           const pplcnet::NetworkTraits& traits, Form form, std::uint64_t seed,
                           std::span<float> weights) {
  const SyntheticStateDict state = synthetic_state_dict(layers, traits, form, seed);
  const auto error = pplcnet::pack_state_dict(state.file, layers, traits, weights);
  EXPECT_FALSE(error) << error.message();
}

/// Returns the weights of a type with those values.
template <class Net>
std::unique_ptr<typename Net::Weights> synthetic_weights(Form form = Form::training,
                                                         std::uint64_t seed = 1) {
  auto weights = std::make_unique<typename Net::Weights>();
  pack_synthetic(Net::layers, Net::traits, form, seed, weights->values);
  return weights;
}

/// The instruction sets that this machine can run.
inline std::vector<pplcnet::Isa> available_isas() {
  std::vector<pplcnet::Isa> isas = {pplcnet::Isa::baseline};
  for (const pplcnet::Isa isa : {pplcnet::Isa::avx2, pplcnet::Isa::avx512})
    if (pplcnet::has_isa(isa)) isas.push_back(isa);
  return isas;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP
