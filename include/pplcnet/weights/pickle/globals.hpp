#ifndef PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP
#define PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP

#include <algorithm>
#include <cstdint>
#include <span>
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

/// A name of Python that a checkpoint may refer to.
struct GlobalRow {
  std::string_view module;
  std::string_view name;
  Global meaning;
  DataType type = DataType::f32;  ///< of a storage
};

/// All that has a meaning: what numpy (1 and 2), Paddle and PyTorch write for arrays, dicts and
/// tensors. Training scripts put objects of other classes beside them.
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

/// Returns the row of a name, or null.
constexpr const GlobalRow* find_global(std::string_view module, std::string_view name) {
  for (const GlobalRow& row : kGlobals)
    if (row.module == module && row.name == name) return &row;
  return nullptr;
}

/// Modules that run programs or code, or reach out of the process: no training script puts objects
/// of them into a checkpoint.
inline constexpr std::string_view kRefusedModules[] = {"_ctypes",
                                                       "_io",
                                                       "_pickle",
                                                       "asyncio",
                                                       "bdb",
                                                       "cPickle",
                                                       "cloudpickle",
                                                       "code",
                                                       "codeop",
                                                       "commands",
                                                       "ctypes",
                                                       "dill",
                                                       "http",
                                                       "importlib",
                                                       "imp",
                                                       "inspect",
                                                       "io",
                                                       "marshal",
                                                       "multiprocessing",
                                                       "nt",
                                                       "operator",
                                                       "os",
                                                       "pdb",
                                                       "pickle",
                                                       "platform",
                                                       "posix",
                                                       "pty",
                                                       "requests",
                                                       "runpy",
                                                       "shutil",
                                                       "signal",
                                                       "socket",
                                                       "subprocess",
                                                       "sys",
                                                       "tempfile",
                                                       "threading",
                                                       "timeit",
                                                       "urllib",
                                                       "webbrowser"};
/// Names of functions that do the same, wherever they are.
inline constexpr std::string_view kRefusedNames[] = {
    "__import__", "call",    "compile", "delattr", "eval",   "exec",  "execfile",
    "fromfile",   "getattr", "load",    "loads",   "memmap", "open",  "popen",
    "Popen",      "run",     "save",    "setattr", "spawn",  "system"};
/// All that is taken from Python itself.
inline constexpr std::string_view kPlainTypes[] = {
    "bool", "bytearray", "complex", "dict", "float", "frozenset", "int",
    "list", "object",    "range",   "set",  "slice", "str",       "unicode"};

/// Returns whether a name in a pickle is that of an attack. Nothing is called, whatever its name
/// is, but such a file is not one to go on with.
constexpr bool is_refused(std::string_view module, std::string_view name) {
  const auto has = [](std::span<const std::string_view> texts, std::string_view text) {
    return std::ranges::find(texts, text) != texts.end();
  };
  if (module == "builtins" || module == "__builtin__") return !has(kPlainTypes, name);
  return has(kRefusedModules, module.substr(0, module.find('.'))) ||
         has(kRefusedNames, name.substr(name.rfind('.') + 1));
}

}  // namespace pickle

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_GLOBALS_HPP
