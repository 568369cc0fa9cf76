// All kernels of networks in bytes. Compiled once per instruction set.
#if PPLCNET_BYTE_VECTORS
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::hn {
using namespace hwy::HWY_NAMESPACE;  // NOLINT(google-build-using-namespace): it is Highway's name
}  // namespace HWY_NAMESPACE::hn
}  // namespace pplcnet::inline PPLCNET_ABI
#endif
#include "pplcnet/kernels/int8/picture_rows-inl.hpp"
#include "pplcnet/kernels/int8/pool-inl.hpp"
#include "pplcnet/kernels/int8/sums-inl.hpp"
// These need some of what is before them.
#include "pplcnet/kernels/int8/dense-inl.hpp"
#include "pplcnet/kernels/int8/gate-inl.hpp"
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernels of this instruction set, with an instruction that sums four products or without.
template <bool kDot>
inline constexpr QuantisedKernels kQuantisedKernels = {.picture_rows = load_picture_rows,
                                                       .product = byte_product<kDot>,
                                                       .dense = byte_dense<kDot>,
                                                       .depthwise = byte_depthwise<kDot>,
                                                       .gate = gate_pixels,
                                                       .pool = pool_panels};

/// Returns the ones or the others.
inline const QuantisedKernels& quantised_kernels(bool dot) {
  return dot ? kQuantisedKernels<true> : kQuantisedKernels<false>;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
