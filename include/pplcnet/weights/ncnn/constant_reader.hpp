#ifndef PPLCNET_WEIGHTS_NCNN_CONSTANT_READER_HPP
#define PPLCNET_WEIGHTS_NCNN_CONSTANT_READER_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/ncnn/bin.hpp"
#include "pplcnet/weights/ncnn/param.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// Makes constants of a graph of the weights that layers have, in their order.
class ConstantReader {
 public:
  ConstantReader(std::span<const std::byte> weights, std::string_view path, MemoryBudget& budget,
                 FileGraph& graph)
      : graph_(graph), budget_(budget), weights_(weights, budget), path_(path) {}

  /// Returns how many bytes no layer has taken.
  std::size_t left() const { return weights_.left(); }

  /// Returns an error about a layer.
  Error problem(const LayerLine& layer, std::string_view what) const {
    return Error::of(graph_.path, ": layer ", quote(layer.name), " (", quote(layer.type),
                     "): ", what);
  }

 protected:
  using Dimensions = std::vector<std::int64_t>;

  Error quantised(const LayerLine& layer) const {
    return problem(layer, "its weights are quantised to 8 bits: take the float network");
  }

  Error no_memory() const { return MemoryBudget::exceeded(path_); }

  /// Reads numbers that are stored as they are.
  Error take_floats(const LayerLine& layer, Dimensions shape, Tensor& tensor) {
    tensor = {.name = {}, .shape = std::move(shape), .data = {}};
    return weights_.take_floats(tensor) ? Error() : truncated(layer);
  }

  /// Reads numbers after a tag that says how they are stored.
  Error take_weights(const LayerLine& layer, Dimensions shape, Tensor& tensor) {
    bool has_8_bits = false;
    tensor = {.name = {}, .shape = std::move(shape), .data = {}};
    if (weights_.take_tagged(tensor, graph_, has_8_bits)) return {};
    return has_8_bits ? quantised(layer) : truncated(layer);
  }

  Error add_constant(const LayerLine& layer, Tensor tensor, int& node) {
    if (!budget_.take(MemoryBudget::kEntry) || !budget_.reserve(tensor.name, layer.name.size()))
      return MemoryBudget::exceeded(graph_.path);
    node = graph_.add_constant(std::move(tensor), layer.name);
    return {};
  }

  Error add_floats(const LayerLine& layer, Dimensions shape, int& node) {
    Tensor tensor;
    if (auto error = take_floats(layer, std::move(shape), tensor)) return error;
    return add_constant(layer, std::move(tensor), node);
  }

  Error add_weights(const LayerLine& layer, Dimensions shape, int& node) {
    Tensor tensor;
    if (auto error = take_weights(layer, std::move(shape), tensor)) return error;
    return add_constant(layer, std::move(tensor), node);
  }

  /// Adds a constant of numbers that no file has in that form.
  Error add_converted(const LayerLine& layer, std::span<const float> values, Dimensions shape,
                      int& node) {
    std::vector<std::byte>& bytes = graph_.new_bytes();
    if (!budget_.take(MemoryBudget::kEntry) || !budget_.reserve(bytes, values.size_bytes()))
      return no_memory();
    bytes.resize(values.size_bytes());
    std::memcpy(bytes.data(), values.data(), values.size_bytes());
    return add_constant(layer, {.name = {}, .shape = std::move(shape), .data = bytes}, node);
  }

  /// Appends a tensor's numbers to others.
  Error append(const Tensor& tensor, std::vector<float>& values) {
    const std::size_t before = values.size();
    const auto count = static_cast<std::size_t>(tensor.element_count());
    if (!budget_.reserve(values, before + count)) return no_memory();
    values.resize(before + count);
    to_float(tensor, std::span(values).subspan(before));
    return {};
  }

  FileGraph& graph_;
  MemoryBudget& budget_;

 private:
  Error truncated(const LayerLine& layer) const {
    if (weights_.exceeded()) return no_memory();
    return Error::of(path_, ": ends before the weights of ", quote(layer.name));
  }

  WeightReader weights_;
  std::string_view path_;  // of the weights
};

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_CONSTANT_READER_HPP
