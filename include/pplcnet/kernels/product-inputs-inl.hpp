// Where a tile of a product finds its inputs. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// output[m][o] = activation(bias[o] + sum_k input[m][k] * weights[k][o]), summed in the order of
/// k: in a convolution the channels of one tap after those of the other.
struct Product {
  const float* input = nullptr;  // of a pointwise layer
  std::size_t pixel_pitch = 0;
  int depth;               // taps × tap_depth
  int tap_depth;           // input channels
  const float* weights;    // [panel][k][16]
  bool half;               // they are float16, and become float32 at
  float* float32_scratch;  // kConvertedPanels panels
  const float* biases;
  int channels;  // a multiple of 8
  Activation::Kind activation;
  float* output;  // pixel m is at (m / width, m % width)
  int width;
  std::size_t output_pixel_pitch, output_row_pitch;
  // Of a convolution.
  const float* const* rows = nullptr;  // [output row][kernel row]: where the row's first input is
  int kernel_rows = 1, kernel_columns = 1;
  std::size_t tap_pitch = 0;  // floats from a tap to its right neighbour
};

/// Returns what products with a layer's weights have in common; the inputs are left out.
inline Product product_of(const Layer& layer, const float* weights, float* scratch,
                          const Rows& output) {
  return {.depth = layer.depth(),
          .tap_depth = layer.input.channels,
          .weights = weights + layer.weights,
          .half = layer.half,
          .float32_scratch = scratch + layer.float32_scratch,
          .biases = weights + layer.biases,
          .channels = layer.padded_channels(),
          .activation = layer.activation.kind,
          .output = output.pixels,
          .width = layer.output.width,
          .output_pixel_pitch = output.pixel_pitch,
          .output_row_pitch = output.row_pitch};
}

/// The inputs of a pointwise layer's tile: pixels at equal distances.
template <int kPixels>
class PixelInputs {
 public:
  HWY_INLINE PixelInputs(const Product& product, int pixel) : pixel_pitch_(product.pixel_pitch) {
    point(product.input + static_cast<std::size_t>(pixel) * pixel_pitch_, Indices());
  }

  template <int kPixel>
  HWY_INLINE const float* address() const {
    return rows_[kPixel / kGroup] + kPixel % kGroup * pixel_pitch_;
  }

  HWY_INLINE void advance(int channels) { advance(channels, Indices()); }

  static constexpr bool next_tap() { return false; }

  /// Adds the term of one k to a sum.
  template <class V>
  static HWY_INLINE V add(V x, V weight, V sum) {
    return hn::MulAdd(x, weight, sum);
  }

 private:
  // On x86 every third pixel has a pointer of its own; its neighbours are one and two pitches
  // away, which it addresses without further arithmetic. Fourteen pointers would be spilled.
  static constexpr int kGroup = HWY_ARCH_ARM ? 1 : 3;
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

  std::size_t pixel_pitch_;
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
