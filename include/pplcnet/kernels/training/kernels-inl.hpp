// All kernels of training. Compiled once per instruction set.
#if !PPLCNET_HAS_DEFINITIONS
#include "pplcnet/kernels/arithmetic-inl.hpp"
#include "pplcnet/kernels/lanes-inl.hpp"
// The file below uses those above.
#include "pplcnet/kernels/activation-inl.hpp"
#endif
#include "pplcnet/kernels/training/vectors-inl.hpp"
// The file above is used by those below.
#include "pplcnet/kernels/training/activations-inl.hpp"
#include "pplcnet/kernels/training/matrix-inl.hpp"
// These, too.
#include "pplcnet/kernels/training/depthwise-inl.hpp"
#include "pplcnet/kernels/training/elementwise-inl.hpp"
#include "pplcnet/kernels/training/picture-inl.hpp"
#include "pplcnet/kernels/training/product-inl.hpp"
#include "pplcnet/kernels/training/update-inl.hpp"
// Those that use another one.
#include "pplcnet/kernels/training/affine-inl.hpp"
#include "pplcnet/kernels/training/convolution-inl.hpp"
#include "pplcnet/kernels/training/depthwise_weights-inl.hpp"
#include "pplcnet/kernels/training/gate-inl.hpp"
#include "pplcnet/kernels/training/normalise-inl.hpp"
// This one, too.
#include "pplcnet/kernels/training/pool-inl.hpp"
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns the kernels of this instruction set, in the order of TrainingOperator.
inline const TrainingKernels& kernels() {
  static constexpr TrainingKernels kKernels = {
      .forward = {picture_forward, product_forward, convolution_forward, depthwise_forward,
                  normalise_forward, affine_forward, activate_forward, dropout_forward, add_forward,
                  gate_forward, mean_forward, max_pool_forward, average_pool_forward, copy_forward},
      .backward = {picture_backward, product_backward, convolution_backward, depthwise_backward,
                   normalise_backward, affine_backward, activate_backward, dropout_backward,
                   add_backward, gate_backward, mean_backward, max_pool_backward,
                   average_pool_backward, copy_backward},
      .update = update};
  return kKernels;
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
