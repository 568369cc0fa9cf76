#ifndef PPLCNET_WEIGHTS_PADDLE_PDPARAMS_HPP
#define PPLCNET_WEIGHTS_PADDLE_PDPARAMS_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <utility>

#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/pickle/numpy_array.hpp"
#include "pplcnet/weights/pickle/pickle.hpp"
#include "pplcnet/weights/pickle/state_dict.hpp"
#include "pplcnet/weights/pickle/values.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads a whole .pdparams file from memory: a pickled dict of numpy arrays (Paddle,
/// python/paddle/framework/io.py). The tensors are in the order of the dict and view `bytes` where
/// they lie there as they are; `file` changes only on success.
PPLCNET_INLINE Error parse_pdparams(std::span<const std::byte> bytes, std::string_view path,
                                    TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error parse_pdparams(std::span<const std::byte> bytes, std::string_view path,
                                    TensorFile& file) {
  MemoryBudget budget(bytes.size());
  PickleValues values{.file = bytes, .containers = {}, .storages = {}};
  PickleReader reader(values, 0, path, budget);
  pickle::Value root;
  if (auto error = reader.read(root)) return error;
  if (reader.position() != bytes.size())
    return Error::of(path, ": expected a pickle of ", reader.position(), " bytes, found ",
                     bytes.size());
  if (root.kind != pickle::Kind::dict)
    return Error::of(path, ": expected a dict of arrays, found ", values.found(root));
  TensorFile result;
  result.path = path;
  const auto read = [&](const pickle::Value& value, Tensor& tensor) {
    return read_numpy_array(values, value, budget, result, tensor);
  };
  if (auto error = pickle::read_state_dict(values, root, budget, result, read)) return error;
  file = std::move(result);
  return {};
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PADDLE_PDPARAMS_HPP
