// Gradients of the weights of depthwise convolutions. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// What a row of output gradients adds to the gradients of a kernel's rows.
struct WeightRow {
  const float* gradients;        ///< of the row's first pixel
  const float* inputs;           ///< of the row that tap (0, 0) reads; column 0
  std::int64_t input_row_pitch;  ///< from a row of taps to the next
  int pitch;
  const TapAxis* columns;
  float* sums;  ///< of tap (0, 0)
};

/// Sums kRows × kColumns taps of a kernel's columns from `tap` on, of a vector of channels, over
/// the pixels of a row in their order.
template <class D, int kRows, int kColumns>
class WeightSums {
  using V = hn::Vec<D>;
  template <int kCount>
  using Indices = std::make_integer_sequence<int, kCount>;

 public:
  HWY_INLINE WeightSums(const WeightRow& row, int channel, int tap)
      : row_(row), step_(std::int64_t{row.columns->stride} * row.pitch) {
    start(tap, channel, Indices<kColumns>());
    clear_sums(Indices<kRows * kColumns>());
    int begin = 0, end = row.columns->outputs;
    for (const auto& range : ranges_) {
      begin = std::max(begin, range.begin);
      end = std::min(end, range.end);
    }
    begin = std::min(begin, end);
    const float* gradient = row.gradients + channel;
    int i = 0;
    for (; i < begin; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    for (; i < end; ++i) add_pixel<false>(i, gradient, Indices<kColumns>());
    for (; i < row.columns->outputs; ++i) add_pixel<true>(i, gradient, Indices<kColumns>());
    float* const to = row.sums + std::int64_t{tap} * row.pitch + channel;
    store(to, Indices<kRows * kColumns>());
  }

 private:
  template <int... kColumn>
  HWY_INLINE void start(int tap, int channel, std::integer_sequence<int, kColumn...>) {
    ((ranges_[kColumn] = row_.columns->outputs_of(tap + kColumn)), ...);
    ((from_[kColumn] =
          row_.inputs + channel + std::int64_t{row_.columns->input(0, tap + kColumn)} * row_.pitch),
     ...);
  }
  template <int... kSum>
  HWY_INLINE void clear_sums(std::integer_sequence<int, kSum...>) {
    ((sums_[kSum] = kSum < 0 ? V() : hn::Zero(D())), ...);
  }

  template <bool kEdge, int... kColumn>
  HWY_INLINE void add_pixel(int i, const float* gradient, std::integer_sequence<int, kColumn...>) {
    const V dy = hn::LoadU(D(), gradient + std::int64_t{i} * row_.pitch);
    (add_column<kEdge, kColumn>(i, dy, Indices<kRows>()), ...);
  }
  template <bool kEdge, int kColumn, int... kRow>
  HWY_INLINE void add_column(int i, V dy, std::integer_sequence<int, kRow...>) {
    if constexpr (kEdge)
      if (i < ranges_[kColumn].begin || i >= ranges_[kColumn].end) return;
    const float* const from = from_[kColumn] + i * step_;
    ((sums_[kRow * kColumns + kColumn] =
          hn::MulAdd(hn::LoadU(D(), from + kRow * row_.input_row_pitch), dy,
                     sums_[kRow * kColumns + kColumn])),
     ...);
  }

  template <int... kSum>
  HWY_INLINE void store(float* to, std::integer_sequence<int, kSum...>) const {
    const std::int64_t row_pitch = std::int64_t{row_.columns->kernel} * row_.pitch;
    (store_or_add(D(), sums_[kSum], true,
                  to + kSum / kColumns * row_pitch + kSum % kColumns * row_.pitch),
     ...);
  }

  const WeightRow& row_;
  std::int64_t step_;
  const float* from_[kColumns];
  TapAxis::Range ranges_[kColumns];
  V sums_[kRows * kColumns];
};

/// Adds what a row of output gradients adds to kRows rows of a kernel.
template <int kRows>
HWY_NOINLINE void add_weight_rows(const WeightRow& row) {
  for_vectors(row.pitch, [&](auto d, int channel) HWY_ATTR {
    using D = decltype(d);
    const int kernel = row.columns->kernel;
    if (kernel == 3) return void(WeightSums<D, kRows, 3>(row, channel, 0));
    if constexpr (kRows <= 2)
      if (kernel == 5) return void(WeightSums<D, kRows, 5>(row, channel, 0));
    for (int tap = 0; tap < kernel; ++tap) WeightSums<D, kRows, 1>(row, channel, tap);
  });
}

/// Sums rows [begin, end) of output gradients.
inline HWY_NOINLINE void sum_weight_rows(const StepValues& values, const TapAxis& rows,
                                         const TapAxis& columns, std::int64_t begin,
                                         std::int64_t end, float* sums) {
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int together = columns.kernel == 3 ? 3 : columns.kernel == 5 ? 2 : 1;
  for (std::int64_t row = begin; row < end; ++row) {
    const std::int64_t image = row / rows.outputs;
    const auto i = static_cast<int>(row % rows.outputs);
    for (int a = 0; a < rows.kernel;) {
      int count = 0;
      const int first = rows.input(i, a);
      while (count < together && a + count < rows.kernel &&
             rows.has_input(rows.input(i, a + count)))
        ++count;
      if (count > 0) {
        const std::int64_t row_floats = std::int64_t{columns.inputs} * inputs.pitch;
        const WeightRow sum = {.gradients = gradients[row * columns.outputs],
                               .inputs = inputs.values + (image * rows.inputs + first) * row_floats,
                               .input_row_pitch = rows.dilation * row_floats,
                               .pitch = inputs.pitch,
                               .columns = &columns,
                               .sums = sums + std::int64_t{a} * columns.kernel * inputs.pitch};
        count == 3   ? add_weight_rows<3>(sum)
        : count == 2 ? add_weight_rows<2>(sum)
                     : add_weight_rows<1>(sum);
      }
      a += std::max(count, 1);
    }
  }
}

inline void depthwise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto rows = TapAxis::rows(step.window, input, output);
  const auto columns = TapAxis::columns(step.window, input, output);
  const auto gradients = values.output_gradients();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const auto count = static_cast<std::int64_t>(values.tensor(step.weight).floats());
  const OwnParts parts(run, weight_parts(images_of_all(run), output.height, 1));
  for_parts(run, parts, gradients.rows * count, [&](int, int part, const TrainingRows& own) {
    float* const sums = run.scratch + part * count;
    clear(sums, count);
    sum_weight_rows(values, rows, columns, own.begin, own.end, sums);
  });
  add_parts(run, parts, run.scratch, count, values.gradients(step.weight));
  if (step.input_gradients) depthwise_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
