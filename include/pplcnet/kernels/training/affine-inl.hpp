// One learnable scale and shift for all channels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void affine_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const float scale = *values.parameters(step.weight), shift = *values.parameters(step.bias);
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[row] + channel);
    hn::StoreU(hn::MulAdd(x, hn::Set(d, scale), hn::Set(d, shift)), d, outputs[row] + channel);
  });
  clear_padding(outputs.values, outputs.rows, outputs.pitch, values.output().shape.channels);
}

/// Computes the gradients of the scale and the shift.
inline void affine_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const int pitch = inputs.pitch;
  const OwnParts parts(run,
                       channel_parts(images_of_all(run), values.input().shape.pixels(), pitch));
  for_parts(run, parts, inputs.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = run.scratch + std::int64_t{parts.first + part} * 2 * pitch;
    clear(sums, 2 * pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          const auto gradient = hn::LoadU(d, gradients[begin + row] + channel);
          const auto x = hn::LoadU(d, inputs[begin + row] + channel);
          both.first = hn::MulAdd(gradient, x, both.first);
          both.second = hn::Add(both.second, gradient);
        });
        store_or_add(d, sum.first, true, sums + channel);
        store_or_add(d, sum.second, true, sums + pitch + channel);
      });
    }
  });
  gather_parts(parts, run.scratch, 2 * pitch);
  double scale = 0, shift = 0;
  for (int part = 0; part < parts.all.count(); ++part)
    for (int channel = 0; channel < pitch; ++channel) {
      const float* const sums = run.scratch + std::int64_t{part} * 2 * pitch + channel;
      scale += static_cast<double>(sums[0]);
      shift += static_cast<double>(sums[pitch]);
    }
  clear(values.gradients(step.weight), kTrainingPanel);
  clear(values.gradients(step.bias), kTrainingPanel);
  *values.gradients(step.weight) = static_cast<float>(scale);
  *values.gradients(step.bias) = static_cast<float>(shift);
}

inline void affine_backward(const TrainingRun& run, const TrainingStep& step) {
  affine_gradients(run, step);
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  const float scale = *values.parameters(step.weight);
  for_rows(
      run, gradients.rows, gradients.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
        const auto gradient = hn::LoadU(d, gradients[row] + channel);
        store_or_add(d, hn::Mul(gradient, hn::Set(d, scale)), step.adds_input, to[row] + channel);
      });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
