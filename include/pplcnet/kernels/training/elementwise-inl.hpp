// Steps whose outputs are each computed from one value, or from two. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Splits rows of `pitch` channels and calls `body(d, row, channel)` for all vectors of them.
template <class Body>
HWY_INLINE void for_rows(const TrainingRun& run, std::int64_t rows, int pitch, const Body& body) {
  share(run, rows * pitch, rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
    for (std::int64_t row = begin; row < end; ++row)
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR { body(d, row, channel); });
  });
}

inline void activate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      hn::StoreU(activation.value(d, x), d, outputs[row] + channel);
    });
  });
  if (moves_zero(step.activation))
    clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

inline void activate_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
    for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
      const auto x = hn::LoadU(d, inputs[row] + channel);
      const auto dy = hn::LoadU(d, gradients[row] + channel);
      store_or_add(d, activation.gradient(d, x, dy), step.adds_input,
                   input_gradients[row] + channel);
    });
  });
}

inline void add_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto seconds = values.seconds();
  const auto outputs = values.outputs();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::Add(x, hn::LoadU(d, seconds[row] + channel)), d, outputs[row] + channel);
  });
}

/// Writes gradients, or adds them to what is there.
inline void pass_gradients(const TrainingRun& run, const Matrix<const float>& from, bool adds,
                           const Matrix<float>& to) {
  for_rows(run, from.rows, from.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    store_or_add(d, hn::LoadU(d, from[row] + channel), adds, to[row] + channel);
  });
}

inline void add_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  if (step.input_gradients)
    pass_gradients(run, gradients, step.adds_input, values.input_gradients());
  if (step.second_gradients)
    pass_gradients(run, gradients, step.adds_second, values.second_gradients());
}

/// What happens to a value when it is dropped out: each is kept or not, by its place in the
/// batch of all processes.
class Dropout {
 public:
  Dropout(const TrainingRun& run, const TrainingStep& step)
      : seed_(split_mix(run.dropout_seed + split_mix(static_cast<std::uint64_t>(step.output)))),
        kept_((std::uint64_t{1} << 32) / 100 * static_cast<std::uint64_t>(step.keep_percent)),
        factor_(static_cast<float>(step.keep_percent) / 100),
        drops_(run.drops) {}

  /// Returns what the value at a place, of those that are not padding, is multiplied by.
  float operator()(std::int64_t place) const {
    if (!drops_) return factor_;
    return split_mix(seed_ + static_cast<std::uint64_t>(place)) >> 32 < kept_ ? 1.0F : 0.0F;
  }

 private:
  std::uint64_t seed_, kept_;
  float factor_;
  bool drops_;
};

/// Passes values, or their gradients, as far as they are kept.
inline void drop(const TrainingRun& run, const TrainingStep& step, const Matrix<const float>& from,
                 int channels, bool adds, const Matrix<float>& to) {
  const Dropout dropout(run, step);
  const std::int64_t first = first_image(run) * (from.rows / run.images);
  share(run, from.rows * from.pitch, from.rows, [&](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      if (!adds) clear(to[row], to.pitch);
      for (int channel = 0; channel < channels; ++channel) {
        const float kept =
            rounded(from[row][channel] * dropout((first + row) * channels + channel));
        to[row][channel] += kept;
      }
    }
  });
}

inline void dropout_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  drop(run, step, values.inputs(), values.output().shape.channels, false, values.outputs());
}

inline void dropout_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (step.input_gradients)
    drop(run, step, values.output_gradients(), values.output().shape.channels, step.adds_input,
         values.input_gradients());
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
