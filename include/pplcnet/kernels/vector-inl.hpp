// Layers that write vectors: means over all pixels and matrix-vector products. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Computes the mean over all pixels, in raster order, of channels [begin, end).
template <class D>
HWY_INLINE void pool_channels(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const D d;
  const Map& source = layer.source;
  const auto share = hn::Set(d, 1.0f / static_cast<float>(layer.input.pixels()));
  for (int channel = begin; channel < end; channel += static_cast<int>(hn::MaxLanes(d))) {
    auto sum = hn::Zero(d);
    for (int y = 0; y < layer.input.height; ++y) {
      const float* pixel = maps + source.pixels(y) + channel;
      for (int x = 0; x < layer.input.width; ++x, pixel += source.pixel_pitch)
        sum = hn::Add(sum, hn::LoadU(d, pixel));
    }
    hn::StoreU(hn::Mul(sum, share), d, output + channel);
  }
}

/// Computes channels [begin, end) of a pooling layer; both are multiples of 8.
inline HWY_NOINLINE void pool(const Layer& layer, const float* maps, int begin, int end,
                              float* output) {
  const int whole = whole_panels(begin, end);
  pool_channels<Lanes16>(layer, maps, begin, whole, output);
  if constexpr (kLanes > kHalfPanel) pool_channels<Lanes8>(layer, maps, whole, end, output);
}

/// The outputs of a panel, or of a part of it. Four partial sums, by k modulo 4, hide the latency
/// of one; they are added in a fixed order.
template <class Weight>
class DenseTile {
  using D = Lanes16;
  using V = hn::Vec<D>;
  static constexpr int kParts = 4;
  // 8 KiB: what L3 needs to keep up.
  static constexpr int kAhead = 8192 / static_cast<int>(sizeof(Weight));
  static constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
  static constexpr int kVectors = std::min(HWY_ARCH_ARM ? 4 : 2, kPanel / kStep);
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  static constexpr int kOutputs = kVectors * kStep;

  HWY_INLINE DenseTile(const Weight* weights, const float* biases, const float* input, int depth,
                       float* output)
      : output_(output) {
    start(biases, Indices<kParts * kVectors>());
    int k = 0;
    for (; k + kParts <= depth; k += kParts, weights += kParts * kPanel) {
      for (int part = 0; part < kParts; ++part) prefetch<3>(weights + kAhead + part * kPanel);
      add_parts(input + k, weights, Indices<kParts * kVectors>());
    }
    const int rest = depth - k;
    if (rest > 0) add_part<0>(input[k], weights, Indices<kVectors>());
    if (rest > 1) add_part<1>(input[k + 1], weights + kPanel, Indices<kVectors>());
    if (rest > 2) add_part<2>(input[k + 2], weights + 2 * kPanel, Indices<kVectors>());
  }

  template <class Activate>
  HWY_INLINE void finish(const Activate& activate) const {
    store_vectors(activate, Indices<kVectors>());
  }

 private:
  template <int... kIndex>
  HWY_INLINE void start(const float* biases, std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] =
          kIndex < kVectors ? hn::Load(D(), biases + kIndex % kVectors * kStep) : hn::Zero(D())),
     ...);
  }

  template <int... kIndex>
  HWY_INLINE void add_parts(const float* input, const Weight* weights,
                            std::integer_sequence<int, kIndex...>) {
    ((sums_[kIndex] = hn::MulAdd(
          hn::Set(D(), input[kIndex / kVectors]),
          load_weights(D(), weights + kIndex / kVectors * kPanel + kIndex % kVectors * kStep),
          sums_[kIndex])),
     ...);
  }

  template <int kPart, int... kVector>
  HWY_INLINE void add_part(float input, const Weight* weights,
                           std::integer_sequence<int, kVector...>) {
    ((sums_[kPart * kVectors + kVector] =
          hn::MulAdd(hn::Set(D(), input), load_weights(D(), weights + kVector * kStep),
                     sums_[kPart * kVectors + kVector])),
     ...);
  }

  template <int kVector>
  HWY_INLINE V sum() const {
    return hn::Add(hn::Add(sums_[kVector], sums_[kVectors + kVector]),
                   hn::Add(sums_[2 * kVectors + kVector], sums_[3 * kVectors + kVector]));
  }

  template <class Activate, int... kVector>
  HWY_INLINE void store_vectors(const Activate& activate,
                                std::integer_sequence<int, kVector...>) const {
    (hn::StoreU(activate(D(), sum<kVector>()), D(), output_ + kVector * kStep), ...);
  }

  float* output_;
  V sums_[kParts * kVectors];
};

/// Panels [begin, end) of a dense layer for `images` vectors, one every `input_pitch` floats: all
/// of them while a panel's weights are in L2.
template <class Weight>
HWY_NOINLINE void dense(const Layer& layer, const Weight* weights, const float* biases,
                        const float* input, std::size_t input_pitch, float* output,
                        std::size_t output_pitch, int images, int begin, int end) {
  const int depth = layer.depth();
  for (int panel = begin; panel < end; ++panel) {
    const auto channel = static_cast<std::size_t>(panel) * kPanel;
    const Weight* const panel_weights = weights + channel * static_cast<std::size_t>(depth);
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image)
      for (std::size_t lane = 0; lane < kPanel; lane += DenseTile<Weight>::kOutputs)
        finish(DenseTile<Weight>(panel_weights + lane, biases + channel + lane,
                                 input + image * input_pitch, depth,
                                 output + image * output_pitch + channel + lane),
               layer.activation.kind);
  }
}

/// Computes panels [begin, end) of a dense layer for `images` images from `image` on, whose vectors
/// follow each other.
template <Needs kNeeds>
void dense_panels(const Run& run, const Layer& layer, int image, int images, int begin, int end) {
  const auto in = static_cast<std::size_t>(round_up(layer.input.channels, kPanel));
  const auto out = static_cast<std::size_t>(round_up(layer.output.channels, kPanel));
  const auto first = static_cast<std::size_t>(image);
  const float* const weights = run.weights + layer.weights;
  float* const output = run.vectors + layer.target_vector + first * out;
  const auto panels = [&](const auto* stored) {
    dense(layer, stored, run.weights + layer.biases, run.vectors + layer.source_vector + first * in,
          in, output, out, images, begin, end);
  };
  const bool half = kNeeds.half_weights && layer.half;
  if constexpr (kNeeds.half_weights)
    if (half) panels(reinterpret_cast<const hwy::float16_t*>(weights));
  if (!half) panels(weights);
  if (fuses_into_tile(layer.activation)) return;
  for (int i = 0; i < images; ++i)
    apply_epilogue<kNeeds.exponentials>({.activation = layer.activation,
                                         .affine = nullptr,
                                         .addend = {},
                                         .rows = {output + static_cast<std::size_t>(i) * out, 0, 0},
                                         .count = 1,
                                         .width = 1},
                                        begin * kPanel, end * kPanel);
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
