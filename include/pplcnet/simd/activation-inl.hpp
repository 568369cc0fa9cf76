// Activations. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// clamp(x, low, high): relu, relu6, and, with infinite bounds, nothing.
struct Clamp {
  float low, high;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Min(hn::Max(x, hn::Set(d, low)), hn::Set(d, high));
  }
};

/// clamp(x * slope + 0.5, 0, 1): the two hardsigmoids.
struct Hardsigmoid {
  float slope = 1.0f / 6.0f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, 0.5f)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Activates and stores a register tile. The choice is made once per tile, not per vector, and
/// between few: what is compiled is a copy of the tile's end for each. Gates follow dense layers
/// only.
template <bool kGates = false, class Tile>
HWY_INLINE void finish(const Tile& tile, Activation activation) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (activation == Activation::hardswish) return tile.store(Hardswish());
  if constexpr (kGates) {
    if (activation == Activation::hardsigmoid) return tile.store(Hardsigmoid());
    if (activation == Activation::hardsigmoid_paddle) return tile.store(Hardsigmoid{0.1666667f});
  }
  tile.store(Clamp{activation == Activation::none ? -kInfinity : 0.0f,
                   activation == Activation::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
