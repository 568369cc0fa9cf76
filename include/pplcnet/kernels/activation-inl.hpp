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

/// clamp(x * slope + offset, 0, 1).
struct Hardsigmoid {
  float slope = 1.0f / 6.0f, offset = 0.5f;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return Clamp{0.0f, 1.0f}(d, hn::MulAdd(x, hn::Set(d, slope), hn::Set(d, offset)));
  }
};

struct Hardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    return hn::Mul(x, Hardsigmoid()(d, x));
  }
};

/// Returns (first * x + next) * x + …, one coefficient after the other.
template <class D, class V = hn::Vec<D>, class... Coefficients>
HWY_INLINE V polynomial(D d, V x, float first, Coefficients... next) {
  V sum = hn::Set(d, first);
  ((sum = hn::MulAdd(sum, x, hn::Set(d, next))), ...);
  return sum;
}

/// Returns exp(x) for x in [-87, 0]: 2^n times a polynomial.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_of_negative(D d, V x) {
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;  // their sum is log(2)
  const auto n = hn::NearestInt(hn::Mul(x, hn::Set(d, 1.44269504f)));
  const V whole = hn::ConvertTo(d, n);
  V r = hn::NegMulAdd(whole, hn::Set(d, kLog2High), x);
  r = hn::NegMulAdd(whole, hn::Set(d, kLog2Low), r);
  const V sum =
      polynomial(d, r, 1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f);
  const hn::RebindToSigned<D> integers;
  constexpr int kMantissa = 23, kExponentBias = 127;
  const auto power = hn::ShiftLeft<kMantissa>(hn::Add(n, hn::Set(integers, kExponentBias)));
  return hn::Mul(sum, hn::BitCast(d, power));
}

struct Sigmoid {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V one = hn::Set(d, 1.0f);
    const V e = exp_of_negative(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0f)));
    const V numerator = hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one);
    return hn::Div(numerator, hn::Add(one, e));
  }
};

/// x * P(x) = max(x, 0) - |x| * P(-|x|), where P is the normal distribution function: its tail is
/// the exponential of a polynomial (within 1e-8 of x * P(x); beyond 6 the tail is below 1e-9).
struct Gelu {
  /// Returns P(-size); size >= 0.
  template <class D, class V = hn::Vec<D>>
  static HWY_INLINE V tail(D d, V size) {
    const V t = hn::Min(size, hn::Set(d, 6.0f));
    const V sum = polynomial(d, t, 1.40014411e-9f, -5.43687602e-8f, 9.34702337e-7f, -9.27709976e-6f,
                             5.69027313e-5f, -1.94814193e-4f, -1.6009156e-5f, 4.85146856e-3f,
                             -3.63833008e-2f, -3.18293748e-1f, -7.97886648e-1f, -6.93147136e-1f);
    return exp_of_negative(d, hn::Min(sum, hn::Zero(d)));
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    const V size = hn::Abs(x);
    return hn::NegMulAdd(size, tail(d, size), hn::Max(x, hn::Zero(d)));
  }
};

/// Returns any activation of a vector; without kExponentials, none that needs one.
template <bool kExponentials, class D, class V = hn::Vec<D>>
HWY_INLINE V activated(D d, V x, const Activation& activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // see prelu-inl.hpp
      break;
    case Kind::relu:
      return Clamp{0.0f, kInfinity}(d, x);
    case Kind::relu6:
      return Clamp{0.0f, 6.0f}(d, x);
    case Kind::hardswish:
      return Hardswish()(d, x);
    case Kind::hardsigmoid:
      return Hardsigmoid{activation.slope, activation.offset}(d, x);
    case Kind::sigmoid:
      if constexpr (kExponentials) return Sigmoid()(d, x);
      break;
    case Kind::silu:
      if constexpr (kExponentials) return hn::Mul(x, Sigmoid()(d, x));
      break;
    case Kind::gelu:
      if constexpr (kExponentials) return Gelu()(d, x);
      break;
    case Kind::linear:
      return hn::MulAdd(x, hn::Set(d, activation.slope), hn::Set(d, activation.offset));
    case Kind::root:
      return hn::Sqrt(hn::Max(hn::Add(x, hn::Set(d, activation.offset)), hn::Zero(d)));
  }
  return x;
}

/// Activates values in registers.
template <class D, class Activate, int... kValue>
HWY_INLINE void activate_all(const Activate& activate, hn::Vec<D>* values,
                             std::integer_sequence<int, kValue...>) {
  ((values[kValue] = activate(D(), values[kValue])), ...);
}

/// Finishes a register tile: activates it and, unless it says otherwise, stores it. The choice is
/// made once per tile, not per vector, and between few: what is compiled is a copy of the tile's
/// end for each.
template <TileEnds kEnds = TileEnds(), class Tile>
HWY_INLINE void finish(Tile&& tile, Activation::Kind activation) {
  using Kind = Activation::Kind;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if constexpr (!kEnds.clamp) return tile.finish(Hardswish());
  if constexpr (kEnds.hardswish)
    if (activation == Kind::hardswish) return tile.finish(Hardswish());
  const bool relu = activation == Kind::relu || activation == Kind::relu6;
  tile.finish(Clamp{relu ? 0.0f : -kInfinity, activation == Kind::relu6 ? 6.0f : kInfinity});
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
