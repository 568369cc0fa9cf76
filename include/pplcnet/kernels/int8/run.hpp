#ifndef PPLCNET_KERNELS_INT8_RUN_HPP
#define PPLCNET_KERNELS_INT8_RUN_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// One call of forward_quantised: what the kernels are given.
struct QuantisedRun {
  const QuantisedLayer* layers = nullptr;
  int layer_count = 0;
  const std::byte* weights = nullptr;  ///< PictureConstants first; begin at a multiple of 64 bytes
  const Picture* pictures = nullptr;
  int images = 1;  ///< at most kChunk
  /// [images][layer_count]: where a layer's output goes as real numbers, planar
  /// [channels][height][width], as after its activation; null: not requested. Layers after the
  /// last requested one are not computed.
  float* const* destinations = nullptr;

  std::uint8_t* maps = nullptr;     ///< plan.map_bytes, from a multiple of 64 on, as are these two
  std::uint8_t* vectors = nullptr;  ///< plan.vector_bytes
  std::uint8_t* scratch = nullptr;  ///< threads × scratch_bytes
  std::size_t scratch_bytes = 0;
  int threads = 1;
  /// Multiply-adds for which a second thread is worth waiting for: some two microseconds.
  std::int64_t shared_work = 1 << 19;
  Executor executor = {};
  bool dot_instructions = true;  ///< where the CPU has them; for tests, which do without
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_RUN_HPP
