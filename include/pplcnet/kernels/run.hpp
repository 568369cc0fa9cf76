#ifndef PPLCNET_KERNELS_RUN_HPP
#define PPLCNET_KERNELS_RUN_HPP

#include <cstddef>
#include <cstdint>

#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// One call of forward: what the kernels are given.
struct Run {
  const Layer* layers = nullptr;
  int layer_count = 0;
  const float* weights = nullptr;
  const Picture* pictures = nullptr;
  int images = 1;  ///< at most kChunk
  /// [images][layer_count]: where a copy of a layer's output goes, planar
  /// [channels][height][width], as after its activation; null: not requested. Layers after the
  /// last requested one are not computed.
  float* const* destinations = nullptr;

  float* maps = nullptr;     ///< plan.map_floats
  float* vectors = nullptr;  ///< plan.vector_floats
  float* scratch = nullptr;  ///< threads × scratch_floats
  std::size_t scratch_floats = 0;
  int threads = 1;
  /// Multiply-adds for which a second thread is worth waiting for: some two microseconds.
  std::int64_t shared_work = 1 << 18;
  Executor executor = {};
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_RUN_HPP
