#ifndef PPLCNET_QUANTISE_CHECK_MODEL_HPP
#define PPLCNET_QUANTISE_CHECK_MODEL_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/graph/operator.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/file_tensors.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/quantise/weights.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"

// Which numbers a quantised network may have, tensor by tensor. Whether integers of 16 and 32 bits
// can do its arithmetic is seen when it is packed.

namespace pplcnet::inline PPLCNET_ABI {

namespace quantised_file {

template <class Values, class IsRight>
Error check_each(const Values& values, std::string_view path, const std::string& tensor,
                 std::string_view expected, const IsRight& is_right) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!is_right(values[i]))
      return checking::wrong(path, tensor, i, static_cast<float>(values[i]), expected);
  return {};
}

template <class Values>
Error check_scales(const Values& values, std::string_view path, const std::string& tensor) {
  return check_each(values, path, tensor, "finite numbers above 0",
                    [](float value) { return value > 0 && std::isfinite(value); });
}

/// Checks the neighbours of a product's weights, in the order in which they are summed: along each
/// row of the kernel, all channels of a column before the next.
inline Error check_pairs(const Layer& layer, std::span<const std::int8_t> weights,
                         std::string_view path, const std::string& tensor) {
  if (layer.op == Operator::depthwise) return {};
  const auto channels = static_cast<std::size_t>(layer.input.channels);
  const auto rows = static_cast<std::size_t>(layer.kernel.height);
  const auto columns = static_cast<std::size_t>(layer.kernel.width);
  const std::size_t plane = rows * columns;
  for (std::size_t out = 0; out < static_cast<std::size_t>(layer.output.channels); ++out)
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t k = 0; k + 1 < channels * columns; k += 2) {
        const auto place = [&](std::size_t next) {
          return (out * channels + next % channels) * plane + row * columns + next / channels;
        };
        const int one = int{weights[place(k)]}, other = int{weights[place(k + 1)]};
        if (std::abs(one) + std::abs(other) > kLargestPair)
          return Error::of(path, ": tensor ", quote(tensor), ": expected neighbours of at most ",
                           kLargestPair, " together, found ", one, " and ", other, " (numbers ",
                           place(k), " and ", place(k + 1), ")")
              .with_progress(Error::kAllSteps);
      }
  return {};
}

inline Error check_weights(const Layer& layer, const QuantisedTensors& tensors,
                           std::string_view path, const std::string& name) {
  if (auto error = check_each(tensors.weights, path, name + ".weight", "numbers from -127 to 127",
                              [](int weight) { return std::abs(weight) <= kLargestWeight; }))
    return error;
  if (auto error = check_pairs(layer, tensors.weights, path, name + ".weight")) return error;
  if (auto error = check_scales(tensors.weight_scales, path, name + ".weight_scale")) return error;
  return check_each(tensors.biases, path, name + ".bias", "finite float32 numbers",
                    [](float value) { return std::isfinite(value); });
}

/// Returns whether a layer gives nothing below zero because of how it ends: its zero point is 0.
inline bool ends_at_zero(const Layer& layer) {
  const Activation last =
      layer.last_activation != Activation::none ? layer.last_activation : layer.activation;
  const bool added = layer.addend >= 0 && layer.last_activation == Activation::none;
  return !added && (last == Activation::relu || last == Activation::relu6);
}

inline Error check_layer(std::span<const Layer> layers, std::size_t i,
                         const QuantisedTensors& tensors, std::string_view path) {
  const Layer& layer = layers[i];
  const std::string name = name_of(layers, i);
  if (layer.has_weights())
    if (auto error = check_weights(layer, tensors, path, name)) return error;
  if (auto error = check_scales(tensors.scales, path, name + ".scale")) return error;
  if (!ends_at_zero(layer)) return {};
  return check_each(tensors.zeros, path, name + ".zero_point", "only 0, as of what ends at zero",
                    [](int zero) { return zero == 0; });
}

/// Checks the numbers of a network: an error that names the tensor with a wrong one.
inline Error check_model(std::span<const Layer> layers, const QuantisedModel& model,
                         std::string_view path) {
  if (auto error = check_scales(model.picture_scales, path, "picture.scale")) return error;
  if (auto error =
          check_each(model.picture_zeros, path, "picture.zero_point", "numbers from 0 to 255",
                     [](float zero) { return zero >= 0 && zero <= 255; }))
    return error;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (auto error = check_layer(layers, i, model.layers[i], path)) return error;
  return {};
}

}  // namespace quantised_file

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHECK_MODEL_HPP
