#ifndef PPLCNET_KERNELS_TRAINING_KERNELS_HPP
#define PPLCNET_KERNELS_TRAINING_KERNELS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "pplcnet/abi.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/kernels.hpp"
#include "pplcnet/kernels/training/arguments.hpp"
#include "pplcnet/kernels/training/run.hpp"
#include "pplcnet/kernels/training/training.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/train/random.hpp"
#include "pplcnet/train/scratch.hpp"

#if PPLCNET_HAS_TRAINING_DEFINITIONS
#include "pplcnet/kernels/highway.hpp"
#include "pplcnet/kernels/training/moments.hpp"
#include "pplcnet/kernels/training/taps.hpp"
#include "pplcnet/kernels/training/weight_rows.hpp"
#include "pplcnet/kernels/training/work.hpp"

#if !PPLCNET_HAS_DEFINITIONS && PPLCNET_HAS_QUANTISED_DEFINITIONS
#error "pplcnet: training.cpp and quantised.cpp are files of their own"
#endif

// Compiles the kernels once for each instruction set, in the order of kernels/kernels.hpp.
#if PPLCNET_CHOOSE_ISA
#undef HWY_TARGET
#define HWY_TARGET HWY_AVX2
#include "pplcnet/kernels/training/set_target-inl.hpp"
#if PPLCNET_HAS_AVX2
#include "pplcnet/kernels/training/kernels-inl.hpp"
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_AVX3
#include "pplcnet/kernels/training/set_target-inl.hpp"
#if PPLCNET_HAS_AVX512
#include "pplcnet/kernels/training/kernels-inl.hpp"
#endif

#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET PPLCNET_BASELINE
#if PPLCNET_OWN_SSE2
#undef HWY_NAMESPACE
#define HWY_NAMESPACE PPLCNET_BASELINE_NAMESPACE
#undef HWY_ALIGN
#define HWY_ALIGN alignas(16)
#if !PPLCNET_HAS_DEFINITIONS
#include "pplcnet/kernels/sse2-inl.hpp"
#endif
#else
#include "pplcnet/kernels/training/set_target-inl.hpp"
#endif
#endif

#include "pplcnet/kernels/training/kernels-inl.hpp"

#if PPLCNET_BASELINE != HWY_STATIC_TARGET
#undef HWY_TARGET
#define HWY_TARGET HWY_STATIC_TARGET
#include <hwy/ops/set_macros-inl.h>
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the kernels of an instruction set, or of the best one that this CPU has.
inline const TrainingKernels& training_kernels(Isa isa) noexcept {
  isa = std::min(isa, best_isa());
#if PPLCNET_HAS_AVX512
  if (isa == Isa::avx512) return N_AVX3::training::kernels();
#endif
#if PPLCNET_HAS_AVX2
  if (isa >= Isa::avx2) return N_AVX2::training::kernels();
#endif
  return PPLCNET_BASELINE_NAMESPACE::training::kernels();
}

PPLCNET_TRAINING_INLINE void training_forward(const TrainingRun& run, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  for (const TrainingStep& step : run.steps)
    kernels.forward[static_cast<std::size_t>(step.op)](run, step);
}

PPLCNET_TRAINING_INLINE void training_backward(const TrainingRun& run, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  for (auto i = run.steps.size(); i-- > static_cast<std::size_t>(run.first_step);) {
    const TrainingStep& step = run.steps[i];
    kernels.backward[static_cast<std::size_t>(step.op)](run, step);
  }
}

PPLCNET_TRAINING_INLINE void update_parameters(const TrainingRun& run,
                                               const ParameterUpdate& update, Isa isa) noexcept {
  const TrainingKernels& kernels = training_kernels(isa);
  const auto count = static_cast<std::int64_t>(update.count);
  training::share(run, count * training::kParameterWork, count / kTrainingPanel,
                  [&](int, std::int64_t begin, std::int64_t end) {
                    kernels.update(update.part(begin * kTrainingPanel, end * kTrainingPanel));
                  });
}

}  // namespace pplcnet::inline PPLCNET_ABI
#endif  // PPLCNET_HAS_TRAINING_DEFINITIONS

#endif  // PPLCNET_KERNELS_TRAINING_KERNELS_HPP
