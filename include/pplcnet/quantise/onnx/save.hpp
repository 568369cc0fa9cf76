#ifndef PPLCNET_QUANTISE_ONNX_SAVE_HPP
#define PPLCNET_QUANTISE_ONNX_SAVE_HPP

// Needs protozero (Debian: libprotozero-dev).
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/check_model.hpp"
#include "pplcnet/quantise/onnx/writer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/model_info.hpp"
#include "pplcnet/weights/onnx/options.hpp"
#include "pplcnet/weights/out_of_memory.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Writes an ONNX model of a quantised network (QuantizeLinear and DequantizeLinear): `input` and
/// outputs are those of `save_onnx`, so that a program can take one for the other. `plan` is the
/// network's in floats. Read back, the network is the same.
inline Error save_quantised_onnx(NewFile& target, const QuantisedModel& model, const Plan& plan,
                                 const OnnxOptions& options = {}, const ModelInfo& info = {}) {
  const std::string_view path = target.path();
  return with_memory_for(path, [&]() -> Error {
    if (options.opset < OnnxOptions::kOldest || options.opset > OnnxOptions::kNewest)
      return Error::of(path, ": expected an opset from ", OnnxOptions::kOldest, " to ",
                       OnnxOptions::kNewest, ", found ", options.opset);
    const std::span layers(plan.layers, static_cast<std::size_t>(plan.layer_count));
    if (auto error = check_info(info, plan.traits.label_count, path)) return error;
    TensorFile tensors;
    if (auto error = quantised_file::add_tensors(layers, model, path, tensors)) return error;
    if (auto error = quantised_file::check_model(layers, model, path)) return error;
    const std::string bytes = QuantisedOnnxWriter(plan, model, options).model(info);
    const std::span<const std::byte> pieces[] = {std::as_bytes(std::span(bytes))};
    return target.write(pieces);
  });
}

/// Writes the same, and gives the file its name: either the whole file appears or none.
inline Error save_quantised_onnx(std::string_view path, const QuantisedModel& model,
                                 const Plan& plan, const OnnxOptions& options = {},
                                 const ModelInfo& info = {}) {
  return with_memory_for(path, [&]() -> Error {
    NewFile target(path);
    if (auto error = save_quantised_onnx(target, model, plan, options, info)) return error;
    return target.publish();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_ONNX_SAVE_HPP
