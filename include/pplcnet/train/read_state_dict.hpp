#ifndef PPLCNET_TRAIN_READ_STATE_DICT_HPP
#define PPLCNET_TRAIN_READ_STATE_DICT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/train/trained_layer.hpp"
#include "pplcnet/train/training_parameters.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/state_dict.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Takes what a network has learnt out of a framework's state dict: batch norms and branches stay
/// apart.
class TrainingStateDict : public StateDict {
 public:
  TrainingStateDict(const TensorFile& file, const TrainedNetwork& network)
      : StateDict(file, network.layers, network.traits), network_(network) {}

  /// Sets all tensors of a network; after an error some of them. Where the file has another number
  /// of classes, the classifier's may stay as they are.
  Error take(const TrainingState& state, bool of_other_classes) {
    if (auto error = open()) return error;
    for (int node = 0; node < network_.graph.node_count; ++node) {
      if (!training::has_parameters(state, node)) continue;
      const Layer layer = trained_layer(network_.graph, node);
      const int classes = classes_in_file(layer);
      const bool fits = classes == layer.output.channels;
      TrainingParameters parameters;
      if (fits || !of_other_classes) {
        if (auto error = read_parts(layer, parameters)) return error;
        training::set_parameters(state, node, parameters);
      } else {
        Layer other = layer;
        other.output.channels = classes;
        if (auto error = StateDict::read(other, parameters.whole)) return error;
      }
    }
    return close();
  }

 private:
  using StateDict::read;

  /// Returns how many classes the file's classifier has; of other layers their outputs.
  int classes_in_file(const Layer& layer) const {
    const Tensor* weight = is_logits(layer) ? find(names_of(layer).weight) : nullptr;
    const std::vector<std::int64_t> shape = weight_shape(layer, naming_);
    if (weight == nullptr || weight->shape.size() != shape.size()) return layer.output.channels;
    const std::size_t out = layout_in(layer, naming_) == Layout::in_out ? 1 : 0;
    const std::int64_t classes = weight->shape[out];
    const bool sound = classes >= 1 && classes <= Graph::kMostOutputs;
    return sound ? static_cast<int>(classes) : layer.output.channels;
  }

  Error read_parts(const Layer& layer, TrainingParameters& parameters) {
    if (trained_form(layer, network_.as_deployed).count > 0)
      return read_branches_apart(layer, parameters);
    if (auto error = StateDict::read(layer, parameters.whole)) return error;
    if (!parameters.whole.affine.empty()) parameters.last_affine = parameters.whole.affine;
    return {};
  }

  Error read_branches_apart(const Layer& layer, TrainingParameters& parameters) {
    const TrainingForm form = training_form(layer);
    const TrainingNames names = training_names(layer, naming_);
    const ParameterNames own = parameter_names(layer, naming_);
    if (!has_branches(names, own))
      return Error::of(file_.path, ": ", layer_name(layer),
                       " has no branches: it is trained as it is deployed, or not at all");
    for (std::size_t i = 0; i < names.branches.size(); ++i) {
      auto shape = weight_shape(layer, naming_);
      shape[2] = shape[3] = form.branches[i].kernel;
      if (form.branches[i].identity) shape.clear();
      Parameters& branch = parameters.branches.emplace_back();
      if (auto error = read(layer, names.branches[i], shape, branch)) return error;
    }
    if (auto error = read(layer, names.after, {}, parameters.whole)) return error;
    if (form.keeps_deployed) {
      mark(full_name(own.weight));
      mark(full_name(own.bias));
    }
    return read_scalars(layer, parameters);
  }

  Error read_scalars(const Layer& layer, TrainingParameters& parameters) {
    const AffineNames names = affine_names(layer, naming_);
    if (auto error = read_scalar(names.scale, parameters.affine[0])) return error;
    if (auto error = read_scalar(names.bias, parameters.affine[1])) return error;
    if (!layer.affine) {
      mark(full_name(names.last_scale));
      mark(full_name(names.last_bias));
      return {};
    }
    if (auto error = read_scalar(names.last_scale, parameters.last_affine[0])) return error;
    return read_scalar(names.last_bias, parameters.last_affine[1]);
  }

  Error read_scalar(const std::string& name, float& value) {
    std::vector<float> values = {value};
    if (auto error = read(name, {1}, values)) return error;
    value = values.front();
    return {};
  }

  TrainedNetwork network_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_READ_STATE_DICT_HPP
