#ifndef PPLCNET_WEIGHTS_ONNX_TENSOR_HPP
#define PPLCNET_WEIGHTS_ONNX_TENSOR_HPP

// Needs protozero (only headers; apt install libprotozero-dev) and exceptions, which it throws and
// its callers catch; pplcnet.hpp does not include it.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <protozero/pbf_reader.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/graph/graph.hpp"
#include "pplcnet/weights/little_endian.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The format (onnx/onnx.proto). Its messages are read field by field: those of an unexpected type
/// are skipped like unknown ones.
namespace onnx_file {

using Message = protozero::pbf_reader;
using Wire = protozero::pbf_wire_type;

constexpr std::uint32_t field(std::uint32_t number, Wire wire) {
  return number << 3 | static_cast<std::uint32_t>(wire);
}

inline std::string_view text(const protozero::data_view& view) {
  return {view.data(), view.size()};
}

/// TensorProto.DataType, as far as we know what to do with it.
constexpr std::optional<DataType> data_type_of(std::int64_t code) {
  constexpr std::pair<std::int64_t, DataType> kCodes[] = {{1, DataType::f32},
                                                          {7, DataType::i64},
                                                          {10, DataType::f16},
                                                          {11, DataType::f64},
                                                          {16, DataType::bf16}};
  for (const auto& [known, type] : kCodes)
    if (known == code) return type;
  return std::nullopt;
}

/// Puts a tensor's data together, of as many fields as the file has: a view of one is enough in
/// nearly all files.
class TensorData {
 public:
  TensorData(Graph& graph, Tensor& tensor) : graph_(graph), tensor_(tensor) {}

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
    if (copy_ == nullptr) {
      copy_ = &graph_.new_bytes();
      copy_->assign(tensor_.data.begin(), tensor_.data.end());
    }
    copy_->insert(copy_->end(), bytes.begin(), bytes.end());
    tensor_.data = *copy_;
  }

  Graph& graph_;
  Tensor& tensor_;
  std::vector<std::byte>* copy_ = nullptr;
};

/// Calls `visit(number)` for each integer of a repeated field of varints, packed or not.
template <class Visit>
void for_each_integer(Message& message, Visit visit) {
  if (message.wire_type() == Wire::varint) {
    visit(message.get_int64());
  } else {
    for (const std::int64_t number : message.get_packed_int64()) visit(number);
  }
}

/// Reads a TensorProto. A tensor of a type that has no use here has type I8 and no data.
inline Error read_tensor(Message message, Graph& graph, Tensor& tensor, std::string_view& name) {
  std::optional<DataType> type;
  bool external = false, deep = false;
  TensorData data(graph, tensor);
  std::vector<std::int64_t> integers;
  const auto add_dimension = [&](std::int64_t dimension) {
    deep = deep || tensor.shape.size() == kMaxRank;
    if (!deep) tensor.shape.push_back(dimension);
  };
  // The small numbers that stand for axes; others are of no use.
  const auto add_integer = [&](std::int64_t number) {
    if (integers.size() <= kMaxRank) integers.push_back(number);
  };
  const auto add_half = [&](std::int64_t number) {
    if (type == DataType::f16 || type == DataType::bf16)
      data.append_number(static_cast<std::uint16_t>(number));
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
      case field(5, Wire::varint):  // int32_data: halves, one in each
      case field(5, Wire::length_delimited):
        for_each_integer(message, add_half);
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
  if (type == DataType::i64 && integers.size() <= kMaxRank)
    for (const std::int64_t number : integers)
      data.append_number(static_cast<std::uint64_t>(number));
  const bool useless = !type || (type == DataType::i64 && tensor.data.size() / 8 > kMaxRank) ||
                       integers.size() > kMaxRank;
  if (useless) {
    tensor = {.name = {}, .type = DataType::i8, .shape = {0}, .data = {}};
    return {};
  }
  tensor.type = *type;
  const std::string where = join({graph.path, ": tensor ", quote(name)});
  if (external) return Error::of(where, ": its data are in another file: save the model with them");
  if (deep) return Error::of(where, ": expected at most ", kMaxRank, " dimensions, found more");
  const auto bytes = byte_count(tensor.type, tensor.shape);
  if (bytes != tensor.data.size())
    return Error::of(where, ": expected ", bytes ? std::to_string(*bytes) : "fewer than 2^61",
                     " bytes of data for ", describe(tensor.type, tensor.shape), ", found ",
                     tensor.data.size());
  return {};
}

}  // namespace onnx_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_TENSOR_HPP
