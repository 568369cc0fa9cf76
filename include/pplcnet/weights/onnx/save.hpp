#ifndef PPLCNET_WEIGHTS_ONNX_SAVE_HPP
#define PPLCNET_WEIGHTS_ONNX_SAVE_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <string>
#include <string_view>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/onnx/options.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <cstddef>
#include <span>

#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/onnx/writer.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the bytes of an ONNX model of a network with its weights: `input` [batch, 3, height,
/// width], normalised as the network was trained; all else is inside. Labels and preprocessing are
/// among its metadata, as in native files.
PPLCNET_INLINE std::string onnx_model(const AnyNetwork& network, const OnnxOptions& options,
                                      const ModelInfo& info);

template <class Weights>
std::string onnx_model(const Weights& weights, const OnnxOptions& options = {},
                       ModelInfo info = {}) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return onnx_model(AnyNetwork::of(weights), options, info);
}

/// Writes it to a file.
PPLCNET_INLINE Error save_onnx(NewFile& target, const AnyNetwork& network,
                               const OnnxOptions& options, const ModelInfo& info);

#if PPLCNET_HAS_OPEN_DEFINITIONS
PPLCNET_INLINE std::string onnx_model(const AnyNetwork& network, const OnnxOptions& options,
                                      const ModelInfo& info) {
  return OnnxWriter(network.plan(), network.weights(), options).model(info);
}

PPLCNET_INLINE Error save_onnx(NewFile& target, const AnyNetwork& network,
                               const OnnxOptions& options, const ModelInfo& info) {
  return with_memory_for(target.path(), [&]() -> Error {
    if (options.opset < OnnxOptions::kOldest || options.opset > OnnxOptions::kNewest)
      return Error::of(target.path(), ": expected an opset from ", OnnxOptions::kOldest, " to ",
                       OnnxOptions::kNewest, ", found ", options.opset);
    if (auto error = check_info(info, network.traits().label_count, target.path())) return error;
    if (auto error = check_packed(network.layers(), network.weights(), target.path())) return error;
    const std::string bytes = onnx_model(network, options, info);
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(bytes))};
    return target.write(pieces);
  });
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

template <class Weights>
Error save_onnx(NewFile& target, const Weights& weights, const OnnxOptions& options = {},
                ModelInfo info = {}) {
  using Net = typename Weights::Network;
  if constexpr (requires { Net::Definition::model.name; }) info.model = Net::Definition::model.name;
  return with_memory_for(target.path(), [&]() -> Error {
    return save_onnx(target, AnyNetwork::of(weights), options, info);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
template <class Weights>
Error save_onnx(std::string_view path, const Weights& weights, const OnnxOptions& options = {},
                const ModelInfo& info = {}) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save_onnx(target, weights, options, info)) return error;
    return target.publish();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_SAVE_HPP
