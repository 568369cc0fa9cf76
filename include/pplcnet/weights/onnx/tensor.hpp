#ifndef PPLCNET_WEIGHTS_ONNX_TENSOR_HPP
#define PPLCNET_WEIGHTS_ONNX_TENSOR_HPP

// Needs protozero (only headers; apt install libprotozero-dev) and exceptions, which it throws and
// its callers catch; pplcnet.hpp does not include it.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <protozero/data_view.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/protobuf.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The format: onnx/onnx.proto.
namespace onnx_file {

using protobuf::field, protobuf::for_each_integer, protobuf::Message, protobuf::text,
    protobuf::Wire;

/// Returns a TensorProto.DataType, as far as we know what to do with it.
constexpr std::optional<DataType> data_type_of(std::int64_t code) {
  constexpr std::pair<std::int64_t, DataType> kCodes[] = {
      {1, DataType::f32}, {2, DataType::u8},   {3, DataType::i8},   {6, DataType::i32},
      {7, DataType::i64}, {10, DataType::f16}, {11, DataType::f64}, {16, DataType::bf16}};
  for (const auto& [known, type] : kCodes)
    if (known == code) return type;
  return std::nullopt;
}

/// Puts a tensor's data together, of as many fields as the file has: a view of one is enough in
/// nearly all files.
class TensorData {
 public:
  TensorData(FileGraph& graph, MemoryBudget& budget, Tensor& tensor)
      : graph_(graph), budget_(budget), tensor_(tensor) {}

  /// Returns whether there was not enough memory for all that was appended.
  bool exceeded() const { return exceeded_; }

  void append(std::span<const std::byte> bytes) {
    if (copy_ == nullptr && tensor_.data.empty()) {
      tensor_.data = bytes;
    } else {
      copy(bytes);
    }
  }
  void append(const protozero::data_view& view) {
    append(std::as_bytes(std::span(view.data(), view.size())));
  }

  template <class Number>
  void append_number(Number number) {
    copy(to_little_endian(number));
  }

 private:
  void copy(std::span<const std::byte> bytes) {
    exceeded_ = exceeded_ || (copy_ == nullptr && !budget_.take(MemoryBudget::kEntry));
    if (exceeded_) return;
    if (copy_ == nullptr) copy_ = &graph_.new_bytes();
    const std::span<const std::byte> before =
        copy_->empty() ? tensor_.data : std::span<const std::byte>();
    exceeded_ = !budget_.reserve(*copy_, copy_->size() + before.size() + bytes.size());
    if (exceeded_) return;
    copy_->insert(copy_->end(), before.begin(), before.end());
    copy_->insert(copy_->end(), bytes.begin(), bytes.end());
    tensor_.data = *copy_;
  }

  FileGraph& graph_;
  MemoryBudget& budget_;
  Tensor& tensor_;
  std::vector<std::byte>* copy_ = nullptr;
  bool exceeded_ = false;
};

/// The first of a list of integers.
template <std::size_t kCount>
struct FirstIntegers {
  std::array<std::int64_t, kCount> values = {};
  std::size_t count = 0;  ///< of all of them

  void add(std::int64_t value) {
    if (count < kCount) values[count] = value;
    ++count;
  }
  bool are_all() const { return count <= kCount; }
  std::span<const std::int64_t> span() const { return {values.data(), std::min(count, kCount)}; }
};

/// Reads a TensorProto. A tensor of a type that has no use here has type I8 and no data.
inline Error read_tensor(Message message, FileGraph& graph, MemoryBudget& budget, Tensor& tensor,
                         std::string_view& name) {
  std::optional<DataType> type;
  bool external = false;
  TensorData data(graph, budget, tensor);
  FirstIntegers<kMaxRank> shape;
  FirstIntegers<kMaxRank> integers;  // which stand for axes; more of them are of no use
  const auto add_dimension = [&](std::int64_t dimension) { shape.add(dimension); };
  const auto add_integer = [&](std::int64_t number) { integers.add(number); };
  const auto add_small = [&](std::int64_t number) {
    if (type == DataType::f16 || type == DataType::bf16)
      data.append_number(static_cast<std::uint16_t>(number));
    if (type == DataType::u8 || type == DataType::i8)
      data.append_number(static_cast<std::uint8_t>(number));
    if (type == DataType::i32) data.append_number(static_cast<std::uint32_t>(number));
  };
  while (message.next()) {
    switch (message.tag_and_type()) {
      case field(1, Wire::varint):
      case field(1, Wire::length_delimited):
        for_each_integer(message, add_dimension);
        break;
      case field(2, Wire::varint):
        type = data_type_of(message.get_int64());
        break;
      case field(4, Wire::length_delimited):   // float_data
      case field(9, Wire::length_delimited):   // raw_data
      case field(10, Wire::length_delimited):  // double_data
        data.append(message.get_view());
        break;
      case field(4, Wire::fixed32):
        data.append_number(message.get_fixed32());
        break;
      case field(10, Wire::fixed64):
        data.append_number(message.get_fixed64());
        break;
      case field(5, Wire::varint):  // int32_data: also halves and bytes, one in each
      case field(5, Wire::length_delimited):
        for_each_integer(message, add_small);
        break;
      case field(7, Wire::varint):  // int64_data
      case field(7, Wire::length_delimited):
        for_each_integer(message, add_integer);
        break;
      case field(8, Wire::length_delimited):
        name = text(message.get_view());
        break;
      case field(13, Wire::length_delimited):
        external = true;
        message.skip();
        break;
      case field(14, Wire::varint):
        external = message.get_int64() != 0;
        break;
      default:
        message.skip();
    }
  }
  if (type == DataType::i64 && integers.are_all())
    for (const std::int64_t number : integers.span())
      data.append_number(static_cast<std::uint64_t>(number));
  const bool useless =
      !type || (type == DataType::i64 && tensor.data.size() / 8 > kMaxRank) || !integers.are_all();
  const std::size_t rank = useless ? 1 : shape.span().size();
  if (data.exceeded() || !budget.reserve(tensor.shape, rank))
    return MemoryBudget::exceeded(graph.path);
  if (useless) {
    tensor.type = DataType::i8;
    tensor.shape.assign(1, 0);
    tensor.data = {};
    return {};
  }
  tensor.type = *type;
  tensor.shape.assign(shape.span().begin(), shape.span().end());
  const auto problem = [&](const auto&... parts) {
    return Error::of(graph.path, ": tensor ", quote(name), ": ", parts...);
  };
  if (external) return problem("its data are in another file: save the model with them");
  if (!shape.are_all()) return problem("expected at most ", kMaxRank, " dimensions, found more");
  const auto bytes = byte_count(tensor.type, tensor.shape);
  if (bytes != tensor.data.size())
    return problem("expected ", bytes ? std::to_string(*bytes) : "fewer than 2^61",
                   " bytes of data for ", describe(tensor.type, tensor.shape), ", found ",
                   tensor.data.size());
  return {};
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_TENSOR_HPP
