#ifndef PPLCNET_WEIGHTS_PICKLE_STRIDED_HPP
#define PPLCNET_WEIGHTS_PICKLE_STRIDED_HPP

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/tensor.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Where an array's elements are: element (i, j, ..) is number `offset + i * strides[0] + ..` of
/// those in `storage`.
struct Strided {
  std::span<const std::byte> storage;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> strides;  ///< none negative
};

/// Returns bytes that a file owns, for the data of a tensor; null if the budget has not as many.
inline std::byte* allocate_data(std::size_t size, MemoryBudget& budget, TensorFile& file) {
  if (!budget.reserve(file.unpacked, file.unpacked.size() + 1) ||
      !budget.take(size + MemoryBudget::kEntry))
    return nullptr;
  return file.unpacked.emplace_back(new std::byte[size]).get();
}

/// Gives a tensor, which has a type and a shape, its data: those in the storage if they are packed
/// there, otherwise a packed copy that `file` owns.
inline Error assign_data(Tensor& tensor, const Strided& array, MemoryBudget& budget,
                         TensorFile& file) {
  const std::optional<std::uint64_t> size = byte_count(tensor.type, tensor.shape);
  const auto element = static_cast<std::size_t>(bits_of(tensor.type)) / 8;
  const std::uint64_t available = array.storage.size() / element;
  if (size == std::uint64_t{0}) return {};
  bool fits = size && array.strides.size() == tensor.shape.size() && array.offset < available;
  bool packed = true;
  std::uint64_t last = array.offset, packed_stride = 1;
  for (std::size_t axis = tensor.shape.size(); fits && axis-- > 0;) {
    const auto extent = static_cast<std::uint64_t>(tensor.shape[axis]);
    const auto stride = static_cast<std::uint64_t>(array.strides[axis]);
    if (extent == 1) continue;
    fits = stride <= (available - 1 - last) / (extent - 1);
    last += fits ? (extent - 1) * stride : 0;
    packed = packed && stride == packed_stride;
    packed_stride *= extent;
  }
  if (!fits)
    return Error::of(file.path, ": tensor ", quote(tensor.name), ": expected the elements of ",
                     describe(tensor.type, tensor.shape), ", found them beyond the ", available,
                     " that are stored");

  const auto begin = static_cast<std::size_t>(array.offset) * element;
  const auto bytes = static_cast<std::size_t>(*size);
  if (packed) {
    tensor.data = array.storage.subspan(begin, bytes);
    return {};
  }
  std::vector<std::int64_t> index;
  std::byte* const copy = allocate_data(bytes, budget, file);
  if (copy == nullptr || !budget.reserve(index, tensor.shape.size()))
    return MemoryBudget::exceeded(file.path);
  tensor.data = {copy, bytes};
  index.resize(tensor.shape.size());
  std::uint64_t place = array.offset;  // unsigned: strides of single elements may be any
  for (std::size_t done = 0; done < bytes; done += element) {
    std::memcpy(copy + done, array.storage.data() + place * element, element);
    for (std::size_t axis = index.size(); axis-- > 0;) {
      const auto stride = static_cast<std::uint64_t>(array.strides[axis]);
      place += stride;
      if (++index[axis] < tensor.shape[axis]) break;
      place -= stride * static_cast<std::uint64_t>(tensor.shape[axis]);
      index[axis] = 0;
    }
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLE_STRIDED_HPP
