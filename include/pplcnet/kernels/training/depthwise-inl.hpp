// Depthwise convolutions: outputs, and gradients of inputs, which are sums over taps, too. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a tap adds to a row of sums: to those of [begin, end), from row[first + i * step].
struct Tap {
  const float* row;
  std::int64_t first;
  const float* weights;
  int begin, end;
};

/// The taps of a row of sums: of those that are on the map no more than kMost at a time.
class TapRow {
 public:
  static constexpr int kMost = 64;

  explicit TapRow(std::int64_t step) : step_(step) {}

  void add(const Tap& tap) {
    if (tap.begin < tap.end) taps_[count_++] = tap;
  }
  bool full() const { return count_ == kMost; }

  /// Computes sums [0, count) of all channels, one every to_step floats.
  HWY_NOINLINE void compute(int count, int channels, const float* bias, bool adds, float* to,
                            std::int64_t to_step) {
    int begin = 0, end = count;
    for (int i = 0; i < count_; ++i) {
      begin = std::max(begin, taps_[i].begin);
      end = std::min(end, taps_[i].end);
    }
    if (begin >= end) begin = end = count;
    for (int i = 0; i < begin; ++i) edge(i, channels, bias, adds, to + i * to_step);
    for_vectors(channels, [&](auto d, int channel) HWY_ATTR {
      int i = begin;
      for (; i + kMany <= end; i += kMany) inner<kMany>(d, i, channel, bias, adds, to, to_step);
      for (; i + 4 <= end; i += 4) inner<4>(d, i, channel, bias, adds, to, to_step);
      for (; i < end; ++i) inner<1>(d, i, channel, bias, adds, to, to_step);
    });
    for (int i = end; i < count; ++i) edge(i, channels, bias, adds, to + i * to_step);
    count_ = 0;
  }

 private:
  static constexpr int kMany = 8;

  /// Computes sums that all taps add to.
  template <int kSums, class D>
  HWY_INLINE void inner(D d, int i, int channel, const float* bias, bool adds, float* to,
                        std::int64_t to_step) const {
    inner_sums(d, i, channel, bias, adds, to + i * to_step + channel, to_step,
               std::make_integer_sequence<int, kSums>());
  }
  template <class D, int... kSum>
  HWY_INLINE void inner_sums(D d, int i, int channel, const float* bias, bool adds, float* to,
                             std::int64_t to_step, std::integer_sequence<int, kSum...>) const {
    const auto start = bias == nullptr ? hn::Zero(d) : hn::LoadU(d, bias + channel);
    hn::Vec<D> sums[] = {(kSum < 0 ? hn::Zero(d) : start)...};
    if (adds) ((sums[kSum] = hn::LoadU(d, to + kSum * to_step)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      const auto weights = hn::LoadU(d, tap.weights + channel);
      ((sums[kSum] = hn::MulAdd(hn::LoadU(d, from + kSum * step_), weights, sums[kSum])), ...);
    }
    (hn::StoreU(sums[kSum], d, to + kSum * to_step), ...);
  }

  /// Computes a sum that some taps do not add to, four vectors at a time.
  HWY_INLINE void edge(int i, int channels, const float* bias, bool adds, float* to) const {
    int channel = 0;
    for (; channel + 4 * kLanes <= channels; channel += 4 * kLanes)
      edge_vectors(Lanes16(), i, channel, bias, adds, to, std::make_integer_sequence<int, 4>());
    for_vectors(channels - channel, [&](auto d, int rest) HWY_ATTR {
      edge_vectors(d, i, channel + rest, bias, adds, to, std::integer_sequence<int, 0>());
    });
  }
  template <class D, int... kVector>
  HWY_INLINE void edge_vectors(D d, int i, int channel, const float* bias, bool adds, float* to,
                               std::integer_sequence<int, kVector...>) const {
    constexpr int kStep = static_cast<int>(hn::MaxLanes(D()));
    to += channel;
    hn::Vec<D> sums[] = {(kVector < 0 ? hn::Vec<D>() : hn::Zero(d))...};
    if (bias != nullptr) ((sums[kVector] = hn::LoadU(d, bias + channel + kVector * kStep)), ...);
    if (adds) ((sums[kVector] = hn::LoadU(d, to + kVector * kStep)), ...);
    for (int t = 0; t < count_; ++t) {
      const Tap& tap = taps_[t];
      if (i < tap.begin || i >= tap.end) continue;
      const float* const from = tap.row + (tap.first + i * step_ + channel);
      ((sums[kVector] =
            hn::MulAdd(hn::LoadU(d, from + kVector * kStep),
                       hn::LoadU(d, tap.weights + channel + kVector * kStep), sums[kVector])),
       ...);
    }
    (hn::StoreU(sums[kVector], d, to + kVector * kStep), ...);
  }

  std::int64_t step_;
  int count_ = 0;
  Tap taps_[kMost];
};

inline void depthwise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int pitch = outputs.pitch;
  const float* const weights = values.parameters(step.weight);
  share(run, outputs.rows * pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * output.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          TapRow taps(std::int64_t{columns.stride} * pitch);
          for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t image = row / output.height;
            const auto i = static_cast<int>(row % output.height);
            const float* bias = values.parameters(step.bias);
            bool adds = false;
            const auto compute = [&]() HWY_ATTR {
              taps.compute(output.width, pitch, bias, adds, outputs[row * output.width], pitch);
              adds = true;
            };
            for (int a = 0; a < rows.kernel; ++a) {
              const int y = rows.input(i, a);
              if (!rows.has_input(y)) continue;
              for (int b = 0; b < columns.kernel; ++b) {
                const auto range = columns.outputs_of(b);
                taps.add({inputs[(image * input.height + y) * input.width],
                          std::int64_t{columns.input(0, b)} * pitch,
                          weights + (a * columns.kernel + b) * pitch, range.begin, range.end});
                if (taps.full()) compute();
              }
            }
            compute();
          }
        });
}

/// Computes a row of gradients of the input: those columns first, whose taps are the same, of every
/// stride of them.
HWY_INLINE void depthwise_input_row(const Matrix<const float>& gradients, const TapAxis& rows,
                                    const TapAxis& columns, const float* weights,
                                    std::int64_t image, int y, bool adds_input, float* to) {
  const std::int64_t pitch = gradients.pitch;
  TapRow taps(pitch);
  for (int phase = 0; phase < std::min(columns.stride, columns.inputs); ++phase) {
    const int count = (columns.inputs - phase + columns.stride - 1) / columns.stride;
    bool adds = adds_input;
    const auto compute = [&]() HWY_ATTR {
      taps.compute(count, gradients.pitch, nullptr, adds, to + phase * pitch,
                   columns.stride * pitch);
      adds = true;
    };
    for (int a = 0; a < rows.kernel; ++a) {
      const int row = y + rows.before - a * rows.dilation, i = row / rows.stride;
      if (row < 0 || row % rows.stride != 0 || i >= rows.outputs) continue;
      for (int b = 0; b < columns.kernel; ++b) {
        const int column = phase + columns.before - b * columns.dilation;
        if (column % columns.stride != 0) continue;
        const int first = column / columns.stride;
        taps.add({gradients[(image * rows.outputs + i) * columns.outputs], first * pitch,
                  weights + (a * columns.kernel + b) * pitch, std::max(0, -first),
                  std::min(count, columns.outputs - first)});
        if (taps.full()) compute();
      }
    }
    compute();
  }
}

inline void depthwise_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * gradients.pitch * rows.kernel * columns.kernel,
        std::int64_t{run.images} * input.height,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            depthwise_input_row(gradients, rows, columns, values.parameters(step.weight),
                                row / input.height, static_cast<int>(row % input.height),
                                step.adds_input, input_gradients[row * input.width]);
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
