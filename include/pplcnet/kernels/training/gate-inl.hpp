// Maps and vectors: the product channel by channel, and the mean over all pixels. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// Calls `body(d, channel, rows, sum)` for all vectors of an image's channels; sum(add) is that
/// over its pixels of what `add(d, row)` returns, chunk by chunk.
template <class Value>
HWY_INLINE void sum_pixels(const TrainingRows& pixels, int pitch, const Value& value, float* to) {
  constexpr std::int64_t kChunk = 256;
  clear(to, pitch);
  for (std::int64_t begin = pixels.begin; begin < pixels.end; begin += kChunk)
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      const auto sum = sum_rows(d, std::min(kChunk, pixels.end - begin),
                                [&](std::int64_t row, auto& sums) HWY_ATTR {
                                  sums.first = hn::Add(sums.first, value(d, begin + row, channel));
                                });
      store_or_add(d, sum.first, true, to + channel);
    });
}

/// Multiplies a vector by a number, and writes it or adds it to what is there.
inline void scale_vector(const float* from, int pitch, float factor, bool adds, float* to) {
  for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
    store_or_add(d, hn::Mul(hn::LoadU(d, from + channel), hn::Set(d, factor)), adds, to + channel);
  });
}

inline void mean_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t image = begin; image < end; ++image) {
            float* const to = outputs[image];
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel)
                    HWY_ATTR { return hn::LoadU(d, inputs[row] + channel); },
                to);
            scale_vector(to, inputs.pitch, 1 / static_cast<float>(pixels), false, to);
          }
        });
}

inline void mean_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, input_gradients.rows * gradients.pitch, input_gradients.rows,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            scale_vector(gradients[row / pixels], gradients.pitch, 1 / static_cast<float>(pixels),
                         step.adds_input, input_gradients[row]);
        });
}

inline void gate_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto factors = values.seconds();
  const auto outputs = values.outputs();
  const std::int64_t pixels = values.input().shape.pixels();
  for_rows(run, inputs.rows, inputs.pitch, [&](auto d, std::int64_t row, int channel) HWY_ATTR {
    const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
    hn::StoreU(hn::Mul(hn::LoadU(d, inputs[row] + channel), factor), d, outputs[row] + channel);
  });
}

/// Computes the gradients of a gate's factors: sums over the pixels of each image.
inline void factor_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.second_gradients();
  const std::int64_t pixels = values.input().shape.pixels();
  share(run, inputs.rows * inputs.pitch, run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const sums = run.scratch + std::int64_t{worker} * to.pitch;
          for (std::int64_t image = begin; image < end; ++image) {
            sum_pixels(
                {image * pixels, (image + 1) * pixels}, inputs.pitch,
                [&](auto d, std::int64_t row, int channel) HWY_ATTR {
                  return hn::Mul(hn::LoadU(d, inputs[row] + channel),
                                 hn::LoadU(d, gradients[row] + channel));
                },
                sums);
            scale_vector(sums, to.pitch, 1, step.adds_second, to[image]);
          }
        });
}

inline void gate_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto factors = values.seconds();
  const std::int64_t pixels = values.input().shape.pixels();
  if (step.second_gradients) factor_gradients(run, step);
  if (!step.input_gradients) return;
  const auto to = values.input_gradients();
  for_rows(run, gradients.rows, gradients.pitch,
           [&](auto d, std::int64_t row, int channel) HWY_ATTR {
             const auto factor = hn::LoadU(d, factors[row / pixels] + channel);
             store_or_add(d, hn::Mul(hn::LoadU(d, gradients[row] + channel), factor),
                          step.adds_input, to[row] + channel);
           });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
