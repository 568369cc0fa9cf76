#ifndef PPLCNET_TESTS_WEIGHTS_PICKLES_HPP
#define PPLCNET_TESTS_WEIGHTS_PICKLES_HPP

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/weights/little_endian.hpp"

/// Pickles and what PyTorch puts them into, made by hand: each function gives the bytes that push
/// one value.
namespace pplcnet_test::pickled {

using Entries = std::vector<std::pair<std::string, std::string>>;

template <typename Number>
std::string number(Number value) {
  const auto bytes = pplcnet::to_little_endian(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::string u32(std::size_t value) { return number(static_cast<std::uint32_t>(value)); }
inline std::string u16(std::size_t value) { return number(static_cast<std::uint16_t>(value)); }

inline const std::string none = "N", yes = "\x88", no = "\x89";

inline std::string text(const std::string& value) { return "X" + u32(value.size()) + value; }
inline std::string bytes(const std::string& value) { return "B" + u32(value.size()) + value; }
inline std::string integer(std::int64_t value) {
  return "\x8a\x08" + number(static_cast<std::uint64_t>(value));
}
inline std::string tuple(std::initializer_list<std::string> values) {
  std::string all = "(";
  for (const std::string& value : values) all += value;
  return all + "t";
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::string all = "(";
  for (const std::int64_t value : values) all += integer(value);
  return all + "t";
}
inline std::string list(std::initializer_list<std::string> values) {
  std::string all = "](";
  for (const std::string& value : values) all += value;
  return all + "e";
}
/// Of names and values.
inline std::string dict(const Entries& entries) {
  std::string all = "}(";
  for (const auto& [key, value] : entries) all += text(key) + value;
  return all + "u";
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string call(const std::string& function, const std::string& arguments) {
  return function + arguments + "R";
}
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

// ---- numpy -----------------------------------------------------------------------------------

inline std::string dtype(const std::string& name, const std::string& byte_order = "<") {
  return call(global("numpy", "dtype"), tuple({text(name), no, yes})) +
         tuple({integer(3), text(byte_order), none, none, none, integer(-1), integer(-1),
                integer(0)}) +
         "b";
}
inline std::string array_of(const std::string& dtype, const std::string& shape,
                            const std::string& data, const std::string& fortran_order = no) {
  return call(global("numpy.core.multiarray", "_reconstruct"),
              tuple({global("numpy", "ndarray"), integers({0}), bytes("b")})) +
         tuple({integer(1), shape, dtype, fortran_order, data}) + "b";
}
inline std::string array(const std::string& type, std::initializer_list<std::int64_t> shape,
                         const std::string& data) {
  return array_of(dtype(type), integers(shape), bytes(data));
}

// ---- PyTorch ---------------------------------------------------------------------------------

inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(count)}) +
         "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset,
                          const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              tuple({storage, integer(offset), integers(shape), integers(strides), no,
                     call(global("collections", "OrderedDict"), ")")}));
}

/// An archive of stored entries; `method` is 8 for compressed ones.
inline std::string zip(const Entries& entries, std::size_t method = 0) {
  std::string archive, directory;
  for (const auto& [name, data] : entries) {
    const std::string sizes = u32(data.size()) + u32(data.size());
    const std::string lengths = u16(name.size()) + u16(0);
    directory += "PK\1\2" + u16(0) + u16(0) + u16(0) + u16(method) + u32(0) + u32(0) + sizes +
                 lengths + u16(0) + u16(0) + u16(0) + u32(0) + u32(archive.size()) + name;
    archive += "PK\3\4" + u16(0) + u16(0) + u16(method) + u32(0) + u32(0) + sizes + lengths + name;
    archive += data;
  }
  return archive + directory + "PK\5\6" + u16(0) + u16(0) + u16(entries.size()) +
         u16(entries.size()) + u32(directory.size()) + u32(archive.size()) + u16(0);
}
/// What torch.save writes: a value, and storages by key.
inline std::string torch_zip(const std::string& value, const Entries& storages) {
  Entries entries = {{"net/data.pkl", pickle(value)}, {"net/version", "3\n"}};
  for (const auto& [key, data] : storages) entries.emplace_back("net/data/" + key, data);
  return zip(entries);
}
/// What it wrote before 1.6; a storage's data are its count of elements and they.
inline std::string torch_legacy(const std::string& value, const Entries& storages,
                                const std::string& little_endian = yes) {
  std::string keys = "](", data;
  for (const auto& [key, counted] : storages) {
    keys += text(key);
    data += counted;
  }
  return pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + pickle(integer(1001)) +
         pickle(dict({{"protocol_version", integer(1001)}, {"little_endian", little_endian}})) +
         pickle(value) + pickle(keys + "e") + data;
}

}  // namespace pplcnet_test::pickled

#endif  // PPLCNET_TESTS_WEIGHTS_PICKLES_HPP
