// A map in bytes times a factor for each channel. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Multiplies channels of pixel `from`, as many at a time as a vector of halves has, up to kMost,
/// and returns the first one that is left.
template <int kMost>
HWY_INLINE int gate_channels(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                             std::uint8_t* to) {
  const hn::CappedTag<std::int16_t, kMost> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int c = begin;
  for (; c + lanes <= end; c += lanes) {
    const auto map = hn::PromoteTo(d, hn::LoadU(bytes, from + c));
    const auto steps = hn::ShiftLeft<4>(hn::Sub(map, hn::LoadU(d, gate.constants.addend_zero + c)));
    const auto product = hn::MulFixedPoint15(steps, hn::LoadU(d, gate.factors + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(d, gate.constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
  return c;
}
#endif

/// Multiplies channels [begin, end) of pixel `from`; both are multiples of 16.
HWY_INLINE void gate_pixel(const ByteGate& gate, const std::uint8_t* from, int begin, int end,
                           std::uint8_t* to) {
#if PPLCNET_BYTE_VECTORS
  gate_channels<kPanel>(gate, from, gate_channels<2 * kPanel>(gate, from, begin, end, to), end, to);
#else
  for (int c = begin; c < end; ++c) {
    const int steps = (from[c] - gate.constants.addend_zero[c]) * 16;
    const int product = (steps * gate.factors[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + gate.constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of channels of so many pixels.
inline HWY_NOINLINE void gate_pixels(const ByteGate& gate, int pixels, int begin, int end) {
  for (int row = 0; row * gate.input.width < pixels; ++row) {
    const std::uint8_t* from =
        gate.input.pixels + static_cast<std::size_t>(row) * gate.input.row_pitch;
    std::uint8_t* to = gate.output.pixels + static_cast<std::size_t>(row) * gate.output.row_pitch;
    for (int x = 0; x < gate.input.width; ++x) {
      gate_pixel(gate, from, begin * kPanel, end * kPanel, to);
      from += gate.input.pixel_pitch;
      to += gate.output.pixel_pitch;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
