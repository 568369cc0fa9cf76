#ifndef PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The tensors of a state dict by the names that a framework gives them, and which of them have
/// been read.
class StateDictTensors {
 protected:
  explicit StateDictTensors(const TensorFile& file) : file_(file) {}

  /// Returns a tensor's name in the file.
  std::string full_name(const std::string& name) const;

  const Tensor* find(const std::string& name) const {
    return name.empty() ? nullptr : file_.find(full_name(name));
  }

  /// Returns the names of a layer: older ones, where the file has them in place of today's.
  ParameterNames names_of(const Layer& layer) const;

  /// Returns the names that the weights of the first layer may have, as it is trained or deployed.
  static std::vector<std::string> first_names(const Layer& layer, const Naming& naming);

  /// Returns whether the file has any tensor of a layer's training form; `own` is the deployed one.
  bool has_branches(const TrainingNames& names, const ParameterNames& own) const;

  /// `check` is `read_values` or `read_variances`.
  Error read(const std::string& name, const std::vector<std::int64_t>& shape,
             std::vector<float>& values, decltype(read_values)& check = read_values);

  void mark(const std::string& full) { read_.insert(std::ranges::upper_bound(read_, full), full); }

  const TensorFile& file_;
  std::string prefix_;  // of all names
  Naming naming_;
  std::vector<std::string> read_;  // sorted
  Error wrong_value_;              // the first
};

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string StateDictTensors::full_name(const std::string& name) const {
  constexpr std::string_view kNeck = "neck.", kBackbone = "backbone.";
  // The neck is not inside the backbone.
  if (name.starts_with(kNeck) && prefix_.ends_with(kBackbone))
    return prefix_.substr(0, prefix_.size() - kBackbone.size()) + name;
  return prefix_ + name;
}

PPLCNET_INLINE ParameterNames StateDictTensors::names_of(const Layer& layer) const {
  ParameterNames names = parameter_names(layer, naming_);
  if (naming_.older_module == nullptr) return names;
  const ParameterNames older = parameter_names(layer, naming_.older());
  for (const auto member : {&ParameterNames::weight, &ParameterNames::bias, &ParameterNames::gamma,
                            &ParameterNames::beta, &ParameterNames::mean, &ParameterNames::variance,
                            &ParameterNames::slopes})
    if (find(names.*member) == nullptr && find(older.*member) != nullptr)
      names.*member = older.*member;
  return names;
}

PPLCNET_INLINE std::vector<std::string> StateDictTensors::first_names(const Layer& layer,
                                                                      const Naming& naming) {
  std::vector<std::string> names = {parameter_names(layer, naming).weight};
  if (naming.older_module != nullptr)
    names.push_back(parameter_names(layer, naming.older()).weight);
  for (const ParameterNames& branch : training_names(layer, naming).branches)
    if (!branch.weight.empty() && branch.weight != names.front()) names.push_back(branch.weight);
  return names;
}

PPLCNET_INLINE bool StateDictTensors::has_branches(const TrainingNames& names,
                                                   const ParameterNames& own) const {
  const auto is_there = [&](const ParameterNames& part) {
    return (part.weight != own.weight && find(part.weight)) || find(part.gamma) ||
           find(part.beta) || find(part.mean) || find(part.variance);
  };
  return std::ranges::any_of(names.branches, is_there) || is_there(names.after);
}

PPLCNET_INLINE Error StateDictTensors::read(const std::string& name,
                                            const std::vector<std::int64_t>& shape,
                                            std::vector<float>& values,
                                            decltype(read_values)& check) {
  if (name.empty()) return {};
  const std::string full = full_name(name);
  const Tensor* tensor = file_.find(full);
  if (tensor == nullptr)
    return Error::of(file_.path, ": tensor ", quote(full), " ", describe(DataType::f32, shape),
                     " is missing");
  if (!converts_to_float(tensor->type) || tensor->shape != shape)
    return Error::of(file_.path, ": tensor ", quote(full), ": expected ",
                     describe(DataType::f32, shape), ", found ",
                     describe(tensor->type, tensor->shape));
  values.resize(static_cast<std::size_t>(tensor->element_count()));
  mark(full);
  keep_first(wrong_value_, check(*tensor, file_.path, values));
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_TENSORS_HPP
