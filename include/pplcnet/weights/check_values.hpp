#ifndef PPLCNET_WEIGHTS_CHECK_VALUES_HPP
#define PPLCNET_WEIGHTS_CHECK_VALUES_HPP

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/fold.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/tensor.hpp"

// No NaN and no infinity gets into a network: each makes an output meaningless without an error.
// What a file has is checked as it is read, and what was made of it as it lies in memory.

namespace pplcnet::inline PPLCNET_ABI {

namespace checking {

/// Returns the first of packed numbers whose exponent has all of these bits, as NaN and infinities
/// have; the count of numbers if there is none.
template <class Bits>
std::size_t first_not_finite(std::span<const std::byte> numbers, Bits exponent) {
  const std::size_t count = numbers.size() / sizeof(Bits);
  const auto is_finite = [&](std::size_t i) {
    Bits bits = 0;
    std::memcpy(&bits, numbers.data() + i * sizeof(Bits), sizeof(Bits));
    return (bits & exponent) != exponent;
  };
  bool all = true;  // without a way out, so that compilers make vectors of it
  for (std::size_t i = 0; i < count; ++i) all = is_finite(i) && all;
  std::size_t first = all ? count : 0;
  while (first < count && is_finite(first)) ++first;
  return first;
}

inline std::size_t first_not_finite(std::span<const float> values) {
  return first_not_finite<std::uint32_t>(std::as_bytes(values), 0x7f800000);
}

PPLCNET_INLINE std::string text_of(float number);

template <class... Expected>
Error wrong(std::string_view path, std::string_view tensor, std::size_t index, float found,
            const Expected&... expected) {
  return Error::of(path, ": tensor ", quote(tensor), ": expected ", expected..., ", found ",
                   text_of(found), " (number ", index, ")")
      .with_progress(Error::kAllSteps);
}

}  // namespace checking

/// Keeps an error: wrong values are reported when everything else is right: of a file of another
/// network it is not what matters.
inline void keep_first(Error& first, Error next) {
  if (!first) first = std::move(next);
}

/// Copies all elements as `to_float` does; an error that names the tensor if one is not finite, or
/// too large for float32.
PPLCNET_INLINE Error read_values(const Tensor& tensor, std::string_view path,
                                 std::span<float> values);

/// Checks the same for variances, of which none is negative.
PPLCNET_INLINE Error read_variances(const Tensor& tensor, std::string_view path,
                                    std::span<float> values);

/// Checks a layer's packed weights, among a network's: an error that names the tensor of a native
/// file which they are. `when` is what was done to them: for the message.
inline Error check_packed(const Layer& layer, std::span<const float> weights, std::string_view path,
                          std::string_view when = "") {
  const auto packed = weights.subspan(layer.weights, layer.weight_floats());
  const std::size_t index =
      layer.half ? checking::first_not_finite<std::uint16_t>(std::as_bytes(packed), 0x7c00)
                 : checking::first_not_finite(packed);
  if (index < packed.size() * (layer.half ? 2 : 1))
    return checking::wrong(path, layer_name(layer) + ".weight", index,
                           load_weight(layer, weights, index), "finite ",
                           layer.half ? "float16 numbers, at most 65504" : "float32 numbers", when);
  const auto biases = weights.subspan(layer.biases, layer.bias_floats());
  const std::size_t bias = checking::first_not_finite(biases);
  if (bias == biases.size()) return {};
  const bool affine = layer.affine && layer.biases + bias >= layer.affine_place();
  return checking::wrong(path, layer_name(layer) + (affine ? ".affine" : ".bias"), bias,
                         biases[bias], "finite float32 numbers", when);
}

/// What was done to weights that a file has in a framework's form.
inline constexpr std::string_view kWhenFolded = " when batch norm and scales are part of it";

/// What was done to weights of another storage.
inline constexpr std::string_view kWhenStored = " in the storage that is asked for";

/// Checks the same for all layers: some milliseconds for the largest network.
inline Error check_packed(std::span<const Layer> layers, std::span<const float> weights,
                          std::string_view path, std::string_view when = "") {
  for (const Layer& layer : layers)
    if (layer.has_weights())
      if (auto error = check_packed(layer, weights, path, when)) return error;
  return {};
}

#if PPLCNET_HAS_DEFINITIONS
namespace checking {

PPLCNET_INLINE std::string text_of(float number) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof(digits), number).ptr};
}

}  // namespace checking

PPLCNET_INLINE Error read_values(const Tensor& tensor, std::string_view path,
                                 std::span<float> values) {
  to_float(tensor, values);
  const std::size_t index = checking::first_not_finite(values);
  if (index == values.size()) return {};
  return checking::wrong(path, tensor.name, index, values[index], "finite float32 numbers");
}

PPLCNET_INLINE Error read_variances(const Tensor& tensor, std::string_view path,
                                    std::span<float> values) {
  if (auto error = read_values(tensor, path, values)) return error;
  const auto negative = std::ranges::find_if(values, [](float value) { return value < 0; });
  if (negative == values.end()) return {};
  return checking::wrong(path, tensor.name, static_cast<std::size_t>(negative - values.begin()),
                         *negative, "variances, which are not negative");
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_CHECK_VALUES_HPP
