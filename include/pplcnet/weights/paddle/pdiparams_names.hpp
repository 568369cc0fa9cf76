#ifndef PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/naming.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/names.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Names of tensors inside a Paddle graph, each with the name that the same tensor has in a state
/// dict.
using PaddleGraphNames = std::vector<std::pair<std::string, std::string>>;

/// Returns the names of a network's tensors inside a graph, in the order of a `.pdiparams` file,
/// each with that in a state dict of the naming: sorted by code points (Paddle `static/io.py`,
/// `static/pir_io.py`).
PPLCNET_INLINE PaddleGraphNames graph_names(std::span<const Layer> layers, const Naming& naming);

/// Gives the nameless tensors of a `.pdiparams` file the names of a state dict; the shapes are
/// checked by whoever reads them by name.
PPLCNET_INLINE Error name_pdiparams(TensorFile& file, std::span<const Layer> layers,
                                    const NetworkTraits& traits);

#if PPLCNET_HAS_DEFINITIONS
/// Names the tensors of a network inside a Paddle graph. Modules are numbered by their kind in the
/// order in which a network's constructor makes them (`conv2d_0.w_0`, `batch_norm2d_26.b_0`): the
/// branches of a layer before the layer, but convolutions that deployment makes after all others.
/// Some networks give names (`conv1_1_weights`).
class PaddleGraphNaming {
 public:
  explicit PaddleGraphNaming(const Naming& naming) : naming_(naming) {}

  /// Returns all names.
  PaddleGraphNames of(std::span<const Layer> layers) {
    std::vector<const Layer*> made_last;
    for (const Layer& layer : layers) {
      if (!layer.owns_weights()) continue;
      if (add_branches(layer)) made_last.push_back(&layer);
    }
    for (const Layer* layer : made_last) add_weights(*layer, "conv2d_", convolutions_++);
    return {names_.begin(), names_.end()};
  }

 private:
  /// Counts what a layer is trained as; returns whether deployment makes its convolution.
  bool add_branches(const Layer& layer) {
    const TrainingForm form = training_form(layer);
    for (const Branch& branch : std::span(form.branches, static_cast<std::size_t>(form.count))) {
      convolutions_ += branch.identity ? 0 : 1;
      norms_ += branch.norm.empty() ? 0 : 1;
    }
    norms_ += form.norm.empty() ? 0 : 1;
    if (const AffineNames affine = affine_names(layer, naming_); !affine.scale.empty()) {
      add_affine(affine.scale, affine.bias, true);
      add_affine(affine.last_scale, affine.last_bias, layer.affine);
    }
    if (form.count > 0 && !form.keeps_deployed) return true;
    if (is_linear(layer.layout))
      add_weights(layer, "linear_", linears_++);
    else
      add_weights(layer, "conv2d_", convolutions_++);
    if (layer.batch_norm) add_norm(layer);
    return false;
  }

  /// Adds a scale and a shift, unless the graph has no use for them.
  void add_affine(const std::string& scale, const std::string& shift, bool is_there) {
    const std::string name = join({"learnable_affine_block_", affines_++});
    if (!is_there) return;
    names_.emplace(name + ".w_0", scale);
    names_.emplace(name + ".w_1", shift);
  }

  void add_weights(const Layer& layer, std::string_view kind, int number) {
    const ParameterNames state = parameter_names(layer, naming_);
    const bool named = naming_.parameters != nullptr;
    const std::string name = named ? own_name(layer) : join({kind, number});
    names_.emplace(name + (named ? "_weights" : ".w_0"), state.weight);
    if (layer.bias) names_.emplace(name + (named ? "_offset" : ".b_0"), state.bias);
  }

  void add_norm(const Layer& layer) {
    const ParameterNames state = parameter_names(layer, naming_);
    const bool named = naming_.parameters != nullptr;
    const std::string name = named                         ? own_name(layer)
                             : layer.op == Operator::dense ? join({"batch_norm1d_", vectors_++})
                                                           : join({"batch_norm2d_", norms_++});
    names_.emplace(name + (named ? "_bn_scale" : ".w_0"), state.gamma);
    names_.emplace(name + (named ? "_bn_offset" : ".b_0"), state.beta);
    names_.emplace(name + (named ? "_bn_mean" : ".w_1"), state.mean);
    names_.emplace(name + (named ? "_bn_variance" : ".w_2"), state.variance);
  }

  std::string own_name(const Layer& layer) const {
    return text_of(naming_.parameters(layer.name).weights);
  }

  const Naming& naming_;
  std::multiset<PaddleGraphNames::value_type> names_;
  int convolutions_ = 0, linears_ = 0, norms_ = 0, vectors_ = 0, affines_ = 0;
};

PPLCNET_INLINE PaddleGraphNames graph_names(std::span<const Layer> layers, const Naming& naming) {
  return PaddleGraphNaming(naming).of(layers);
}

PPLCNET_INLINE Error name_pdiparams(TensorFile& file, std::span<const Layer> layers,
                                    const NetworkTraits& traits) {
  const std::vector<Naming> namings = namings_of(traits);
  const auto naming = std::ranges::find(namings, "paddle", &Naming::framework);
  if (naming == namings.end())
    return Error::of(file.path,
                     ": a .pdiparams file, which does not name its tensors, fits networks of "
                     "Paddle only; the type is ",
                     what_of(traits));
  const auto names = graph_names(layers, *naming);
  if (names.size() != file.tensors.size()) {
    // The two releases of PP-LCNet_x0_25_textline_ori differ in this.
    const bool head = traits.embedding != traits.pooled;
    const bool has_option = !traits.optional.empty() && !traits.optional.front().is_flag;
    const std::size_t with_other_head = !has_option ? names.size()
                                        : head      ? names.size() - 1
                                                    : names.size() + 1;
    return Error::of(file.path, ": holds ", file.tensors.size(),
                     " tensors, the type's network has ", names.size(),
                     file.tensors.size() != with_other_head ? ""
                     : head ? "; without a head (Options::head = 0) it has as many"
                            : "; with a head (Options::head = 1280) it has as many");
  }
  for (std::size_t i = 0; i < names.size(); ++i) file.tensors[i].name = names[i].second;
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDIPARAMS_NAMES_HPP
