#ifndef PPLCNET_WEIGHTS_STATE_DICT_OUT_HPP
#define PPLCNET_WEIGHTS_STATE_DICT_OUT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/known_files.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/state_dict.hpp"
#include "pplcnet/weights/tensor.hpp"

// State dicts of one framework from those of another.

namespace pplcnet::inline PPLCNET_ABI {

/// A network for which tensors are written: its layers, and how a framework names them.
struct StateDictTarget {
  std::span<const Layer> layers;
  const NetworkTraits& traits;
  Naming naming;
};

/// The tensors of a state dict of another framework, for the same network or its equivalent in
/// another dialect: that framework's names and shapes, batch norms kept. A layer with branches is
/// written as it is deployed. What the one network has and the other cannot have is an error.
class StateDictOut {
 public:
  /// `path` is for messages.
  StateDictOut(const StateDictTarget& target, std::string_view path)
      : target_(target), path_(path) {}

  /// Adds all tensors of a state dict of a network.
  Error add(const TensorFile& from, std::span<const Layer> layers, const NetworkTraits& traits) {
    StateDict source(from, layers, traits);
    if (auto error = source.open()) return error;
    if (layers.size() != target_.layers.size())
      return problem(layers.size(), " layers become ", target_.layers.size());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!layers[i].owns_weights()) continue;
      Parameters parameters;
      if (auto error = source.read(layers[i], parameters)) return error;
      if (auto error = add(layers[i], target_.layers[i], parameters)) return error;
    }
    return source.close();
  }

  /// Returns the tensors so far; they refer to this.
  const TensorFile& file() const { return file_; }

 private:
  template <class... Pieces>
  Error problem(const Pieces&... pieces) const {
    return Error::of(path_, ": ", what_of(target_.traits), " is another network: ", pieces...);
  }

  Error add(const Layer& from, const Layer& to, Parameters& parameters) {
    const std::string layer = layer_name(to);
    if (from.kernel != to.kernel || from.output.channels != to.output.channels ||
        from.input.channels != to.input.channels)
      return problem(layer, " has another shape there");
    // Dropout's factor is the layer's in one dialect, and part of the weights in another.
    const double factor = static_cast<double>(from.scale_percent) / to.scale_percent;
    for (float& weight : parameters.weight) weight = static_cast<float>(weight * factor);
    if (to.bias && parameters.bias.empty())
      parameters.bias.resize(static_cast<std::size_t>(to.output.channels));
    if (!to.bias && std::ranges::any_of(parameters.bias, [](float one) { return one != 0; }))
      return problem(layer, " has no bias there");
    if (parameters.gamma.empty() == to.batch_norm)
      return problem(layer, to.batch_norm ? " has a batch norm there" : " has no batch norm there");
    add_tensors(to, parameters);
    return {};
  }

  void add_tensors(const Layer& layer, const Parameters& parameters) {
    const ParameterNames names = parameter_names(layer, target_.naming);
    const std::vector<std::int64_t> vector = vector_shape(layer);
    const bool in_out = layout_in(layer, target_.naming) == Layout::in_out;
    add(names.weight, weight_shape(layer, target_.naming),
        layer.layout == Layout::transposed ? gathered(layer, parameters.weight)
        : in_out                           ? transposed(parameters.weight, layer.output.channels)
                                           : parameters.weight);
    add(names.bias, bias_shape(layer), parameters.bias);
    add(names.slopes, vector, parameters.slopes);
    add(names.gamma, vector, parameters.gamma);
    add(names.beta, vector, parameters.beta);
    add(names.mean, vector, parameters.mean);
    add(names.variance, vector, parameters.variance);
    // What scales the sum has become part of it.
    const AffineNames affine = affine_names(layer, target_.naming);
    const bool last = !parameters.affine.empty();
    add(affine.scale, {1}, {1});
    add(affine.bias, {1}, {0});
    add(affine.last_scale, {1}, {last ? parameters.affine[0] : 1});
    add(affine.last_bias, {1}, {last ? parameters.affine[1] : 0});
  }

  /// Returns the weight of a transposed convolution as it is in files: the opposite of `spread`.
  static std::vector<float> gathered(const Layer& layer, const std::vector<float>& weight) {
    const auto in = static_cast<std::size_t>(layer.input.channels);
    const auto taps = static_cast<std::size_t>(layer.repeats);
    const auto out = static_cast<std::size_t>(layer.output.channels) / taps;
    std::vector<float> result(weight.size());
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o)
        for (std::size_t tap = 0; tap < taps; ++tap)
          result[(i * out + o) * taps + tap] = weight[(tap * out + o) * in + i];
    return result;
  }

  /// Adds a tensor, or a group's part of one that is there.
  void add(const std::string& name, const std::vector<std::int64_t>& shape,
           const std::vector<float>& values) {
    if (name.empty()) return;
    auto tensor = std::ranges::find(file_.tensors, name, &Tensor::name);
    if (tensor == file_.tensors.end()) {
      values_.emplace_back();
      file_.tensors.push_back({.name = name, .type = DataType::f32, .shape = shape, .data = {}});
      tensor = file_.tensors.end() - 1;
      tensor->shape.front() = 0;
    }
    std::vector<float>& all = values_[static_cast<std::size_t>(tensor - file_.tensors.begin())];
    // Of parameters that channels share, those of the first.
    std::size_t size = 1;
    for (const std::int64_t extent : shape) size *= static_cast<std::size_t>(extent);
    all.insert(all.end(), values.begin(),
               values.begin() + static_cast<std::ptrdiff_t>(std::min(size, values.size())));
    tensor->shape.front() += shape.front();
    tensor->data = std::as_bytes(std::span(all));
  }

  StateDictTarget target_;
  std::string_view path_;
  TensorFile file_;
  std::deque<std::vector<float>> values_;  // of each tensor
};

/// Finds how a framework names a network's tensors; an error that lists those which do.
inline Error find_naming(const NetworkTraits& traits, std::string_view framework,
                         std::string_view path, Naming& result) {
  std::string known;
  for (const Naming& naming : namings_of(traits)) {
    if (naming.framework == framework) {
      result = naming;
      return {};
    }
    known += (known.empty() ? "" : ", ") + std::string(naming.framework);
  }
  return Error::of(path, ": ", what_of(traits), " has no names in ", framework, "; it has in ",
                   known);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_STATE_DICT_OUT_HPP
