#ifndef PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP
#define PPLCNET_TESTS_GOLDENS_SYNTHETIC_NETWORK_HPP

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/branches.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/branch_names.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/reparameterise.hpp"
#include "pplcnet/weights/state_dict.hpp"
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
    for (const auto& name : {names.bias, names.gamma, names.beta, names.mean, names.variance})
      add(name, {channels});
  }
};

constexpr GainFamily gain_family(pplcnet::Family family) {
  return family == pplcnet::Family::v1   ? GainFamily::v1
         : family == pplcnet::Family::v2 ? GainFamily::v2
                                         : GainFamily::v3;
}

/// The branches of one layer, and what the checkpoint has besides.
inline void add_branches(SyntheticStateDict& state, const pplcnet::Layer& layer,
                         const pplcnet::Architecture& net) {
  const auto names = pplcnet::training_names(layer, net);
  const auto form = pplcnet::training_form(layer);
  for (std::size_t i = 0; i < names.branches.size(); ++i) {
    auto shape = pplcnet::weight_shape(layer, pplcnet::Naming::paddle);
    shape[2] = shape[3] = form.branches[i].kernel;
    state.add(names.branches[i], shape, layer.output.channels);
  }
  state.add(names.behind, {}, layer.output.channels);
  state.add(pplcnet::unused_names(layer, net),
            pplcnet::weight_shape(layer, pplcnet::Naming::paddle), layer.output.channels);
}

/// The deployed form of one layer, whose synthetic values are those of its branches.
inline void add_deployed(SyntheticStateDict& state, const pplcnet::Layer& layer,
                         const pplcnet::Architecture& net) {
  SyntheticStateDict trained;
  trained.family = state.family;
  trained.seed = state.seed;
  add_branches(trained, layer, net);
  const auto names = pplcnet::training_names(layer, net);
  const auto form = pplcnet::training_form(layer);
  const auto parameters_of = [&](const pplcnet::ParameterNames& wanted) {
    const auto values = [&](const std::string& name) {
      for (std::size_t i = 0; i < trained.values.size(); ++i)
        if (trained.file.tensors[i].name == name) return *trained.values[i];
      return std::vector<float>{};
    };
    return pplcnet::Parameters{.weight = values(wanted.weight),
                               .bias = {},
                               .gamma = values(wanted.gamma),
                               .beta = values(wanted.beta),
                               .mean = values(wanted.mean),
                               .variance = values(wanted.variance),
                               .affine = {}};
  };
  pplcnet::BranchSum sum(layer);
  for (std::size_t i = 0; i < names.branches.size(); ++i)
    sum.add(form.branches[i], parameters_of(names.branches[i]));
  const auto behind = parameters_of(names.behind);
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
    sum.scale(o, pplcnet::batch_norm_of(behind, o));
  pplcnet::Parameters deployed;
  sum.round_to(deployed);
  const auto own = pplcnet::paddle_names(layer, net);
  state.add(own.weight, pplcnet::weight_shape(layer, pplcnet::Naming::paddle), deployed.weight);
  state.add(own.bias, {layer.output.channels}, deployed.bias);
}

inline SyntheticStateDict synthetic_state_dict(std::span<const pplcnet::Layer> layers,
                                               const pplcnet::Architecture& architecture,
                                               Form form = Form::training, std::uint64_t seed = 1) {
  SyntheticStateDict state;
  state.file.path = "synthetic";
  state.family = gain_family(architecture.family);
  state.seed = seed;
  for (const pplcnet::Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    if (layer.branches == pplcnet::Branches::none)
      state.add(pplcnet::parameter_names(layer, architecture),
                pplcnet::weight_shape(layer, pplcnet::naming_of(architecture.dialect)),
                layer.output.channels);
    else if (form == Form::training)
      add_branches(state, layer, architecture);
    else
      add_deployed(state, layer, architecture);
    if (layer.branches != pplcnet::Branches::v3) continue;
    const auto affine = pplcnet::affine_names(pplcnet::module_name(layer, architecture));
    for (const auto& name :
         {affine.scale, affine.bias, affine.activation_scale, affine.activation_bias})
      state.add(name, {1});
  }
  return state;
}

/// A network's weights with synthetic values, as if loaded from a framework's file.
template <class Net>
std::unique_ptr<typename Net::Weights> synthetic_weights(Form form = Form::training,
                                                         std::uint64_t seed = 1) {
  auto weights = std::make_unique<typename Net::Weights>();
  const SyntheticStateDict state = synthetic_state_dict(Net::layers, Net::architecture, form, seed);
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
