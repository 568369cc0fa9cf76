#ifndef PPLCNET_WEIGHTS_NCNN_BIN_HPP
#define PPLCNET_WEIGHTS_NCNN_BIN_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "pplcnet/weights/byte_stream.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace ncnn_file {

/// Takes tensors off the weights of an ncnn network (`.bin`), which are in the order of its layers;
/// their shapes are known from the text. Each function is false where the file ends too early, or
/// the budget is exceeded. Source: ncnn `modelbin.cpp`.
class WeightReader {
 public:
  WeightReader(std::span<const std::byte> bytes, MemoryBudget& budget)
      : reader_{bytes}, budget_(budget) {}

  std::size_t left() const { return reader_.bytes.size(); }
  bool exceeded() const { return exceeded_; }

  /// Reads numbers that are stored as they are.
  bool take_floats(Tensor& tensor) {
    tensor.type = DataType::f32;
    const auto bytes = byte_count(tensor.type, tensor.shape);
    return bytes && reader_.take(*bytes, tensor.data);
  }

  /// Reads numbers after a tag that says how they are stored. What has 8 bits is not taken.
  bool take_tagged(Tensor& tensor, FileGraph& graph, bool& has_8_bits) {
    constexpr std::uint32_t kHalf = 0x01306B47, kInteger = 0x000D4B38, kSingle = 0x0002C056;
    std::uint32_t tag = 0;
    if (!reader_.take(tag)) return false;
    has_8_bits = tag == kInteger;
    if (has_8_bits) return false;
    if (tag == 0 || tag == kSingle) return take_floats(tensor);
    return tag == kHalf ? take_halves(tensor) : take_table(tensor, graph);
  }

 private:
  bool take_padding(std::uint64_t bytes) {
    std::span<const std::byte> padding;
    return reader_.take((4 - bytes % 4) % 4, padding);
  }

  bool take_halves(Tensor& tensor) {
    tensor.type = DataType::f16;
    const auto bytes = byte_count(tensor.type, tensor.shape);
    return bytes && reader_.take(*bytes, tensor.data) && take_padding(*bytes);
  }

  /// Reads 256 numbers, and for each element which of them it is.
  bool take_table(Tensor& tensor, FileGraph& graph) {
    constexpr std::uint64_t kNumbers = 256;
    const auto count = byte_count(DataType::u8, tensor.shape);
    std::span<const std::byte> table, indices;
    if (!count || !reader_.take(kNumbers * sizeof(float), table) ||
        !reader_.take(*count, indices) || !take_padding(*count))
      return false;
    std::vector<std::byte>& values = graph.new_bytes();
    const std::size_t bytes = indices.size() * sizeof(float);
    exceeded_ = !budget_.take(MemoryBudget::kEntry) || !budget_.reserve(values, bytes);
    if (exceeded_) return false;
    values.resize(bytes);
    for (std::size_t i = 0; i < indices.size(); ++i)
      std::memcpy(values.data() + i * sizeof(float),
                  table.data() + static_cast<std::size_t>(indices[i]) * sizeof(float),
                  sizeof(float));
    tensor.type = DataType::f32;
    tensor.data = values;
    return true;
  }

  ByteStream reader_;
  MemoryBudget& budget_;
  bool exceeded_ = false;
};

}  // namespace ncnn_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NCNN_BIN_HPP
