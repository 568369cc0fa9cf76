// Activations and their slopes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Returns `inside` where low < x < high, `below` where x <= low, else `above`.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V between(D d, V x, float low, float high, V below, V inside, V above) {
  return hn::IfThenElse(hn::Lt(hn::Set(d, low), x),
                        hn::IfThenElse(hn::Lt(x, hn::Set(d, high)), inside, above), below);
}

struct NoActivation {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D, V x) const {
    return x;
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D, V, V dy) const {
    return dy;
  }
};

struct Relu {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return hn::Max(x, hn::Zero(d));
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    return hn::IfThenElse(hn::Lt(hn::Zero(d), x), dy, hn::Zero(d));
  }
};

struct TrainedHardswish {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return Hardswish()(d, x);
  }
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    const V slope = hn::MulAdd(x, hn::Set(d, 1.0F / 3), hn::Set(d, 0.5F));
    return between(d, x, -3, 3, hn::Zero(d), hn::Mul(dy, slope), dy);
  }
};

/// Returns the slope of x · Φ(x), where Φ is the normal distribution function: Φ(x) + x φ(x).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu_slope(D d, V x) {
  const V square = hn::Mul(x, x);
  const V density =
      hn::Mul(exp_of_negative(d, hn::Max(hn::Mul(square, hn::Set(d, -0.5F)), hn::Set(d, -87.0F))),
              hn::Set(d, 0.39894228F));  // 1 / √(2π)
  const V tail = Gelu::tail(d, hn::Abs(x));
  const V distribution =
      hn::IfThenElse(hn::Lt(x, hn::Zero(d)), tail, hn::Sub(hn::Set(d, 1.0F), tail));
  return hn::MulAdd(x, density, distribution);
}

struct AnyActivation {
  const Activation& activation;

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V value(D d, V x) const {
    return activated<true>(d, x, activation);
  }

  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V gradient(D d, V x, V dy) const {
    using Kind = Activation::Kind;
    const V zero = hn::Zero(d), one = hn::Set(d, 1.0F);
    switch (activation.kind) {
      case Kind::none:
      case Kind::prelu:  // is not trained
        break;
      case Kind::relu:
        return Relu().gradient(d, x, dy);
      case Kind::relu6:
        return between(d, x, 0, 6, zero, dy, zero);
      case Kind::hardswish:
        return TrainedHardswish().gradient(d, x, dy);
      case Kind::hardsigmoid: {
        const V slope = hn::Set(d, activation.slope);
        const V y = hn::MulAdd(x, slope, hn::Set(d, activation.offset));
        return between(d, y, 0, 1, zero, hn::Mul(dy, slope), zero);
      }
      case Kind::sigmoid: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::Sub(one, y)));
      }
      case Kind::silu: {
        const V y = Sigmoid()(d, x);
        return hn::Mul(dy, hn::Mul(y, hn::MulAdd(x, hn::Sub(one, y), one)));
      }
      case Kind::gelu:
        return hn::Mul(dy, gelu_slope(d, x));
      case Kind::linear:
        return hn::Mul(dy, hn::Set(d, activation.slope));
      case Kind::root: {
        const V y = hn::Add(x, hn::Set(d, activation.offset));
        const V slope = hn::Div(hn::Set(d, 0.5F), hn::Sqrt(y));
        return hn::IfThenElse(hn::Lt(zero, y), hn::Mul(dy, slope), zero);
      }
    }
    return dy;
  }
};

/// Calls `body` with an activation, whose kind is chosen once.
template <class Body>
HWY_INLINE void with_activation(const Activation& activation, const Body& body) {
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
      return body(NoActivation());
    case Kind::relu:
      return body(Relu());
    case Kind::hardswish:
      return body(TrainedHardswish());
    default:
      return body(AnyActivation{activation});
  }
}

/// Returns whether an activation may make something of the zeros that pad channels.
inline bool moves_zero(const Activation& activation) {
  using Kind = Activation::Kind;
  return activation.kind == Kind::hardsigmoid || activation.kind == Kind::sigmoid ||
         activation.kind == Kind::linear || activation.kind == Kind::root;
}

/// Sets what pads the channels of rows to zero.
inline void clear_padding(float* rows, std::int64_t count, int pitch, int channels) {
  if (channels < pitch)
    for (std::int64_t row = 0; row < count; ++row)
      clear(rows + row * pitch + channels, pitch - channels);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
