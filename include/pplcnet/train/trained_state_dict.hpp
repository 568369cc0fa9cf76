#ifndef PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
#define PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/plan/training_form.hpp"
#include "pplcnet/train/tensor_in_file.hpp"
#include "pplcnet/train/training_state.hpp"
#include "pplcnet/weights/naming/names.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a network has learnt as a state dict, with the names that it has where it comes from,
/// branches and batch norms apart: what any loader of the library reads, and `write_safetensors`
/// writes. It has copies of all values.
class TrainedStateDict {
 public:
  /// `path` is for messages.
  TrainedStateDict(const TrainedNetwork& network, const TrainingState& state,
                   std::string_view path) {
    const Naming naming = namings_of(network.traits).front();
    file_.path = path;
    for (const TrainingTensor& tensor : state.tensors) {
      TensorInFile place = tensor_in_file(network, tensor, naming);
      add(std::move(place.name), std::move(place.shape),
          file_values(tensor, place.in_out, state.of(tensor)));
    }
    add_unused_scalars(network, naming);
  }

  TrainedStateDict(const TrainedStateDict&) = delete;
  TrainedStateDict& operator=(const TrainedStateDict&) = delete;

  /// Returns the tensors, which refer to this.
  const TensorFile& file() const { return file_; }

 private:
  /// Adds a tensor, or a group's part of one that is there.
  void add(std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
    auto tensor = std::ranges::find(file_.tensors, name, &Tensor::name);
    if (tensor == file_.tensors.end()) {
      values_.push_back(values);
      file_.tensors.push_back({.name = std::move(name),
                               .type = DataType::f32,
                               .shape = std::move(shape),
                               .data = std::as_bytes(std::span(values_.back()))});
      return;
    }
    std::vector<float>& all = values_[static_cast<std::size_t>(tensor - file_.tensors.begin())];
    all.insert(all.end(), values.begin(), values.end());
    tensor->shape.front() += shape.front();
    tensor->data = std::as_bytes(std::span(all));
  }

  /// Adds the scalars that files of a network have and its training does not: those that are part
  /// of deployed weights, and those after an activation that is not there.
  void add_unused_scalars(const TrainedNetwork& network, const Naming& naming) {
    for (int i = 0; i < network.graph.node_count; ++i) {
      if (network.graph.nodes[i].op != Operator::convolution) continue;
      const AffineNames names = affine_names(trained_layer(network.graph, i), naming);
      for (const auto& [name, value] :
           {std::pair{names.scale, 1.0F}, std::pair{names.bias, 0.0F},
            std::pair{names.last_scale, 1.0F}, std::pair{names.last_bias, 0.0F}})
        if (!name.empty() && file_.find(name) == nullptr) add(name, {1}, {value});
    }
  }

  TensorFile file_;
  std::deque<std::vector<float>> values_;  // of each tensor
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_TRAINED_STATE_DICT_HPP
