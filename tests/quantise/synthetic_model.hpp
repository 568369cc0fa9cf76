#ifndef PPLCNET_TESTS_QUANTISE_SYNTHETIC_MODEL_HPP
#define PPLCNET_TESTS_QUANTISE_SYNTHETIC_MODEL_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/quantise/check_model.hpp"
#include "pplcnet/quantise/file_tensors.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet_test {

/// A quantised network of made-up numbers, each another, that a file may have.
inline pplcnet::QuantisedModel synthetic_model(std::span<const pplcnet::Layer> layers) {
  pplcnet::QuantisedModel model;
  model.picture_scales = {1 / (255 * 0.229F), 1 / (255 * 0.224F), 1 / (255 * 0.225F)};
  model.picture_zeros = {123.675F, 116.28F, 103.53F};
  model.layers.resize(layers.size());
  std::uint32_t state = 1;
  const auto next = [&] { return (state = state * 1664525 + 1013904223) >> 8; };
  const auto fill = [&](const std::string& name, const auto& shape, auto& values) {
    if constexpr (requires { values.resize(1); }) {
      std::size_t count = 1;
      for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
      values.resize(count);
      for (auto& value : values) {
        using Value = std::remove_reference_t<decltype(value)>;
        const auto number = next();
        if (name.ends_with(".bias"))
          value = static_cast<Value>(static_cast<float>(number) / (1 << 23) - 1);
        else if constexpr (sizeof(Value) == sizeof(float))
          value = static_cast<Value>((1 + static_cast<float>(number) / (1 << 24)) / 64);
        else if (name.ends_with(".weight"))
          value = static_cast<Value>(static_cast<int>(number % 129) - 64);
        else
          value = static_cast<Value>(number % 256);
      }
    }
    return pplcnet::Error();
  };
  static_cast<void>(pplcnet::quantised_file::for_each_tensor(layers, model, fill));
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (pplcnet::quantised_file::ends_at_zero(layers[i]))
      for (std::uint8_t& zero : model.layers[i].zeros) zero = 0;
  return model;
}

/// The same with scales for which integers can do the arithmetic.
inline pplcnet::QuantisedModel packable_model(std::span<const pplcnet::Layer> layers) {
  pplcnet::QuantisedModel model = synthetic_model(layers);
  const auto set = [](const std::string& name, const auto&, auto& values) {
    if (name.ends_with(".weight_scale"))
      for (auto& value : values)
        value = static_cast<std::remove_reference_t<decltype(value)>>(0x1p-12);
    return pplcnet::Error();
  };
  static_cast<void>(pplcnet::quantised_file::for_each_tensor(layers, model, set));
  return model;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_QUANTISE_SYNTHETIC_MODEL_HPP
