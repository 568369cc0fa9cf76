#ifndef PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP
#define PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP

#include <cstdint>
#include <string_view>

#include "pplcnet/abi.hpp"
#include "pplcnet/weights/data_type.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace pickle {

/// What a name in a pickle stands for here. Nothing of it is ever called: whoever wants an array
/// reads its description.
enum class Global : std::uint8_t {
  array,        ///< (ndarray, ..); the state is (version, shape, dtype, Fortran order, data)
  buffer,       ///< (data, dtype, shape, order): an array in protocol 5
  ndarray,      ///< a class, as an argument
  dtype,        ///< (name, ..); the state is (version, byte order, ..)
  encode,       ///< (text, 'latin1'): bytes in protocol 2
  empty_bytes,  ///< (): the same, when there are none
  tuple,        ///< ((name, array),): a Paddle tensor
  ordered_dict,
  tensor,     ///< (storage, offset, shape, strides, ..)
  parameter,  ///< (tensor, ..)
  storage,    ///< a class, in a persistent id
};

struct GlobalRow {
  std::string_view module;
  std::string_view name;
  Global meaning;
  DataType type = DataType::f32;  ///< of a storage
};

/// All that a pickle may name: what numpy (1 and 2), Paddle and PyTorch write for arrays, dicts and
/// tensors.
inline constexpr GlobalRow kGlobals[] = {
    {"numpy.core.multiarray", "_reconstruct", Global::array},
    {"numpy._core.multiarray", "_reconstruct", Global::array},
    {"numpy.core.numeric", "_frombuffer", Global::buffer},
    {"numpy._core.numeric", "_frombuffer", Global::buffer},
    {"numpy", "ndarray", Global::ndarray},
    {"numpy", "dtype", Global::dtype},
    {"_codecs", "encode", Global::encode},
    {"__builtin__", "bytes", Global::empty_bytes},
    {"builtins", "bytes", Global::empty_bytes},
    {"__builtin__", "tuple", Global::tuple},
    {"builtins", "tuple", Global::tuple},
    {"collections", "OrderedDict", Global::ordered_dict},
    {"torch._utils", "_rebuild_tensor", Global::tensor},
    {"torch._utils", "_rebuild_tensor_v2", Global::tensor},
    {"torch._utils", "_rebuild_parameter", Global::parameter},
    {"torch", "FloatStorage", Global::storage, DataType::f32},
    {"torch", "DoubleStorage", Global::storage, DataType::f64},
    {"torch", "HalfStorage", Global::storage, DataType::f16},
    {"torch", "BFloat16Storage", Global::storage, DataType::bf16},
    {"torch", "LongStorage", Global::storage, DataType::i64},
    {"torch", "IntStorage", Global::storage, DataType::i32},
    {"torch", "ShortStorage", Global::storage, DataType::i16},
    {"torch", "CharStorage", Global::storage, DataType::i8},
    {"torch", "ByteStorage", Global::storage, DataType::u8},
    {"torch", "BoolStorage", Global::storage, DataType::boolean},
};

/// The row of a name, or null.
constexpr const GlobalRow* find_global(std::string_view module, std::string_view name) {
  for (const GlobalRow& row : kGlobals)
    if (row.module == module && row.name == name) return &row;
  return nullptr;
}

}  // namespace pickle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP
