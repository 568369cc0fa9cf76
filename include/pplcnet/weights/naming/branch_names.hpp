#ifndef PPLCNET_WEIGHTS_NAMING_BRANCH_NAMES_HPP
#define PPLCNET_WEIGHTS_NAMING_BRANCH_NAMES_HPP

#include <cstddef>
#include <string>
#include <vector>

#include "pplcnet/branches.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/naming/names.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Names of V3's scale and shift: in front of the activation, and behind it.
struct AffineNames {
  std::string scale, bias, activation_scale, activation_bias;
};

inline AffineNames affine_names(const std::string& module) {
  return {module + ".lab.scale", module + ".lab.bias", module + ".act.lab.scale",
          module + ".act.lab.bias"};
}

/// The tensors of a training checkpoint that one layer is made of.
struct TrainingNames {
  std::vector<ParameterNames> branches;  ///< one for each of `training_form`
  ParameterNames behind;                 ///< the batch norm behind their sum
};

inline TrainingNames training_names(const Layer& layer, const Architecture& net) {
  const TrainingForm form = training_form(layer);
  const std::string module = module_name(layer, net);
  TrainingNames names;
  int same = 0;  // branches of the layer's own kernel, so far
  for (int i = 0; i < form.count; ++i) {
    const Branch& branch = form.branches[i];
    // What a branch is called; a batch norm is beside its convolution.
    std::string path = module;
    if (layer.branches == Branches::v2) path += join({"_list.", i});
    if (layer.branches == Branches::v3 && !branch.identity)
      path += branch.kernel == 1 && layer.kernel.height > 1 ? ".conv_1x1"
                                                            : join({".conv_kxk.", same++});
    if (layer.branches == Branches::v4) path += branch.batch_norm ? ".conv" : "";
    ParameterNames& own = names.branches.emplace_back();
    if (!branch.identity) own.weight = path + (branch.batch_norm ? ".conv" : ".conv1") + ".weight";
    if (branch.batch_norm)
      naming::add_batch_norm(own, path + (branch.identity ? ".identity" : ".bn"), true);
  }
  if (form.batch_norm) naming::add_batch_norm(names.behind, module + ".bn", true);
  return names;
}

/// Tensors that a training checkpoint has but its network does not use: V2's placeholder for the
/// deployed kernel.
inline ParameterNames unused_names(const Layer& layer, const Architecture& net) {
  if (layer.branches != Branches::v2) return {};
  return paddle_names(layer, net);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_BRANCH_NAMES_HPP
