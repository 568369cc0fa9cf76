#ifndef PPLCNET_WEIGHTS_STATE_DICT_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Takes a framework's parameters out of a file by name. Frameworks put prefixes before the names
/// (`module.`, `backbone.`, `base_model.`): whatever stands before the stem's name is one.
class StateDict {
 public:
  explicit StateDict(const TensorFile& file) : file_(file) {}

  /// Finds out whose names these are; an error if nobody's, or not those of the type.
  Error open(const Architecture& architecture) {
    struct Anchor {
      std::string_view name;
      Dialect dialect;
    };
    constexpr Anchor kAnchors[] = {{"conv1.conv.weight", Dialect::paddle},
                                   {"conv_stem.weight", Dialect::timm},
                                   {"features.0.weight", Dialect::pytorch}};
    for (const auto& [name, dialect] : kAnchors)
      for (const Tensor& tensor : file_.tensors) {
        if (!tensor.name.ends_with(name)) continue;
        const std::string_view before =
            std::string_view(tensor.name).substr(0, tensor.name.size() - name.size());
        if (!before.empty() && !before.ends_with('.')) continue;
        if (dialect != architecture.dialect)
          return Error::of(file_.path, ": holds tensors of dialect ", dialect_name(dialect),
                           ", the type has Dialect::", dialect_name(architecture.dialect));
        prefix_ = before;
        return check_head(architecture);
      }
    return Error::of(file_.path, ": no tensor is named as in a PP-LCNet of Paddle (",
                     kAnchors[0].name, "), timm (", kAnchors[1].name, ") or PyTorch (",
                     kAnchors[2].name, ")");
  }

  /// Reads all parameters of a layer, with the shapes that the layer must have.
  Error read(const Layer& layer, const Architecture& architecture, Parameters& parameters) {
    const ParameterNames names = parameter_names(layer, architecture);
    const std::vector<std::int64_t> vector = {layer.output.channels};
    const auto shape = weight_shape(layer, architecture.dialect);
    if (auto error = check_classes(layer, names.weight, shape)) return error;
    if (auto error = read(names.weight, shape, parameters.weight)) return error;
    if (layer.part == Part::classifier && architecture.dialect == Dialect::paddle)
      transpose(layer, parameters.weight);
    if (auto error = read(names.bias, vector, parameters.bias)) return error;
    if (auto error = read(names.gamma, vector, parameters.gamma)) return error;
    if (auto error = read(names.beta, vector, parameters.beta)) return error;
    if (auto error = read(names.mean, vector, parameters.mean)) return error;
    return read(names.variance, vector, parameters.variance);
  }

  /// After everything was read: an error that names the first tensor which nobody asked for.
  Error close() const {
    for (const Tensor& tensor : file_.tensors) {
      const bool counter = tensor.name.ends_with(".num_batches_tracked");
      if (!counter && !std::ranges::binary_search(read_, tensor.name))
        return Error::of(file_.path, ": tensor ", quote(tensor.name), " ",
                         describe(tensor.type, tensor.shape), " is not part of the type's network");
    }
    return {};
  }

 private:
  Error read(const std::string& name, const std::vector<std::int64_t>& shape,
             std::vector<float>& values) {
    if (name.empty()) return {};
    const std::string full = prefix_ + name;
    const Tensor* tensor = file_.find(full);
    if (tensor == nullptr)
      return Error::of(file_.path, ": tensor ", quote(full), " ", describe(DataType::f32, shape),
                       " is missing");
    if (!converts_to_float(tensor->type) || tensor->shape != shape)
      return Error::of(file_.path, ": tensor ", quote(full), ": expected ",
                       describe(DataType::f32, shape), ", found ",
                       describe(tensor->type, tensor->shape));
    values.resize(static_cast<std::size_t>(tensor->element_count()));
    to_float(*tensor, values);
    read_.insert(std::ranges::upper_bound(read_, full), full);
    return {};
  }

  /// The commonest mistakes deserve the plainest words: another head, other classes.
  Error check_head(const Architecture& architecture) const {
    const Layer head = {.part = Part::head};
    const std::string name = prefix_ + parameter_names(head, architecture).weight;
    const Tensor* tensor = file_.find(name);
    if ((tensor != nullptr) == (architecture.head > 0)) return {};
    return Error::of(file_.path, ": has ", tensor ? "a" : "no", " tensor ", quote(name),
                     ", the type has Options::head = ", architecture.head);
  }

  Error check_classes(const Layer& layer, const std::string& name,
                      const std::vector<std::int64_t>& shape) const {
    const Tensor* tensor = file_.find(prefix_ + name);
    if (layer.part != Part::classifier || tensor == nullptr || tensor->shape.size() != 2) return {};
    const std::size_t out = shape[0] == layer.output.channels ? 0 : 1;
    if (tensor->shape[1 - out] != shape[1 - out] || tensor->shape[out] == shape[out]) return {};
    return Error::of(file_.path, ": has ", tensor->shape[out], " classes (", quote(tensor->name),
                     "), the type has ", shape[out]);
  }

  /// [in][out] → [out][in]
  static void transpose(const Layer& layer, std::vector<float>& weight) {
    const auto in = static_cast<std::size_t>(layer.input.channels);
    const auto out = static_cast<std::size_t>(layer.output.channels);
    std::vector<float> result(weight.size());
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o) result[o * in + i] = weight[i * out + o];
    weight = std::move(result);
  }

  const TensorFile& file_;
  std::string prefix_;
  std::vector<std::string> read_;  // sorted
};

/// Reads, folds and packs all layers of a network.
inline Error pack_state_dict(const TensorFile& file, std::span<const Layer> layers,
                             const Architecture& architecture, std::span<float> weights) {
  StateDict state(file);
  if (auto error = state.open(architecture)) return error;
  for (const Layer& layer : layers) {
    if (!layer.has_weights()) continue;
    Parameters parameters;
    if (auto error = state.read(layer, architecture, parameters)) return error;
    fold(layer, parameters);
    pack(layer, parameters, weights);
  }
  return state.close();
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_HPP
