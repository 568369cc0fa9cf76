#ifndef PPLCNET_WEIGHTS_ONNX_WINDOW_ATTRIBUTES_HPP
#define PPLCNET_WEIGHTS_ONNX_WINDOW_ATTRIBUTES_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <cstdint>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Zeros above, left of, below and right of a map.
inline OnnxInts pads_of(const Layer& layer) {
  const Padding& padding = layer.padding;
  return {padding.top, padding.left, padding.bottom, padding.right};
}

/// Returns how a pooling window moves. A window that reaches beyond the padding (ceil mode) ends
/// there.
inline std::vector<OnnxAttribute> window_of(const Layer& layer) {
  const auto beyond = [](int outputs, int step, int kernel, int size) {
    return (outputs - 1) * step + kernel - size;
  };
  const bool ceil = beyond(layer.output.height, layer.stride.height, layer.kernel.height,
                           layer.input.height + layer.padding.top + layer.padding.bottom) > 0 ||
                    beyond(layer.output.width, layer.stride.width, layer.kernel.width,
                           layer.input.width + layer.padding.left + layer.padding.right) > 0;
  return {{"kernel_shape", OnnxInts{layer.kernel.height, layer.kernel.width}},
          {"strides", OnnxInts{layer.stride.height, layer.stride.width}},
          {"pads", pads_of(layer)},
          {"ceil_mode", std::int64_t{ceil ? 1 : 0}}};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_WINDOW_ATTRIBUTES_HPP
