// All kernels of networks in bytes. Compiled once per instruction set.
#if PPLCNET_BYTE_VECTORS
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
#endif
#include "pplcnet/kernels/int8/gate-inl.hpp"
#include "pplcnet/kernels/int8/picture_rows-inl.hpp"
#include "pplcnet/kernels/int8/pool-inl.hpp"
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Returns the kernels of this instruction set, with instructions that sum four products or without
/// them.
inline const QuantisedKernels& quantised_kernels(bool) {
  static constexpr QuantisedKernels kernels = {.picture_rows = load_picture_rows,
                                               .product = nullptr,
                                               .depthwise = nullptr,
                                               .gate = gate_pixels,
                                               .pool = pool_panels};
  return kernels;
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
