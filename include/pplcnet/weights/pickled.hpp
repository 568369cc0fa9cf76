#ifndef PPLCNET_WEIGHTS_PICKLED_HPP
#define PPLCNET_WEIGHTS_PICKLED_HPP

#include <cstddef>
#include <span>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/tensor.hpp"

#if PPLCNET_HAS_DEFINITIONS
#include "pplcnet/weights/file_format.hpp"
#include "pplcnet/weights/paddle/pdparams.hpp"
#include "pplcnet/weights/torch/checkpoint.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads the tensors of what a framework pickled: PyTorch's checkpoints, zipped or not, and
/// Paddle's `.pdparams`.
PPLCNET_INLINE Error parse_pickled(std::span<const std::byte> bytes, std::string_view path,
                                   TensorFile& file);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error parse_pickled(std::span<const std::byte> bytes, std::string_view path,
                                   TensorFile& file) {
  const bool is_torch = detect_format(bytes) == FileFormat::zip || torch::after_magic(bytes) > 0;
  return is_torch ? parse_torch_checkpoint(bytes, path, file) : parse_pdparams(bytes, path, file);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_PICKLED_HPP
