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
  return run.batch_statistics && values.output().rows(run.images) == 1;
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

inline void find_moments(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  float* const moments = run.arena + step.moments;
  if (!run.batch_statistics) return take_running_moments(run, step, inputs.pitch, moments);
  const TrainingParts parts{inputs.rows, channel_chunk(inputs.pitch)};
  share(run, inputs.rows * inputs.pitch, parts.count(),
        [&](int, std::int64_t first, std::int64_t last) HWY_ATTR {
          for (auto part = static_cast<int>(first); part < last; ++part)
            sum_moments(inputs, parts[part], parts.chunk,
                        run.scratch + std::int64_t{part} * 2 * inputs.pitch);
        });
  combine_moments(run, step, parts, run.scratch, inputs.pitch, moments);
}

inline void normalise_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const bool copies = does_nothing(run, values);
  if (!copies) find_moments(run, step);
  const Norm norm(run, step);
  share(run, inputs.rows * inputs.pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            for (std::int64_t row = begin; row < end; ++row)
              for_vectors(inputs.pitch, [&](auto d, int channel) HWY_ATTR {
                auto x = hn::LoadU(d, inputs[row] + channel);
                if (!copies)
                  x = hn::MulAdd(hn::Sub(x, hn::LoadU(d, norm.mean + channel)),
                                 norm.scale(d, channel), hn::LoadU(d, norm.beta + channel));
                hn::StoreU(activation.value(d, x), d, outputs[row] + channel);
              });
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
template <class D, class Activate>
HWY_INLINE NormGradient<hn::Vec<D>> norm_gradient(D d, const Norm& norm, int channel,
                                                  const Activate& activation, const float* input,
                                                  const float* gradient) {
  const auto difference = hn::Sub(hn::LoadU(d, input + channel), hn::LoadU(d, norm.mean + channel));
  const auto x = hn::MulAdd(difference, norm.scale(d, channel), hn::LoadU(d, norm.beta + channel));
  return {activation.gradient(d, x, hn::LoadU(d, gradient + channel)), difference};
}

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
      const auto sums = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
        const auto [gradient, difference] = norm_gradient(
            d, norm, channel, activation, inputs[begin + row], gradients[begin + row]);
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
  const TrainingParts parts{inputs.rows, channel_chunk(inputs.pitch)};
  share(run, inputs.rows * inputs.pitch, parts.count(),
        [&](int, std::int64_t first, std::int64_t last) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            for (auto part = static_cast<int>(first); part < last; ++part)
              sum_norm_gradients(norm, activation, inputs, gradients, parts[part], parts.chunk,
                                 run.scratch + std::int64_t{part} * 2 * inputs.pitch);
          });
        });
  combine_gradients(run.scratch, parts.count(), inputs.pitch, norm.mean, norm.gamma,
                    static_cast<double>(inputs.rows), run.batch_statistics,
                    values.gradients(step.beta), values.gradients(step.gamma), less,
                    less + inputs.pitch);
}

/// Computes the gradients of a single pixel, which the norm has left as it was.
inline void copy_norm_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const int pitch = values.output().pitch;
  clear(values.gradients(step.beta), pitch);
  clear(values.gradients(step.gamma), pitch);
  if (!step.input_gradients) return;
  for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
    const auto dy = hn::LoadU(d, values.output_gradients()[0] + channel);
    const auto x = hn::LoadU(d, values.inputs()[0] + channel);
    store_or_add(d, AnyActivation{step.activation}.gradient(d, x, dy), step.adds_input,
                 values.input_gradients()[0] + channel);
  });
}

inline void normalise_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  if (does_nothing(run, values)) return copy_norm_gradients(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int pitch = inputs.pitch;
  float* const less = run.scratch + std::int64_t{2} * kTrainingParts * pitch;
  find_norm_gradients(run, step, less);
  if (!step.input_gradients) return;
  const Norm norm(run, step);
  const auto input_gradients = values.input_gradients();
  share(run, inputs.rows * pitch, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          with_activation(step.activation, [&](const auto& activation) HWY_ATTR {
            for (std::int64_t row = begin; row < end; ++row)
              for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
                const auto [gradient, difference] =
                    norm_gradient(d, norm, channel, activation, inputs[row], gradients[row]);
                const auto removed = hn::MulAdd(difference, hn::LoadU(d, less + pitch + channel),
                                                hn::LoadU(d, less + channel));
                store_or_add(d, hn::Sub(hn::Mul(gradient, norm.scale(d, channel)), removed),
                             step.adds_input, input_gradients[row] + channel);
              });
          });
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
