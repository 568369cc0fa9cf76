// All kernels. Compiled once per instruction set.
#include "pplcnet/kernels/arithmetic-inl.hpp"
// The files above are used by those below.
#include "pplcnet/kernels/lanes-inl.hpp"
// These, too.
#include "pplcnet/kernels/activation-inl.hpp"
#include "pplcnet/kernels/map-kernel-inl.hpp"
#include "pplcnet/kernels/partial-inl.hpp"
#include "pplcnet/kernels/rows-inl.hpp"
// These, too.
#include "pplcnet/kernels/product-inputs-inl.hpp"
#include "pplcnet/kernels/product-pairs-inl.hpp"
// Kernels.
#include "pplcnet/kernels/convolution-inl.hpp"
#include "pplcnet/kernels/depthwise-any-inl.hpp"
#include "pplcnet/kernels/depthwise-inl.hpp"
#include "pplcnet/kernels/epilogue-inl.hpp"
#include "pplcnet/kernels/l1-inl.hpp"
#include "pplcnet/kernels/map-inl.hpp"
#include "pplcnet/kernels/multiply-inl.hpp"
#include "pplcnet/kernels/prelu-inl.hpp"
#include "pplcnet/kernels/product-inl.hpp"
#include "pplcnet/kernels/rearrange-inl.hpp"
#include "pplcnet/kernels/reduce-inl.hpp"
#include "pplcnet/kernels/resize-inl.hpp"
#include "pplcnet/kernels/softmax-inl.hpp"
#include "pplcnet/kernels/vector-inl.hpp"
#include "pplcnet/kernels/window-inl.hpp"
// Those that use another one, or are for some products.
#include "pplcnet/kernels/attention-inl.hpp"
#include "pplcnet/kernels/normalise-inl.hpp"
#include "pplcnet/kernels/pointwise8-inl.hpp"
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns the kernels of this instruction set that some layers need.
template <Needs kNeeds>
constexpr Kernels needed_kernels() {
  Kernels kernels;
  kernels.share = std::max(kTileChannels, kPanel);
  if constexpr (kNeeds.convolution_stride_1)
    kernels.stems[0] = {load_lines<1>, convolution_rows<kNeeds.ends, 1>};
  if constexpr (kNeeds.convolution_stride_2)
    kernels.stems[1] = {load_lines<2>, convolution_rows<kNeeds.ends, 2>};
  kernels.pointwise = compute_product<kNeeds>;
  if constexpr (kNeeds.map_convolution) kernels.convolution = product_rows<TapInputs, kNeeds>;
  if constexpr (kNeeds.has(Operator::l1)) kernels.l1 = product_rows<L1Inputs, kNeeds>;
  kernels.depthwise = depthwise<kNeeds>;
  if constexpr (kNeeds.depthwise_any) kernels.depthwise_any = depthwise_row;
  if constexpr (kNeeds.has(Operator::rearrange)) kernels.spread_pixels = spread_pixels;
  if constexpr (kNeeds.prelu) kernels.prelu = apply_prelu;
  kernels.epilogue = apply_epilogue<kNeeds.exponentials>;
  kernels.clear_frame = clear_frame;
  kernels.pool = pool;
  kernels.dense = dense_panels<kNeeds>;
  kernels.maps = operator_table([]<Operator kOperator>() -> MapRows {
    if constexpr (kNeeds.has(kOperator)) return kMapKernel<kOperator>;
    return nullptr;
  });
  return kernels;
}

/// The same.
template <Needs kNeeds>
inline constexpr Kernels kKernels = needed_kernels<kNeeds>();

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
