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

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/naming/parts.hpp"
#include "pplcnet/weights/reparameterise.hpp"
#include "pplcnet/weights/state_dict_tensors.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a framework's parameters out of a file by name. Frameworks put prefixes before the names
/// (`module.`, `backbone.`, `base_model.`): whatever stands before the stem's name is one.
class StateDict : protected StateDictTensors {
 public:
  StateDict(const TensorFile& file, std::span<const Layer> layers, const NetworkTraits& traits)
      : StateDictTensors(file), layers_(layers), traits_(traits) {}

  /// Detects the naming; an error if it is unknown, or another network's.
  Error open();

  /// Reads all parameters of a layer, with the shapes that the layer must have; branches become one
  /// weight and bias.
  Error read(const Layer& layer, Parameters& parameters);

  /// Checks a layer's packed weights.
  void check(const Layer& layer, std::span<const float> weights) {
    if (!wrong_value_) wrong_value_ = check_packed(layer, weights, file_.path, kWhenFolded);
  }

  /// Returns, after everything was read, an error that names the first tensor that is not part of
  /// the network, or the first with a value that no network can have.
  Error close() const;

 protected:
  using StateDictTensors::read;

  Error read(const Layer& layer, const ParameterNames& names,
             std::vector<std::int64_t> weight_shape, Parameters& parameters);

  /// Leaves the part of a convolution's values that a layer of it has.
  static void take_group(const Layer& layer, std::vector<float>& values);

  bool is_logits(const Layer& layer) const {
    return traits_.logits >= 0 &&
           layer.name == layers_[static_cast<std::size_t>(traits_.logits)].name;
  }

 private:
  /// Where a network has been found: what it is called before all names is `prefix_`.
  struct Place {
    bool is_there = false;
    std::string second_prefix;  ///< another prefix of the same depth
  };

  /// Chooses, of namings with the same names for weights, the one that names the batch norm as the
  /// file does.
  void choose_framework(const Layer& layer, const std::vector<Naming>& namings);

  /// Finds what stands before the name of the first weights. What a network is part of may have a
  /// module of that name, too, but deeper inside.
  void find_prefix(const std::string& name, const Naming& naming, Place& found);

  /// Reads a layer that has branches where it was trained, from a file of either form.
  Error read_branches(const Layer& layer, Parameters& result);

  /// Reads scalars: those before the activation are part of the sum; those after it have no use
  /// where there is no activation.
  Error read_affine(const Layer& layer, Linear& before, std::vector<float>& after);

  /// Returns whether a tensor belongs to what a network was trained in: it is of a module that the
  /// network has no use for, or lies beside the prefix of a backbone.
  bool is_around(std::string_view name) const;

  /// Checks what depends on the type's options: the commonest mistakes deserve the plainest words.
  Error check_optional() const;

  Error check_classes(const Layer& layer, const std::string& name) const;

  std::span<const Layer> layers_;
  const NetworkTraits& traits_;
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error StateDict::open() {
  if (const auto parts = parts_of(file_); parts.size() > 1)
    return Error::of(file_.path, ": holds several networks, take one of them: ", quote(parts));
  const auto first = std::ranges::find_if(layers_, &Layer::has_weights);
  if (first == layers_.end()) return {};
  const std::vector<Naming> namings = namings_of(traits_);
  const std::string_view known = known_as(file_);
  const bool other = !known.empty() && !traits_.namings.empty() &&
                     std::ranges::find(namings, known, &Naming::what) == namings.end();
  if (other)
    return Error::of(file_.path, ": holds tensors of ", known, ", the type is ", what_of(traits_));
  Place found;
  std::string names;
  for (const Naming& naming : namings)
    for (const std::string& name : first_names(*first, naming)) {
      if (names.find(quote(name)) == names.npos) names += (names.empty() ? "" : ", ") + quote(name);
      find_prefix(name, naming, found);
    }
  if (!found.second_prefix.empty())
    return Error::of(file_.path, ": holds two networks, ", quote(found.second_prefix), " and ",
                     quote(prefix_));
  if (found.is_there) {
    choose_framework(*first, namings);
    return check_optional().with_progress(1);
  }
  return Error::of(file_.path, ": no tensor is named as in ", what_of(traits_), " (", names,
                   "); the first is ",
                   file_.tensors.empty() ? "none" : quote(file_.tensors.front().name));
}

PPLCNET_INLINE Error StateDict::read(const Layer& layer, Parameters& parameters) {
  if (training_form(layer).count > 0) return read_branches(layer, parameters);
  const ParameterNames names = names_of(layer);
  if (auto error = check_classes(layer, names.weight)) return error;
  if (auto error = read(layer, names, weight_shape(layer, naming_), parameters)) return error;
  if (layout_in(layer, naming_) == Layout::in_out)
    parameters.weight = transposed(parameters.weight, layer.input.channels);
  repeat(layer, parameters);
  return {};
}

PPLCNET_INLINE Error StateDict::read(const Layer& layer, const ParameterNames& names,
                                     std::vector<std::int64_t> weight_shape,
                                     Parameters& parameters) {
  std::vector<std::int64_t> vector = vector_shape(layer);
  vector.front() *= layer.group_count;
  const auto bias = layer.group_count > 1 ? vector : bias_shape(layer);
  if (!weight_shape.empty()) weight_shape.front() *= layer.group_count;
  if (auto error = read(names.weight, weight_shape, parameters.weight)) return error;
  if (auto error = read(names.bias, bias, parameters.bias)) return error;
  if (auto error = read(names.slopes, vector, parameters.slopes)) return error;
  if (auto error = read(names.gamma, vector, parameters.gamma)) return error;
  if (auto error = read(names.beta, vector, parameters.beta)) return error;
  if (auto error = read(names.mean, vector, parameters.mean)) return error;
  if (auto error = read(names.variance, vector, parameters.variance, read_variances)) return error;
  for (std::vector<float>* values : by_channel(parameters)) take_group(layer, *values);
  return {};
}

PPLCNET_INLINE Error StateDict::close() const {
  for (const Tensor& tensor : file_.tensors) {
    const bool counter = tensor.name.ends_with(".num_batches_tracked");
    if (counter || std::ranges::binary_search(read_, tensor.name)) continue;
    if (is_around(tensor.name)) continue;
    return Error::of(file_.path, ": tensor ", quote(tensor.name), " ",
                     describe(tensor.type, tensor.shape), " is not part of the type's network");
  }
  return wrong_value_;
}

PPLCNET_INLINE void StateDict::take_group(const Layer& layer, std::vector<float>& values) {
  const std::size_t size = values.size() / static_cast<std::size_t>(layer.group_count);
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(size) * layer.group;
  if (layer.group_count > 1)
    values = std::vector<float>(first, first + static_cast<std::ptrdiff_t>(size));
}

PPLCNET_INLINE void StateDict::choose_framework(const Layer& layer,
                                                const std::vector<Naming>& namings) {
  for (const Naming& naming : namings) {
    if (naming.module != naming_.module) continue;
    std::vector<ParameterNames> norms = training_names(layer, naming).branches;
    norms.push_back(parameter_names(layer, naming));
    if (std::ranges::any_of(norms, [&](const auto& names) { return find(names.mean); })) {
      naming_ = naming;
      return;
    }
  }
}

PPLCNET_INLINE void StateDict::find_prefix(const std::string& name, const Naming& naming,
                                           Place& found) {
  for (const Tensor& tensor : file_.tensors) {
    const std::size_t begin = place_in(tensor.name, name);
    if (begin == std::string::npos) continue;
    const std::string prefix = tensor.name.substr(0, begin);
    const auto deeper = std::ranges::count(prefix, '.') - std::ranges::count(prefix_, '.');
    if (found.is_there && (deeper > 0 || prefix == prefix_)) continue;
    found.second_prefix = found.is_there && deeper == 0 ? prefix_ : "";
    found.is_there = true;
    naming_ = naming;
    prefix_ = prefix;
  }
}

PPLCNET_INLINE Error StateDict::read_branches(const Layer& layer, Parameters& result) {
  const TrainingForm form = training_form(layer);
  const TrainingNames names = training_names(layer, naming_);
  const ParameterNames own = parameter_names(layer, naming_);
  BranchSum sum(layer);
  Parameters norm;
  if (has_branches(names, own)) {
    for (std::size_t i = 0; i < names.branches.size(); ++i) {
      auto shape = weight_shape(layer, naming_);
      shape[2] = shape[3] = form.branches[i].kernel;
      Parameters branch;
      if (auto error = read(layer, names.branches[i], shape, branch)) return error;
      sum.add(form.branches[i], branch);
    }
    if (auto error = read(layer, names.after, {}, norm)) return error;
    if (form.keeps_deployed) {
      mark(full_name(own.weight));
      mark(full_name(own.bias));
    }
  } else {
    Parameters deployed;
    if (auto error = read(layer, own, weight_shape(layer, naming_), deployed)) return error;
    sum.add({.kernel = layer.kernel.height}, deployed);
  }
  for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
    sum.scale(o, batch_norm_of(norm, o));
  if (!form.affine.empty()) {
    Linear affine;
    if (auto error = read_affine(layer, affine, result.affine)) return error;
    for (std::size_t o = 0; o < static_cast<std::size_t>(layer.output.channels); ++o)
      sum.scale(o, affine);
  }
  sum.round_to(result);
  return {};
}

PPLCNET_INLINE Error StateDict::read_affine(const Layer& layer, Linear& before,
                                            std::vector<float>& after) {
  const AffineNames names = affine_names(layer, naming_);
  std::vector<float> scale, shift;
  if (auto error = read(names.scale, {1}, scale)) return error;
  if (auto error = read(names.bias, {1}, shift)) return error;
  before = {scale[0], shift[0]};
  if (!layer.affine) {
    mark(full_name(names.last_scale));
    mark(full_name(names.last_bias));
    return {};
  }
  if (auto error = read(names.last_scale, {1}, scale)) return error;
  if (auto error = read(names.last_bias, {1}, shift)) return error;
  after = {scale[0], shift[0]};
  return {};
}

PPLCNET_INLINE bool StateDict::is_around(std::string_view name) const {
  const bool backbone = traits_.classes == 0 && !traits_.namings.empty();
  if (backbone && !name.starts_with(prefix_)) return true;
  return std::ranges::any_of(traits_.unused, [&](const Name& module) {
    const std::string weight = full_name(names_of({{.name = module}}).weight);
    return name.starts_with(weight.substr(0, weight.rfind('.') + 1));
  });
}

PPLCNET_INLINE Error StateDict::check_optional() const {
  for (const OptionalModule& one : traits_.optional) {
    const auto is_it = [&](const Layer& layer) {
      return layer.name == one.module || layer.norm_name == one.module;
    };
    const auto layer = std::ranges::find_if(layers_, is_it);
    const int width = layer == layers_.end() ? 0 : layer->output.channels;
    const std::string name = text_of(naming::module_names(one.module, naming_).weights) + ".weight";
    const bool there = find(name) != nullptr;
    if (there == (width > 0)) continue;
    const std::string value = one.is_flag ? (width > 0 ? "true" : "false") : join({width});
    return Error::of(file_.path, ": has ", there ? "a" : "no", " tensor ", quote(full_name(name)),
                     ", the type has ", one.option, " = ", value);
  }
  return {};
}

PPLCNET_INLINE Error StateDict::check_classes(const Layer& layer, const std::string& name) const {
  const Tensor* tensor = find(name);
  const auto shape = weight_shape(layer, naming_);
  if (!is_logits(layer) || tensor == nullptr || tensor->shape.size() != shape.size()) return {};
  const std::size_t out = shape[0] == layer.output.channels ? 0 : 1;
  if (tensor->shape[1 - out] != shape[1 - out] || tensor->shape[out] == shape[out]) return {};
  return Error::of(file_.path, ": has ", tensor->shape[out], " classes (", quote(tensor->name),
                   "), the type has ", shape[out]);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_HPP
