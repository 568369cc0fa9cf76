// Pictures, and channels that become those of another map. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

inline void picture_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  share(run, outputs.rows * outputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t image = begin; image < end; ++image) {
            const float* const planes = run.pictures + image * channels * pixels;
            for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
              float* const to = outputs[image * pixels + pixel];
              clear(to, outputs.pitch);
              for (int channel = 0; channel < channels; ++channel)
                to[channel] = planes[channel * pixels + pixel];
            }
          }
        });
}

inline void picture_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients || run.picture_gradients == nullptr) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const std::int64_t pixels = values.output().shape.pixels();
  const int channels = values.output().shape.channels;
  for (std::int64_t row = 0; row < gradients.rows; ++row)
    for (int channel = 0; channel < channels; ++channel) {
      const std::int64_t plane = row / pixels * channels + channel;
      run.picture_gradients[plane * pixels + row % pixels] = gradients[row][channel];
    }
}

inline void copy_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const int channels = values.output().shape.channels;
  share(run, inputs.rows * step.channels, inputs.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = inputs[row] + step.first;
            float* const to = outputs[row] + step.first_output;
            for (int i = 0; i < step.channels; ++i)
              to[i * step.write_step] = from[i * step.read_step];
          }
          if (step.clears) clear_padding(outputs[begin], end - begin, outputs.pitch, channels);
        });
}

inline void copy_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  share(run, gradients.rows * step.channels, gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) {
          for (std::int64_t row = begin; row < end; ++row) {
            const float* const from = gradients[row] + step.first_output;
            float* const to = input_gradients[row];
            if (!step.adds_input) clear(to, input_gradients.pitch);
            for (int i = 0; i < step.channels; ++i)
              to[step.first + i * step.read_step] += from[i * step.write_step];
          }
        });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
