#ifndef PPLCNET_WEIGHTS_PROTOBUF_HPP
#define PPLCNET_WEIGHTS_PROTOBUF_HPP

// Needs protozero (only headers; apt install libprotozero-dev) and exceptions, which it throws and
// the callers catch; pplcnet.hpp does not include it.
#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Messages are read field by field: those of an unexpected type are skipped like unknown ones.
namespace protobuf {

using Message = protozero::pbf_reader;
using Wire = protozero::pbf_wire_type;

constexpr std::uint32_t field(std::uint32_t number, Wire wire) {
  return number << 3 | static_cast<std::uint32_t>(wire);
}

inline std::string_view text(const protozero::data_view& view) {
  return {view.data(), view.size()};
}

/// Calls `visit(number)` for each integer of a repeated field of varints, packed or not.
template <class Visit>
void for_each_integer(Message& message, Visit visit) {
  if (message.wire_type() == Wire::varint) {
    visit(message.get_int64());
  } else {
    for (const std::int64_t number : message.get_packed_int64()) visit(number);
  }
}

}  // namespace protobuf

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PROTOBUF_HPP
