#ifndef PPLCNET_WEIGHTS_ONNX_OPTIONS_HPP
#define PPLCNET_WEIGHTS_ONNX_OPTIONS_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How a network leaves as ONNX.
struct OnnxOptions {
  static constexpr int kOldest = 13, kNewest = 24;  ///< opsets; from 14 on hardswish is one node

  int opset = 17;
  int batch = 1;  ///< images; 0: any number
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_OPTIONS_HPP
