// Means over all pixels of a map in bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

#if PPLCNET_BYTE_VECTORS
/// Sums of neighbouring panels over all pixels of a map.
template <int kPanels>
class PixelSums {
  using Sums = hn::CappedTag<std::uint16_t, std::min(kPanels, 2) * kPanel>;
  static constexpr int kLanes = static_cast<int>(hn::MaxLanes(Sums()));
  static constexpr int kMost = 256;  // bytes whose sum fits 16 bits
  using Indices = std::make_integer_sequence<int, kPanels * kPanel / kLanes>;

 public:
  /// Adds them to `sums`.
  HWY_INLINE PixelSums(const QuantisedLayer& layer, const std::uint8_t* panels,
                       std::uint32_t* sums) {
    const ByteMap& source = layer.source;
    const auto pitch = static_cast<std::size_t>(source.pixel_pitch);
    const int width = layer.input.width;
    int room = kMost;
    begin(Indices());
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panels + source.pixels(y);
      for (int x = 0, end; x < width; x = end) {
        end = std::min(width, x + room);
        room -= end - x;
        for (int i = x; i < end; ++i, pixel += pitch) add(pixel, Indices());
        if (room > 0) continue;
        room = kMost;
        end_block(sums, Indices());
      }
    }
    end_block(sums, Indices());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void begin(std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::Zero(Sums())), ...);
  }
  template <int... kIndex>
  HWY_INLINE void add(const std::uint8_t* pixel, std::integer_sequence<int, kIndex...>) {
    const hn::Rebind<std::uint8_t, Sums> bytes;
    ((sums_[kIndex] =
          hn::Add(sums_[kIndex], hn::PromoteTo(Sums(), hn::LoadU(bytes, pixel + kIndex * kLanes)))),
     ...);
  }
  template <int... kIndex>
  HWY_INLINE void end_block(std::uint32_t* sums, std::integer_sequence<int, kIndex...>) {
    std::uint16_t block[kPanels * kPanel];
    (hn::StoreU(sums_[kIndex], Sums(), block + kIndex * kLanes), ...);
    const hn::CappedTag<std::uint32_t, kPanel> d;
    const hn::Rebind<std::uint16_t, decltype(d)> narrow;
    for (std::size_t c = 0; c < kPanels * kPanel; c += hn::Lanes(d))
      hn::StoreU(hn::Add(hn::LoadU(d, sums + c), hn::PromoteTo(d, hn::LoadU(narrow, block + c))), d,
                 sums + c);
    begin(Indices());
  }

  hn::Vec<Sums> sums_[kPanels * kPanel / kLanes];
};
#else
/// Sums of a panel over all pixels of a map.
template <int>
struct PixelSums {
  PixelSums(const QuantisedLayer& layer, const std::uint8_t* panel, std::uint32_t* sums) {
    for (int y = 0; y < layer.input.height; ++y) {
      const std::uint8_t* pixel = panel + layer.source.pixels(y);
      for (int x = 0; x < layer.input.width; ++x, pixel += layer.source.pixel_pitch)
        for (int c = 0; c < kPanel; ++c) sums[c] += pixel[c];
    }
  }
};
#endif

/// Divides by a number of pixels, rounding down: a product and a shift give the quotients of
/// numbers of 31 bits.
class PixelQuotient {
 public:
  explicit PixelQuotient(std::uint32_t pixels)
      : shift_(31 + static_cast<int>(std::bit_width(pixels - 1))),
        reciprocal_(static_cast<std::uint32_t>((std::uint64_t{1} << shift_) / pixels + 1)) {}

  std::uint32_t of(std::uint32_t number) const {
    return static_cast<std::uint32_t>(std::uint64_t{number} * reciprocal_ >> shift_);
  }
#if PPLCNET_BYTE_VECTORS
  template <class D, class Numbers = hn::Vec<D>>
  HWY_INLINE Numbers of(D d, Numbers numbers) const {
    const hn::RepartitionToWide<D> wide;
    const auto reciprocal = hn::Set(d, reciprocal_);
    const auto odd_numbers = hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(wide, numbers)));
    const auto even = hn::ShiftRightSame(hn::MulEven(numbers, reciprocal), shift_);
    const auto odd = hn::ShiftRightSame(hn::MulEven(odd_numbers, reciprocal), shift_);
    return hn::BitCast(d, hn::Or(even, hn::ShiftLeft<32>(odd)));
  }
#endif

 private:
  int shift_;
  std::uint32_t reciprocal_;
};

/// Computes kPanels panels, so that all of a cache line is read at once where there are four.
template <int kPanels>
HWY_NOINLINE void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                              const std::uint8_t* maps, int panel, std::uint8_t* to) {
  const auto pixels = static_cast<std::uint32_t>(layer.input.pixels());
  const PixelQuotient quotient(pixels);
  std::uint32_t sums[kPanels * kPanel] = {};
  PixelSums<kPanels>(layer, maps + panel * kPanel, sums);
#if PPLCNET_BYTE_VECTORS
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::RebindToUnsigned<decltype(d)> unsigned_d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const auto half = hn::Set(unsigned_d, pixels / 2);
  for (int i = 0; i < kPanels * kPanel; i += static_cast<int>(hn::Lanes(d))) {
    const int c = panel * kPanel + i;
    const auto number = hn::Add(hn::ShiftLeft<7>(hn::LoadU(unsigned_d, sums + i)), half);
    const auto mean = hn::BitCast(d, quotient.of(unsigned_d, number));
    const auto zero = hn::PromoteTo(d, hn::LoadU(halves, constants.addend_zero + c));
    const auto above = hn::DemoteTo(halves, hn::Sub(mean, hn::ShiftLeft<7>(zero)));
    const auto product = hn::MulFixedPoint15(above, hn::LoadU(halves, constants.multiplier + c));
    const auto sum = hn::SaturatedAdd(product, hn::LoadU(halves, constants.zero + c));
    hn::StoreU(hn::DemoteTo(bytes, sum), bytes, to + c);
  }
#else
  for (int i = 0; i < kPanels * kPanel; ++i) {
    const int c = panel * kPanel + i;
    const auto mean = static_cast<std::int32_t>(quotient.of(sums[i] * 128 + pixels / 2));
    const std::int32_t above = std::clamp(mean - constants.addend_zero[c] * 128, -32768, 32767);
    const std::int32_t product = (above * constants.multiplier[c] + (1 << 14)) >> 15;
    to[c] = static_cast<std::uint8_t>(std::clamp(product + constants.zero[c], 0, 255));
  }
#endif
}

/// Computes panels [begin, end) of a pooling layer.
inline void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                        const std::uint8_t* maps, int begin, int end, std::uint8_t* to) {
  int panel = begin;
#if PPLCNET_BYTE_VECTORS
  constexpr int kMany = 4;
  for (; panel + kMany <= end; panel += kMany)
    pool_panels<kMany>(layer, constants, maps, panel, to);
#endif
  for (; panel < end; ++panel) pool_panels<1>(layer, constants, maps, panel, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
