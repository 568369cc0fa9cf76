// Where a tile of a product finds its inputs. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The inputs of a pointwise layer's tile: pixels at equal distances.
template <int kPixels>
class PixelInputs {
 public:
  HWY_INLINE PixelInputs(const Product& product, int pixel) : pixel_pitch_(product.pixel_pitch) {
    point(product.input + static_cast<std::size_t>(pixel) * pixel_pitch_, Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return rows_[kPixel / kGroup] + kPixel % kGroup * pixel_pitch_ + channel_;
  }

  HWY_INLINE void advance(int channels) {
    if constexpr (kIndexed)
      channel_ += static_cast<std::size_t>(channels);
    else
      advance(channels, Indices());
  }

  static constexpr bool next_tap() { return false; }

  /// Adds the term of one k to a sum.
  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  // On x86 up to six pixels have pointers that stay, and an index: the loop over k takes 128 bytes,
  // two cache lines. With a few bytes more its last jump may cross the end of one, which costs some
  // per cent. Of more pixels every third has a pointer; its neighbours are one and two pitches
  // away, which it addresses without further arithmetic. Fourteen pointers would be spilled.
  static constexpr bool kIndexed = !HWY_ARCH_ARM && kPixels <= 6;
  static constexpr int kGroup = HWY_ARCH_ARM || kIndexed ? 1 : 3;
  static constexpr int kGroups = (kPixels + kGroup - 1) / kGroup;
  using Indices = std::make_integer_sequence<int, kGroups>;

  template <int... kIndex>
  HWY_INLINE void point(const float* input, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] = input + kGroup * kIndex * pixel_pitch_), ...);
  }

  template <int... kIndex>
  HWY_INLINE void advance(int channels, std::integer_sequence<int, kIndex...>) {
    ((rows_[kIndex] += channels), ...);
  }

  std::size_t pixel_pitch_, channel_ = 0;
  const float* rows_[kGroups];
};

/// The inputs of a convolution's tile, tap by tap: its pixels may be in several rows. Few of their
/// pointers are in registers, but none of them changes before the kernel's next row.
template <int kPixels>
class TapInputs {
  using Indices = std::make_integer_sequence<int, kPixels>;

 public:
  HWY_INLINE TapInputs(const Product& product, int pixel) : product_(product) {
    int row = pixel / product.width, column = pixel - row * product.width;
    for (int i = 0; i < kPixels; ++i) {
      rows_[i] = product.rows + row * product.kernel_rows;
      offsets_[i] = static_cast<std::size_t>(column) * product.pixel_pitch;
      if (++column < product.width) continue;
      column = 0;
      ++row;
    }
    point(Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return pixels_[kPixel] + channel_;
  }

  HWY_INLINE void advance(int channels) { channel_ += static_cast<std::size_t>(channels); }

  HWY_INLINE bool next_tap() {
    if (++column_ == product_.kernel_columns) {
      if (++row_ == product_.kernel_rows) return false;
      column_ = 0;
      point(Indices());
    }
    channel_ = static_cast<std::size_t>(column_) * product_.tap_pitch;
    return true;
  }

  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  template <int... kPixel>
  HWY_INLINE void point(std::integer_sequence<int, kPixel...>) {
    ((pixels_[kPixel] = rows_[kPixel][row_] + offsets_[kPixel]), ...);
  }

  const Product& product_;
  int row_ = 0, column_ = 0;  // of the kernel
  std::size_t channel_ = 0;   // from a pixel of the kernel's first column on
  const float* pixels_[kPixels];
  const float* const* rows_[kPixels];
  std::size_t offsets_[kPixels];
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
