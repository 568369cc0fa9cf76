// Post-ops that do not fit a register tile: costly activations, scale and shift, residual. They are
// applied while the rows are in cache. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

template <bool kExponentials, class D>
HWY_INLINE void epilogue_of_pixel(const Epilogue& what, float* pixel, const float* addend,
                                  int begin, int end) {
  const D d;
  using V = hn::Vec<D>;
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    V x = activated<kExponentials>(d, hn::LoadU(d, pixel + channel), what.activation);
    if (what.affine != nullptr)
      x = hn::MulAdd(x, hn::Set(d, what.affine[0]), hn::Set(d, what.affine[1]));
    if (addend != nullptr) x = hn::Add(x, hn::LoadU(d, addend + channel));
    hn::StoreU(x, d, pixel + channel);
  }
}

/// Computes channels [begin, end) of all pixels; both are multiples of 8.
template <bool kExponentials>
HWY_NOINLINE void apply_epilogue(const Epilogue& what, int begin, int end) {
  // Pixels that lie side by side are one with the channels of all of them.
  const auto pitch = static_cast<std::size_t>(end - begin);
  const bool joined = what.rows.pixel_pitch == pitch &&
                      (what.addend.pixels == nullptr || what.addend.pixel_pitch == pitch);
  const int width = joined ? 1 : what.width;
  if (joined) end *= what.width;
  const int whole = whole_panels(begin, end);
  for (int y = 0; y < what.count; ++y)
    for (int x = 0; x < width; ++x) {
      const auto place = [&](const Rows& rows) {
        return rows.pixels + static_cast<std::size_t>(y) * rows.row_pitch +
               static_cast<std::size_t>(x) * rows.pixel_pitch;
      };
      const float* const addend = what.addend.pixels == nullptr ? nullptr : place(what.addend);
      float* const pixel = place(what.rows);
      epilogue_of_pixel<kExponentials, Lanes16>(what, pixel, addend, begin, whole);
      if constexpr (kLanes > kHalfPanel)
        epilogue_of_pixel<kExponentials, Lanes8>(what, pixel, addend, whole, end);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
