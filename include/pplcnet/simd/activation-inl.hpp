// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Lanes of the widest vector that a panel of 16 channels can use; 8 of them for odd half panels.
using Lanes16 = hn::CappedTag<float, kPanel>;
using Lanes8 = hn::CappedTag<float, kPanel / 2>;

/// clamp(x * slope + 0.5, 0, 1)
template <class D, class V = hn::Vec<D>>
HWY_INLINE V clamped_line(D d, V x, float slope) {
  const V line = hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, 0.5f));
  return hn::Min(hn::Max(line, hn::Zero(d)), hn::Set(d, 1.0f));
}

template <Activation kActivation, class D, class V = hn::Vec<D>>
HWY_INLINE V activate(D d, V x) {
  if constexpr (kActivation == Activation::relu) {
    return hn::Max(x, hn::Zero(d));
  } else if constexpr (kActivation == Activation::relu6) {
    return hn::Min(hn::Max(x, hn::Zero(d)), hn::Set(d, 6.0f));
  } else if constexpr (kActivation == Activation::hardswish) {
    return hn::Mul(x, clamped_line(d, x, 1.0f / 6.0f));
  } else if constexpr (kActivation == Activation::hardsigmoid) {
    return clamped_line(d, x, 1.0f / 6.0f);
  } else if constexpr (kActivation == Activation::hardsigmoid_paddle) {
    return clamped_line(d, x, 0.1666667f);
  } else {
    return x;
  }
}

/// Activates and stores all of a register tile: the choice is made once per tile, not per vector.
/// Gates follow dense layers only.
template <bool kGates = false, class Tile>
HWY_INLINE void finish(const Tile& tile, Activation activation) {
  switch (activation) {
    case Activation::hardswish:
      return tile.template store<Activation::hardswish>();
    case Activation::relu:
      return tile.template store<Activation::relu>();
    case Activation::relu6:
      return tile.template store<Activation::relu6>();
    case Activation::hardsigmoid:
      if constexpr (kGates) return tile.template store<Activation::hardsigmoid>();
      break;
    case Activation::hardsigmoid_paddle:
      if constexpr (kGates) return tile.template store<Activation::hardsigmoid_paddle>();
      break;
    case Activation::none:
      break;
  }
  tile.template store<Activation::none>();
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
