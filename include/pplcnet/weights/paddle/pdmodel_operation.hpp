#ifndef PPLCNET_WEIGHTS_PADDLE_PDMODEL_OPERATION_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDMODEL_OPERATION_HPP

// Needs protozero and exceptions, see pdmodel.hpp.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/paddle/operation.hpp"
#include "pplcnet/weights/protobuf.hpp"
#include "pplcnet/weights/tensor.hpp"

// An operation of a .pdmodel: an OpDesc of Paddle's `framework.proto`.

namespace pplcnet::inline PPLCNET_ABI {

namespace pdmodel {

using protobuf::field, protobuf::for_each_integer, protobuf::Message, protobuf::text,
    protobuf::Wire;

/// Reads an attribute.
inline paddle::Attribute read_attribute(Message message) {
  paddle::Attribute attribute;
  const auto add = [&](std::int64_t value) {
    if (attribute.integers.size() < kMaxRank) attribute.integers.push_back(value);
  };
  while (message.next()) {
    switch (message.tag_and_type()) {
      case field(1, Wire::length_delimited):
        attribute.name = text(message.get_view());
        break;
      case field(4, Wire::fixed32):
        attribute.number = double{std::bit_cast<float>(message.get_fixed32())};
        break;
      case field(19, Wire::fixed64):
        attribute.number = std::bit_cast<double>(message.get_fixed64());
        break;
      case field(5, Wire::length_delimited):
        attribute.text = text(message.get_view());
        break;
      case field(7, Wire::fixed32):  // floats
        if (attribute.numbers.size() < kMaxRank)
          attribute.numbers.push_back(double{std::bit_cast<float>(message.get_fixed32())});
        else
          message.skip();
        break;
      case field(3, Wire::varint):   // int
      case field(10, Wire::varint):  // bool
      case field(13, Wire::varint):  // long
      case field(6, Wire::varint):   // ints, longs
      case field(6, Wire::length_delimited):
      case field(15, Wire::varint):
      case field(15, Wire::length_delimited):
        for_each_integer(message, add);
        break;
      default:
        message.skip();
    }
  }
  return attribute;
}

/// Returns an operation's inputs in the order of a GraphNode; none is needed of others.
inline std::size_t place_of(std::string_view parameter) {
  constexpr std::pair<std::string_view, std::size_t> kPlaces[] = {
      {"X", 0},     {"Input", 0}, {"Y", 1},    {"Alpha", 1}, {"Filter", 1},
      {"Scale", 1}, {"B", 2},     {"Bias", 2}, {"Mean", 3},  {"Variance", 4},
  };
  for (const auto& [name, place] : kPlaces)
    if (name == parameter) return place;
  return GraphNode::kMaxInputs;
}

/// Removes the attributes that a tensor stands in place of: they mean nothing then.
inline void forget_replaced(std::string_view parameter, paddle::Operation& operation) {
  constexpr std::string_view kSize[] = {"out_h", "out_w", "scale"};
  const bool of_size =
      operation.type.find("interp") != std::string_view::npos &&
      (parameter == "OutSize" || parameter == "SizeTensor" || parameter == "Scale");
  // `StartsTensor`, or `StartsTensorList`, in place of `starts`.
  const std::string_view rest = parameter.substr(std::min<std::size_t>(parameter.size(), 1));
  std::erase_if(operation.attributes, [&](const paddle::Attribute& attribute) {
    if (of_size && std::ranges::find(kSize, attribute.name) != std::end(kSize)) return true;
    if (attribute.name.empty() || !rest.starts_with(attribute.name.substr(1))) return false;
    return rest.substr(attribute.name.size() - 1).starts_with("Tensor");
  });
}

}  // namespace pdmodel

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDMODEL_OPERATION_HPP
