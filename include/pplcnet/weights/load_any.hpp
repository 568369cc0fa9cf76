#ifndef PPLCNET_WEIGHTS_LOAD_ANY_HPP
#define PPLCNET_WEIGHTS_LOAD_ANY_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/load.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include <utility>

#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/pack_state_dict.hpp"
#include "pplcnet/weights/pickled.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

namespace loading {

/// Fills packed weights from a file's bytes.
PPLCNET_INLINE Error load_any_bytes(std::span<const std::byte> bytes, std::string_view path,
                                    std::span<const Layer> layers, const NetworkTraits& traits,
                                    std::span<float> weights, ModelInfo* info);

/// Fills packed weights from a file.
PPLCNET_INLINE Error load_any_file(std::string_view path, std::span<const Layer> layers,
                                   const NetworkTraits& traits, std::span<float> weights,
                                   ModelInfo* info);

#if PPLCNET_HAS_DEFINITIONS
/// Fills packed weights from a file's bytes.
inline Error load_any(std::span<const std::byte> bytes, std::string_view path,
                      std::span<const Layer> layers, const NetworkTraits& traits,
                      std::span<float> weights, ModelInfo* info) {
  const FileFormat format = detect_format(bytes);
  if (format != FileFormat::zip && format != FileFormat::pickle)
    return load(bytes, path, layers, traits, weights, info);
  TensorFile file;
  if (auto error = parse_pickled(bytes, path, file)) return error;
  if (info != nullptr) *info = {};
  return pack_state_dict(file, layers, traits, weights);
}

PPLCNET_INLINE Error load_any_bytes(std::span<const std::byte> bytes, std::string_view path,
                                    std::span<const Layer> layers, const NetworkTraits& traits,
                                    std::span<float> weights, ModelInfo* info) {
  return with_memory_for(
      path, [&]() -> Error { return load_any(bytes, path, layers, traits, weights, info); });
}

PPLCNET_INLINE Error load_any_file(std::string_view path, std::span<const Layer> layers,
                                   const NetworkTraits& traits, std::span<float> weights,
                                   ModelInfo* info) {
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return load_any(std::as_const(bytes).bytes(), path, layers, traits, weights, info);
  });
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace loading

/// As `load_bytes`, and also from what frameworks pickle: Paddle's `.pdparams`, and PyTorch's
/// checkpoints. Pickles are read, not executed. This is a header of its own because few programs
/// need it, and it takes a second to compile.
template <class Weights>
Error load_any_bytes(std::span<const std::byte> bytes, std::string_view name, Weights& weights,
                     ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  return loading::load_any_bytes(bytes, name, Net::layers, Net::traits, weights.values, info);
}

/// Loads the same, from a file. A classifier does with it: `classifier.load(path,
/// pplcnet::load_any)`.
template <class Weights>
Error load_any(std::string_view path, Weights& weights, ModelInfo* info = nullptr) {
  using Net = typename Weights::Network;
  return loading::load_any_file(path, Net::layers, Net::traits, weights.values, info);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_LOAD_ANY_HPP
