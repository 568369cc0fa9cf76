// Batch norms, each with an activation. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// A batch norm's numbers of each channel.
struct Norm {
  const float *mean, *inverse_deviation, *gamma, *beta;

  Norm(const TrainingRun& run, const TrainingStep& step) {
    const StepValues values(run, step);
    mean = run.arena + step.moments;
    inverse_deviation = mean + values.output().pitch;
    gamma = values.parameters(step.gamma);
    beta = values.parameters(step.beta);
  }

  template <class D>
  HWY_INLINE hn::Vec<D> scale(D d, int channel) const {
    return hn::Mul(hn::LoadU(d, gamma + channel), hn::LoadU(d, inverse_deviation + channel));
  }
};

/// A batch norm of a single pixel of a single image, as PaddlePaddle computes it, does nothing.
inline bool does_nothing(const TrainingRun& run, const StepValues& values) {
  return run.batch_statistics && values.output().rows(images_of_all(run)) == 1;
}

/// Sums the moments of a part's rows: [mean][squares], chunk by chunk, each while it is in cache.
inline HWY_NOINLINE void sum_moments(const Matrix<const float>& inputs, const TrainingRows& rows,
                                     int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    const auto before = static_cast<float>(begin - rows.begin), own = static_cast<float>(count);
    const float share = own / (before + own), both = before * share;
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const float* const column = inputs[begin] + channel;
      const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        sums.first = hn::Add(sums.first, hn::LoadU(d, column + row * pitch));
      });
      const auto mean = hn::Mul(sum.first, hn::Set(d, 1 / own));
      const auto squares = sum_rows(d, count, [&](std::int64_t row, auto& sums) HWY_ATTR {
        const auto difference = hn::Sub(hn::LoadU(d, column + row * pitch), mean);
        sums.first = hn::MulAdd(difference, difference, sums.first);
      });
      const auto mean_before = hn::LoadU(d, to + channel);
      const auto difference = hn::Sub(mean, mean_before);
      hn::StoreU(hn::MulAdd(difference, hn::Set(d, share), mean_before), d, to + channel);
      const auto square = hn::Mul(difference, difference);
      store_or_add(d, hn::MulAdd(square, hn::Set(d, both), squares.first), true,
                   to + pitch + channel);
    });
  }
}

/// Returns the parts of a batch norm's sums.
inline OwnParts norm_parts(const TrainingRun& run, const StepValues& values) {
  const TrainingValue& input = values.input();
  return {run, channel_parts(images_of_all(run), input.shape.pixels(), input.pitch)};
}

inline void find_moments(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  float* const moments = run.arena + step.moments;
  if (!run.batch_statistics) return take_running_moments(run, step, inputs.pitch, moments);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              sum_moments(inputs, rows, parts.all.chunk,
                          run.scratch + std::int64_t{parts.first + part} * floats);
            });
  gather_parts(parts, run.scratch, floats);
  combine_moments(run, step, parts.all, run.scratch, inputs.pitch, moments);
}

/// Calls `body(d, channel, begin, end)` for all vectors of rows, in the order in which they lie in
/// memory: where one is a row, for all rows at once, so that its channels' numbers stay in
/// registers.
template <class Body>
HWY_INLINE void for_columns(std::int64_t begin, std::int64_t end, int pitch, const Body& body) {
  const std::int64_t rows = pitch <= kLanes ? end - begin : 1;
  for (; begin < end; begin += rows)
    for_vectors(pitch,
                [&](auto d, int channel) HWY_ATTR { body(d, channel, begin, begin + rows); });
}

/// Computes rows [begin, end) of the output.
template <class Activate>
HWY_INLINE void normalise_rows(const Norm& norm, const Activate& activation,
                               const Matrix<const float>& inputs, const Matrix<float>& outputs,
                               std::int64_t begin, std::int64_t end) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const auto mean = hn::LoadU(d, norm.mean + channel), scale = norm.scale(d, channel);
    const auto beta = hn::LoadU(d, norm.beta + channel);
    for (auto row = first; row < last; ++row) {
      const auto difference = hn::Sub(hn::LoadU(d, inputs[row] + channel), mean);
      hn::StoreU(activation.value(d, hn::MulAdd(difference, scale, beta)), d,
                 outputs[row] + channel);
    }
  });
}

inline void normalise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (does_nothing(run, values)) return activate_forward(run, step);
  find_moments(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const Norm norm(run, step);
  share(run, inputs.rows * inputs.pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            normalise_rows(norm, activation, inputs, outputs, begin, end);
          });
          if (moves_zero(step.activation))
            clear_padding(outputs[begin], end - begin, outputs.pitch,
                          values.output().shape.channels);
        });
}

/// The gradient of a batch norm's output before its activation, and the input less its mean.
template <class V>
struct NormGradient {
  V gradient, difference;
};

/// A batch norm's numbers of a vector of channels.
template <class D, class Activate>
class NormVector {
  using V = hn::Vec<D>;

 public:
  HWY_INLINE NormVector(D d, const Norm& norm, const Activate& activation, int channel)
      : mean_(hn::LoadU(d, norm.mean + channel)),
        scale_(norm.scale(d, channel)),
        beta_(hn::LoadU(d, norm.beta + channel)),
        activation_(activation) {}

  HWY_INLINE V scale() const { return scale_; }
  HWY_INLINE NormGradient<V> gradient(V input, V gradient) const {
    const V difference = hn::Sub(input, mean_);
    return {activation_.gradient(D(), hn::MulAdd(difference, scale_, beta_), gradient), difference};
  }

 private:
  V mean_, scale_, beta_;
  const Activate& activation_;
};

/// Sums the gradients of a part's rows: [Σ dz][Σ dz (x - mean)].
template <class Activate>
HWY_INLINE void sum_norm_gradients(const Norm& norm, const Activate& activation,
                                   const Matrix<const float>& inputs,
                                   const Matrix<const float>& gradients, const TrainingRows& rows,
                                   int chunk, float* to) {
  const int pitch = inputs.pitch;
  clear(to, 2 * pitch);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += chunk) {
    const std::int64_t count = std::min<std::int64_t>(chunk, rows.end - begin);
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
      const auto sums = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
        const auto [gradient, difference] =
            vector.gradient(hn::LoadU(d, inputs[begin + row] + channel),
                            hn::LoadU(d, gradients[begin + row] + channel));
        both.first = hn::Add(both.first, gradient);
        both.second = hn::MulAdd(gradient, difference, both.second);
      });
      store_or_add(d, sums.first, true, to + channel);
      store_or_add(d, sums.second, true, to + pitch + channel);
    });
  }
}

/// Computes the gradients of beta and gamma, and what those of the input have less, in scratch.
inline void find_norm_gradients(const TrainingRun& run, const TrainingStep& step, float* less) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const Norm norm(run, step);
  const OwnParts parts = norm_parts(run, values);
  const int floats = 2 * inputs.pitch;
  for_parts(run, parts, inputs.rows * inputs.pitch,
            [&](int, int part, const TrainingRows& rows) HWY_ATTR {
              with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
                sum_norm_gradients(norm, activation, inputs, gradients, rows, parts.all.chunk,
                                   run.scratch + std::int64_t{parts.first + part} * floats);
              });
            });
  gather_parts(parts, run.scratch, floats);
  combine_gradients(run.scratch, parts.all.count(), inputs.pitch, norm.mean, norm.gamma,
                    static_cast<double>(values.input().rows(images_of_all(run))),
                    run.batch_statistics, values.gradients(step.beta), values.gradients(step.gamma),
                    less, less + inputs.pitch);
}

/// Computes rows [begin, end) of the gradients of the input.
template <class Activate>
HWY_INLINE void norm_input_rows(const Norm& norm, const Activate& activation, const float* less,
                                const Matrix<const float>& inputs,
                                const Matrix<const float>& gradients, std::int64_t begin,
                                std::int64_t end, bool adds, const Matrix<float>& to) {
  for_columns(begin, end, inputs.pitch, [&](auto d, int channel, auto first, auto last) HWY_ATTR {
    const NormVector<decltype(d), Activate> vector(d, norm, activation, channel);
    const auto constant = hn::LoadU(d, less + channel);
    const auto slope = hn::LoadU(d, less + inputs.pitch + channel);
    for (auto row = first; row < last; ++row) {
      const auto [gradient, difference] = vector.gradient(hn::LoadU(d, inputs[row] + channel),
                                                          hn::LoadU(d, gradients[row] + channel));
      const auto removed = hn::MulAdd(difference, slope, constant);
      store_or_add(d, hn::Sub(hn::Mul(gradient, vector.scale()), removed), adds, to[row] + channel);
    }
  });
}

inline void normalise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const int pitch = values.input().pitch;
  if (does_nothing(run, values)) {
    clear(values.gradients(step.beta), pitch);
    clear(values.gradients(step.gamma), pitch);
    return activate_backward(run, step);
  }
  float* const less = run.scratch + std::int64_t{2} * kTrainingParts * pitch;
  find_norm_gradients(run, step, less);
  if (!step.input_gradients) return;
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const Norm norm(run, step);
  share(run, inputs.rows * pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            norm_input_rows(norm, activation, less, inputs, gradients, begin, end, step.adds_input,
                            to);
          });
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
