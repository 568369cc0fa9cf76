#ifndef PPLCNET_MODELS_PPLCNET_HPP
#define PPLCNET_MODELS_PPLCNET_HPP

#include "pplcnet/graph/precision.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/networks/pplcnet_v3.hpp"
#include "pplcnet/networks/pplcnet_v4.hpp"

// The networks that share the name PP-LCNet, as types.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the same options of the network in floats.
template <class AnyOptions>
constexpr AnyOptions in_floats(AnyOptions options) {
  options.precision = Precision::float32;
  return options;
}

/// The networks of the paper "PP-LCNet: A Lightweight CPU Convolutional Neural Network".
template <Scale kScale, Options kOptions = Options{}>
using PPLCNet =
    typename InPrecision<kOptions.precision, NetworkOf<V1<kScale, in_floats(kOptions)>>>::Network;

/// The same without an end: feature maps for detectors (PaddleDetection `lcnet.py`) and for
/// segmentation.
template <Scale kScale, BackboneOptions kOptions = BackboneOptions{}>
using PPLCNetBackbone = NetworkOf<V1Backbone<kScale, kOptions>>;

/// PP-LCNet V2. Checkpoints in training form (with branches) and in deployed form load alike.
template <V2 kSize, V2Options kOptions = V2Options{}>
using PPLCNetV2 =
    typename InPrecision<kOptions.precision,
                         NetworkOf<V2Definition<kSize, in_floats(kOptions)>>>::Network;

/// PPLCNetV2_base_ShiTu (PaddleClas, general recognition): 512 features of a picture.
using PPLCNetV2Features =
    PPLCNetV2<V2::base, V2Options{.classes = 0, .head = 512, .features = true}>;

/// PP-LCNet V3, the backbone of PP-OCRv4's and v5's mobile text detection (x0.75: four maps, at
/// strides 4 to 32) and text recognition (x0.95: a sequence of columns). Checkpoints in training
/// form (with branches) and in deployed form load alike.
template <Scale kScale, V3 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV3 = NetworkOf<V3Definition<kScale, kTask, kOptions>>;

/// PP-LCNet V4, the backbone of PP-OCRv6's text detection (four maps, at strides 4 to 32) and text
/// recognition (a sequence of columns). Checkpoints in training form (with branches) and in
/// deployed form load alike.
template <Size kSize, V4 kTask, TextOptions kOptions = TextOptions{}>
using PPLCNetV4 = NetworkOf<V4Definition<kSize, kTask, kOptions>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PPLCNET_HPP
