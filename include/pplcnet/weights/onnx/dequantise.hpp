#ifndef PPLCNET_WEIGHTS_ONNX_DEQUANTISE_HPP
#define PPLCNET_WEIGHTS_ONNX_DEQUANTISE_HPP

// Needs protozero and exceptions, see tensor.hpp.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace onnx_file {

/// Integers of a constant, one by one.
class IntegerTensor {
 public:
  explicit IntegerTensor(const Tensor& tensor) : tensor_(tensor) {}

  static bool has(const Tensor* tensor) {
    return tensor != nullptr && (tensor->type == DataType::i8 || tensor->type == DataType::u8 ||
                                 tensor->type == DataType::i32);
  }

  std::int64_t operator[](std::size_t place) const {
    if (tensor_.type == DataType::i32)
      return static_cast<std::int32_t>(
          read_little_endian<std::uint32_t>(tensor_.data.subspan(4 * place)));
    const auto byte = std::to_integer<std::uint8_t>(tensor_.data[place]);
    return tensor_.type == DataType::u8 ? std::int64_t{byte} : static_cast<std::int8_t>(byte);
  }

 private:
  const Tensor& tensor_;
};

/// The scales and zero points of a QuantizeLinear or a DequantizeLinear, with one of each, or with
/// one for each place along an axis.
struct QuantisedAs {
  std::vector<float> scales;
  std::vector<std::int64_t> zeros;
  std::int64_t least = 0;  ///< integer
  bool operator==(const QuantisedAs&) const = default;

  /// Reads those of a node; false if they are no constants that such a node has.
  bool read(const FileGraph& graph, const GraphNode& node) {
    constexpr std::int64_t kMost = 1 << 20;
    const Tensor *const scale = graph.tensor(node.inputs[1]), *const zero =
                                                                  graph.tensor(node.inputs[2]);
    if (scale == nullptr || !converts_to_float(scale->type) || scale->element_count() < 1 ||
        scale->element_count() > kMost)
      return false;
    scales.resize(static_cast<std::size_t>(scale->element_count()));
    zeros.assign(scales.size(), 0);
    to_float(*scale, scales);
    if (!std::ranges::all_of(scales, [](float one) { return one > 0 && std::isfinite(one); }))
      return false;
    if (node.inputs[2] == GraphNode::kNone) return true;
    if (!IntegerTensor::has(zero) || zero->element_count() != scale->element_count()) return false;
    for (std::size_t i = 0; i < zeros.size(); ++i) zeros[i] = IntegerTensor(*zero)[i];
    if (zero->type == DataType::i8) least = -128;
    return true;
  }

  /// Returns whether nothing below zero has an integer of its own.
  bool starts_at_zero() const {
    return std::ranges::all_of(zeros, [&](std::int64_t zero) { return zero == least; });
  }
};

/// Returns how many neighbours of a tensor have one scale; 0 if it has others than these.
inline std::size_t neighbours(const Tensor& tensor, std::size_t scales, int axis) {
  if (scales == 1)
    return static_cast<std::size_t>(std::max<std::int64_t>(tensor.element_count(), 1));
  const auto rank = static_cast<int>(tensor.shape.size());
  axis += axis < 0 ? rank : 0;
  if (axis < 0 || axis >= rank ||
      std::cmp_not_equal(tensor.shape[static_cast<std::size_t>(axis)], scales))
    return 0;
  std::size_t inner = 1;
  for (int i = axis + 1; i < rank; ++i)
    inner *= static_cast<std::size_t>(tensor.shape[static_cast<std::size_t>(i)]);
  return inner;
}

/// Computes the real numbers of a constant, so many neighbours of which have one scale; false if
/// there is no memory for them.
inline bool dequantise(const Tensor& tensor, const QuantisedAs& as, std::size_t inner,
                       FileGraph& graph, MemoryBudget& budget, Tensor& result) {
  const auto count = static_cast<std::size_t>(tensor.element_count());
  std::vector<std::byte>& bytes = graph.new_bytes();
  if (!budget.take(MemoryBudget::kEntry) || !budget.reserve(bytes, count * sizeof(float)) ||
      !budget.reserve(result.shape, tensor.shape.size()))
    return false;
  const IntegerTensor integers(tensor);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t k = i / inner % as.scales.size();
    const float value = as.scales[k] * static_cast<float>(integers[i] - as.zeros[k]);
    const auto number = to_little_endian(std::bit_cast<std::uint32_t>(value));
    bytes.insert(bytes.end(), number.begin(), number.end());
  }
  result.type = DataType::f32;
  result.shape = tensor.shape;
  result.data = bytes;
  return true;
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_DEQUANTISE_HPP
