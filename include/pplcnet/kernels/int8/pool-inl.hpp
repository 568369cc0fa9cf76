// Means over all pixels of a map in bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Adds `count` pixels of a panel to its sums.
HWY_INLINE void add_pixels(const std::uint8_t* pixel, std::size_t pitch, int count,
                           std::uint32_t* sums) {
#if PPLCNET_BYTE_VECTORS
  constexpr int kMost = 256;  // bytes whose sum fits 16 bits
  const hn::CappedTag<std::uint16_t, kPanel> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  constexpr auto kVectors = kPanel / hn::MaxLanes(d);
  while (count > 0) {
    std::uint16_t block[kPanel];
    const int length = std::min(count, kMost);
    for (std::size_t i = 0; i < kVectors; ++i) {
      const std::uint8_t* from = pixel + i * hn::MaxLanes(d);
      auto sum = hn::Zero(d);
      for (int x = 0; x < length; ++x, from += pitch)
        sum = hn::Add(sum, hn::PromoteTo(d, hn::LoadU(bytes, from)));
      hn::StoreU(sum, d, block + i * hn::MaxLanes(d));
    }
    for (int c = 0; c < kPanel; ++c) sums[c] += block[c];
    pixel += static_cast<std::size_t>(length) * pitch;
    count -= length;
  }
#else
  for (int x = 0; x < count; ++x, pixel += pitch)
    for (int c = 0; c < kPanel; ++c) sums[c] += pixel[c];
#endif
}

/// Computes panels [begin, end) of a pooling layer.
inline HWY_NOINLINE void pool_panels(const QuantisedLayer& layer, const EndingConstants& constants,
                                     const std::uint8_t* maps, int begin, int end,
                                     std::uint8_t* to) {
  const ByteMap& source = layer.source;
  const auto pixels = static_cast<std::int32_t>(layer.input.pixels());
  for (int panel = begin; panel < end; ++panel) {
    std::uint32_t sums[kPanel] = {};
    for (int y = 0; y < layer.input.height; ++y)
      add_pixels(maps + source.pixels(y) + panel * kPanel,
                 static_cast<std::size_t>(source.pixel_pitch), layer.input.width, sums);
    for (int i = 0; i < kPanel; ++i) {
      const int c = panel * kPanel + i;
      const std::int32_t mean = (static_cast<std::int32_t>(sums[i]) * 128 + pixels / 2) / pixels;
      const std::int32_t above = std::clamp(mean - constants.addend_zero[c] * 128, -32768, 32767);
      const std::int32_t product = (above * constants.multiplier[c] + (1 << 14)) >> 15;
      to[c] = static_cast<std::uint8_t>(std::clamp(product + constants.zero[c], 0, 255));
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
