// What the kernels of operators that write a map, row by row, from whole maps have in common.
// Compiled once per instruction set; it has no function, to which HWY_BEFORE_NAMESPACE would apply.
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The kernel of an operator, of which this is specialised where it is; null: it is none of these.
template <Operator kOperator>
inline constexpr MapRows kMapKernel = nullptr;

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
