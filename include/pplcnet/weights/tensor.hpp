#ifndef PPLCNET_WEIGHTS_TENSOR_HPP
#define PPLCNET_WEIGHTS_TENSOR_HPP

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/data_type.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/little_endian.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What the readers accept at most: far above any network, and low enough that a hostile file
/// cannot make them allocate much more than its own size.
inline constexpr std::size_t kMaxTensors = 1 << 15;
inline constexpr std::size_t kMaxRank = 32;

/// A stored array: a view of bytes that another object owns.
struct Tensor {
  std::string name;  ///< empty where the format has no names
  DataType type = DataType::f32;
  std::vector<std::int64_t> shape;  ///< none negative; empty for a single value
  std::span<const std::byte> data;  ///< little-endian, row-major, packed; any alignment

  std::int64_t element_count() const {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    return count;
  }
};

/// The contents of a weight file. The tensors view the bytes that were parsed, which must outlive
/// this object, or `unpacked`; everything else is owned.
struct TensorFile {
  std::vector<Tensor> tensors;                                ///< in file order
  std::vector<std::pair<std::string, std::string>> metadata;  ///< key, value; in file order
  std::string path;                                           ///< for messages

  /// Data that do not lie in the file as a tensor has them; copies of this object share them.
  std::vector<std::shared_ptr<std::byte[]>> unpacked = {};

  /// Returns the tensor of that name, or null.
  const Tensor* find(std::string_view name) const {
    const auto found = std::ranges::find(tensors, name, &Tensor::name);
    return found == tensors.end() ? nullptr : &*found;
  }
};

/// Returns the bytes that elements of this type and shape take. Nothing if a dimension is negative,
/// if 64 bits cannot count the bits of it, or if packed elements do not end on a whole byte.
constexpr std::optional<std::uint64_t> byte_count(DataType type,
                                                  std::span<const std::int64_t> shape) {
  auto bits = static_cast<std::uint64_t>(bits_of(type));
  for (const std::int64_t dimension : shape) {
    const auto factor = static_cast<std::uint64_t>(dimension);
    if (dimension < 0) return std::nullopt;
    if (factor != 0 && bits > std::numeric_limits<std::uint64_t>::max() / factor) {
      return std::nullopt;
    }
    bits *= factor;
  }
  if (bits % 8 != 0) return std::nullopt;
  return bits / 8;
}

/// Returns type and shape for a message: `F32 [16, 3, 3, 3]`.
PPLCNET_INLINE std::string describe(DataType type, std::span<const std::int64_t> shape);

/// Returns whether to_float can read elements of this type.
constexpr bool converts_to_float(DataType type) {
  return type == DataType::f32 || type == DataType::f16 || type == DataType::bf16 ||
         type == DataType::f64;
}

/// Copies all elements. f32, f16 and bf16 keep every bit of their value, f64 is rounded to the
/// nearest float. Requires converts_to_float(tensor.type) and as many values as elements.
inline void to_float(const Tensor& tensor, std::span<float> values) {
  assert(converts_to_float(tensor.type));
  assert(values.size() * static_cast<std::size_t>(bits_of(tensor.type) / 8) == tensor.data.size());
  const auto convert = [&]<typename Bits>(Bits, auto to_value) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = to_value(read_little_endian<Bits>(tensor.data.subspan(i * sizeof(Bits))));
    }
  };
  if (tensor.type == DataType::f32 && std::endian::native == std::endian::little) {
    std::ranges::copy(tensor.data, std::as_writable_bytes(values).begin());
  } else if (tensor.type == DataType::f32) {
    convert(std::uint32_t{}, [](std::uint32_t bits) { return std::bit_cast<float>(bits); });
  } else if (tensor.type == DataType::f16) {
    convert(std::uint16_t{}, float_from_f16);
  } else if (tensor.type == DataType::bf16) {
    convert(std::uint16_t{}, float_from_bf16);
  } else if (tensor.type == DataType::f64) {
    convert(std::uint64_t{},
            [](std::uint64_t bits) { return static_cast<float>(std::bit_cast<double>(bits)); });
  }
}

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string describe(DataType type, std::span<const std::int64_t> shape) {
  std::string text(name_of(type));
  text += " [";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += join({i == 0 ? "" : ", ", shape[i]});
  }
  return text + "]";
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_TENSOR_HPP
