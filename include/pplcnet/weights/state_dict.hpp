#ifndef PPLCNET_WEIGHTS_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/branch_names.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/naming/network_names.hpp"
#include "pplcnet/weights/naming/parts.hpp"
#include "pplcnet/weights/reparameterise.hpp"
#include "pplcnet/weights/state_dict_tensors.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a framework's parameters out of a file by name. Frameworks put prefixes before the names
/// (`module.`, `backbone.`, `base_model.`): whatever stands before the stem's name is one.
class StateDict : private StateDictTensors {
 public:
  StateDict(const TensorFile& file, std::span<const Layer> layers, const Architecture& architecture)
      : StateDictTensors(file), layers_(layers), net_(architecture) {}

  /// Finds out whose names these are; an error if nobody's, or not those of the type.
  Error open() {
    if (const auto parts = parts_of(file_); parts.size() > 1)
      return Error::of(file_.path, ": holds several networks, take one of them: ", quote(parts));
    if (net_.family == Family::other) return find_prefix();
    const bool affine = has_affines(file_);
    const NetworkNames *found = nullptr, *other = nullptr;
    std::string anchors, twin;
    for (const NetworkNames& known : kNetworkNames) {
      const bool fits = known.fits(net_);
      if (fits) anchors += (anchors.empty() ? " (" : ", ") + quote(known.anchor);
      for (const Tensor& tensor : file_.tensors) {
        const std::size_t begin = place_in(tensor.name, known.anchor);
        if (begin == std::string::npos || affine != (known.family == Family::v3)) continue;
        if (!fits) {
          other = &known;
          continue;
        }
        // What a backbone is part of may have a module of that name, too, but deeper inside.
        const std::string prefix = tensor.name.substr(0, begin);
        const auto deeper = std::ranges::count(prefix, '.') - std::ranges::count(prefix_, '.');
        if (found != nullptr && (deeper > 0 || prefix == prefix_)) continue;
        twin = found != nullptr && deeper == 0 ? prefix_ : "";
        found = &known;
        prefix_ = prefix;
      }
    }
    if (!twin.empty())
      return Error::of(file_.path, ": holds two networks, ", quote(twin), " and ", quote(prefix_));
    if (found != nullptr) {
      naming_ = found->naming;
      return check_ending().after(1);
    }
    if (other != nullptr)
      return Error::of(file_.path, ": holds tensors of ", other->what, ", the type is ",
                       what_of(net_));
    const std::string first = file_.tensors.empty() ? "none" : quote(file_.tensors.front().name);
    return Error::of(file_.path, ": no tensor is named as in ", what_of(net_), anchors,
                     anchors.empty() ? "" : ")", "; the first is ", first);
  }

  /// Reads all parameters of a layer, with the shapes that the layer must have; branches become one
  /// weight and bias.
  Error read(const Layer& layer, Parameters& parameters) {
    if (layer.branches != Branches::none) return read_branches(layer, parameters);
    const ParameterNames names = parameter_names(layer, net_, naming_);
    if (auto error = check_classes(layer, names.weight)) return error;
    if (auto error = read(layer, names, weight_shape(layer, naming_), parameters)) return error;
    const bool of_paddle = layer.part == Part::classifier && naming_ == Naming::paddle;
    if (of_paddle || (layer.part == Part::named && layer.layout == Layout::in_out))
      transpose(layer, parameters.weight);
    return {};
  }

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, file_.path, kWhenFolded);
  }

  /// After everything was read: an error that names the first tensor which nobody asked for, or the
  /// first with a value that no network can have.
  Error close() const {
    for (const Tensor& tensor : file_.tensors) {
      const bool counter = tensor.name.ends_with(".num_batches_tracked");
      if (counter || std::ranges::binary_search(read_, tensor.name)) continue;
      if (is_around_a_backbone(tensor.name)) continue;
      return Error::of(file_.path, ": tensor ", quote(tensor.name), " ",
                       describe(tensor.type, tensor.shape), " is not part of the type's network");
    }
    return wrong_value_;
  }

 private:
  using StateDictTensors::read;

  /// Finds what stands before the names of a graph's layers.
  Error find_prefix() {
    const auto first = std::ranges::find_if(layers_, &Layer::has_weights);
    if (first == layers_.end()) return {};
    const std::string name = parameter_names(*first, net_).weight;
    for (const Tensor& tensor : file_.tensors)
      if (const std::size_t begin = place_in(tensor.name, name); begin != std::string::npos) {
        prefix_ = tensor.name.substr(0, begin);
        return {};
      }
    return Error::of(file_.path, ": no tensor is named as in ", what_of(net_), " (", quote(name),
                     "); the first is ",
                     file_.tensors.empty() ? "none" : quote(file_.tensors.front().name));
  }

  Error read(const Layer& layer, const ParameterNames& names,
             std::vector<std::int64_t> weight_shape, Parameters& parameters) {
    const std::vector<std::int64_t> vector = {layer.output.channels * layer.group_count};
    if (!weight_shape.empty()) weight_shape.front() *= layer.group_count;
    if (auto error = read(names.weight, weight_shape, parameters.weight)) return error;
    if (auto error = read(names.bias, vector, parameters.bias)) return error;
    if (auto error = read(names.gamma, vector, parameters.gamma)) return error;
    if (auto error = read(names.beta, vector, parameters.beta)) return error;
    if (auto error = read(names.mean, vector, parameters.mean)) return error;
    if (auto error = read(names.variance, vector, parameters.variance, read_variances))
      return error;
    for (std::vector<float>* values : {&parameters.weight, &parameters.bias, &parameters.gamma,
                                       &parameters.beta, &parameters.mean, &parameters.variance})
      take_group(layer, *values);
    return {};
  }

  /// Leaves the part of a convolution's values that a layer of it has.
  static void take_group(const Layer& layer, std::vector<float>& values) {
    const std::size_t size = values.size() / static_cast<std::size_t>(layer.group_count);
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(size) * layer.group;
    if (layer.group_count > 1)
      values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
  }

  /// Whether the file has any tensor of a layer's training form, `own` being the deployed one's.
  bool has_branches(const TrainingNames& names, const ParameterNames& own) const {
    const auto is_there = [&](const ParameterNames& part) {
      return (part.weight != own.weight && find(part.weight)) || find(part.gamma) ||
             find(part.beta) || find(part.mean) || find(part.variance);
    };
    return std::ranges::any_of(names.branches, is_there) || is_there(names.behind);
  }

  /// A layer that has branches where it was trained, from a file of either form.
  Error read_branches(const Layer& layer, Parameters& result) {
    const TrainingForm form = training_form(layer);
    const TrainingNames names = training_names(layer, net_);
    const ParameterNames own = paddle_names(layer, net_);
    BranchSum sum(layer);
    Parameters behind;
    if (has_branches(names, own)) {
      for (std::size_t i = 0; i < names.branches.size(); ++i) {
        auto shape = weight_shape(layer, naming_);
        shape[2] = shape[3] = form.branches[i].kernel;
        Parameters branch;
        if (auto error = read(layer, names.branches[i], shape, branch)) return error;
        sum.add(form.branches[i], branch);
      }
      if (auto error = read(layer, names.behind, {}, behind)) return error;
      const ParameterNames unused = unused_names(layer, net_);
      mark(full_name(unused.weight));
      mark(full_name(unused.bias));
    } else {
      Parameters deployed;
      if (auto error = read(layer, own, weight_shape(layer, naming_), deployed)) return error;
      sum.add({.kernel = layer.kernel.height}, deployed);
    }
    Linear affine;
    if (layer.branches == Branches::v3)
      if (auto error = read_affine(layer, affine, result.affine)) return error;
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
      sum.scale(o, layer.branches == Branches::v3 ? affine : batch_norm_of(behind, o));
    sum.round_to(result);
    return {};
  }

  /// V3's: the one in front of the activation is part of the sum; the one behind it has no use
  /// where there is no activation.
  Error read_affine(const Layer& layer, Linear& before, std::vector<float>& behind) {
    const AffineNames names = affine_names(module_name(layer, net_));
    std::vector<float> scale, shift;
    if (auto error = read(names.scale, {1}, scale)) return error;
    if (auto error = read(names.bias, {1}, shift)) return error;
    before = {scale[0], shift[0]};
    if (!layer.affine) {
      mark(full_name(names.activation_scale));
      mark(full_name(names.activation_bias));
      return {};
    }
    if (auto error = read(names.activation_scale, {1}, scale)) return error;
    if (auto error = read(names.activation_bias, {1}, shift)) return error;
    behind = {scale[0], shift[0]};
    return {};
  }

  /// Whether a tensor belongs to what a backbone was trained in: it lies beside the prefix, or it
  /// is V1's head or classifier.
  bool is_around_a_backbone(std::string_view name) const {
    if (net_.family == Family::other || (net_.ending == Ending::classifier && !net_.neck))
      return false;
    if (!name.starts_with(prefix_)) return true;
    if (net_.ending != Ending::maps) return false;
    for (const Part part : {Part::head, Part::classifier}) {
      const ParameterNames names = parameter_names({.part = part, .bias = true}, net_, naming_);
      if (name == full_name(names.weight) || name == full_name(names.bias)) return true;
    }
    return false;
  }

  /// The commonest mistakes deserve the plainest words: another task, another head, other classes.
  Error check_ending() const {
    const bool maps = net_.ending == Ending::maps, v2 = net_.family == Family::v2;
    if (net_.family == Family::v3 && (find("layer_list.0.weight") != nullptr) != maps)
      return Error::of(file_.path, ": holds tensors of V3 for ", maps ? "recognition" : "detection",
                       ", the type is ", what_of(net_));
    if (net_.ending != Ending::classifier) return {};
    if (v2)
      if (auto error = check_presence("neck.feat_bn.weight", net_.neck,
                                      "V2Options::features = ", net_.neck ? "true" : "false"))
        return error;
    return check_presence(parameter_names({.part = Part::head}, net_, naming_).weight,
                          net_.head > 0, v2 ? "V2" : "", "Options::head = ", net_.head);
  }

  template <class... Words>
  Error check_presence(const std::string& name, bool expected, const Words&... option) const {
    const bool there = find(name) != nullptr;
    if (there == expected) return {};
    return Error::of(file_.path, ": has ", there ? "a" : "no", " tensor ", quote(full_name(name)),
                     ", the type has ", option...);
  }

  Error check_classes(const Layer& layer, const std::string& name) const {
    const Tensor* tensor = find(name);
    const auto shape = weight_shape(layer, naming_);
    if (layer.part != Part::classifier || tensor == nullptr || tensor->shape.size() != 2) return {};
    const std::size_t out = shape[0] == layer.output.channels ? 0 : 1;
    if (tensor->shape[1 - out] != shape[1 - out] || tensor->shape[out] == shape[out]) return {};
    return Error::of(file_.path, ": has ", tensor->shape[out], " classes (", quote(tensor->name),
                     "), the type has ", shape[out]);
  }

  std::span<const Layer> layers_;
  const Architecture& net_;
};

/// Reads, folds and packs all layers of a network. An error knows how many layers the file has.
inline Error pack_state_dict(const TensorFile& file, std::span<const Layer> layers,
                             const Architecture& architecture, std::span<float> weights) {
  StateDict state(file, layers, architecture);
  Error first = state.open();
  if (first && first.steps() == 0) return first;  // nobody's names, or another type's
  std::size_t count = 1;
  for (const Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    Parameters parameters;
    if (auto error = state.read(layer, parameters)) {
      if (!first) first = std::move(error);
      continue;
    }
    ++count;
    if (first) continue;
    fold(layer, parameters);
    pack(layer, parameters, weights);
    state.check(layer, weights);
  }
  return (first ? std::move(first) : state.close()).after(count);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_HPP
