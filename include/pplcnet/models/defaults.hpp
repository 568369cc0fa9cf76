#ifndef PPLCNET_MODELS_DEFAULTS_HPP
#define PPLCNET_MODELS_DEFAULTS_HPP

#include <string>
#include <vector>

#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/networks/names/pplcnet_v1.hpp"

// What a network is used with, unless something else is said.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the preprocessing that published weights of a network expect: that of its model; without
/// one timm's for its dialect, otherwise Paddle's; a picture is squeezed into an input that is not
/// square.
template <class Net>
constexpr Preprocessing default_preprocessing() {
  if constexpr (HasModel<Net>) return Net::Definition::model.preprocessing;
  constexpr int kHeight = Net::input_shape.height, kWidth = Net::input_shape.width;
  if constexpr (requires { Net::Definition::options.dialect; })
    if (Net::Definition::options.dialect == Dialect::timm) return timm_bicubic(kHeight, kWidth);
  return kHeight == kWidth ? paddle_imagenet(kHeight, kWidth) : paddle_direct(kHeight, kWidth);
}

/// Returns the labels of a network's model; none without one.
template <class Net>
std::vector<std::string> default_labels() {
  if constexpr (HasModel<Net>) {
    constexpr auto kLabels = Net::Definition::model.labels;
    return {kLabels.begin(), kLabels.end()};
  }
  return {};
}

/// Returns the function that turns a network's logits into probabilities: its model's, otherwise
/// softmax.
template <class Net>
constexpr Output output_of() {
  if constexpr (HasModel<Net>) return Net::Definition::model.output;
  return Output::softmax;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_DEFAULTS_HPP
