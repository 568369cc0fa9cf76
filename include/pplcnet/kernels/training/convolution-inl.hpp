// Dense convolutions: a product whose rows are gathered, each a pixel's taps. Compiled once per
// instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The taps of outputs, numbered through all images of a batch.
struct TapGeometry {
  Shape input, output;
  Window window;
  int pitch;   ///< of the input
  int inputs;  ///< channels that are gathered of each tap

  /// Calls `body(input pixel)` for the taps of outputs [begin, end), one output after the other;
  /// the input pixel is numbered like outputs, -1 outside of the map.
  template <class Body>
  HWY_INLINE void for_taps(std::int64_t begin, std::int64_t end, const Body& body) const {
    const std::int64_t line = begin / output.width;
    auto x = static_cast<int>(begin % output.width), y = static_cast<int>(line % output.height);
    std::int64_t image = line / output.height;
    for (std::int64_t pixel = begin; pixel < end; ++pixel) {
      for_window(image, y, x, body);
      if (++x < output.width) continue;
      x = 0;
      if (++y < output.height) continue;
      y = 0;
      ++image;
    }
  }

  template <class Body>
  HWY_INLINE void for_window(std::int64_t image, int y, int x, const Body& body) const {
    const int left = x * window.stride.width - window.padding.left;
    int row = y * window.stride.height - window.padding.top;
    for (int i = 0; i < window.kernel.height; ++i, row += window.dilation.height) {
      const bool row_inside = row >= 0 && row < input.height;
      const std::int64_t first = (image * input.height + row) * input.width;
      int column = left;
      for (int j = 0; j < window.kernel.width; ++j, column += window.dilation.width)
        body(row_inside && column >= 0 && column < input.width ? first + column : -1);
    }
  }

  std::int64_t depth() const {
    return std::int64_t{window.kernel.height} * window.kernel.width * inputs;
  }
  /// Returns how many pixels are gathered at a time.
  int chunk() const {
    return gathered_pixels(std::int64_t{window.kernel.height} * window.kernel.width * pitch);
  }
};

inline TapGeometry geometry_of(const StepValues& values, const TrainingStep& step) {
  return {.input = values.input().shape,
          .output = values.output().shape,
          .window = step.window,
          .pitch = values.input().pitch,
          .inputs = values.tensor(step.weight).inputs};
}

/// Gathers the taps of pixels [begin, end), of so many channels with those that pad. What pads a
/// tap is overwritten by the next one; that of the last tap of all is after the rows.
HWY_INLINE void gather_channels(const TapGeometry& geometry, const float* maps, int pitch,
                                std::int64_t begin, std::int64_t end, float* to) {
  const std::int64_t step = geometry.inputs;
  geometry.for_taps(begin, end, [&](std::int64_t from) HWY_ATTR {
    for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(from < 0 ? hn::Zero(d) : hn::LoadU(d, maps + from * pitch + channel), d,
                 to + channel);
    });
    to += step;
  });
}
inline HWY_NOINLINE void gather(const TapGeometry& geometry, const float* maps, std::int64_t begin,
                                std::int64_t end, float* to) {
  if (geometry.pitch == kTrainingPanel)  // as the picture's: no loop over vectors
    gather_channels(geometry, maps, kTrainingPanel, begin, end, to);
  else
    gather_channels(geometry, maps, geometry.pitch, begin, end, to);
}

/// Adds the gradients of the taps of pixels [begin, end), which are all of padded channels.
inline HWY_NOINLINE void scatter(const TapGeometry& geometry, const float* taps, std::int64_t begin,
                                 std::int64_t end, float* gradients) {
  const std::int64_t pitch = geometry.pitch;
  geometry.for_taps(begin, end, [&](std::int64_t to) HWY_ATTR {
    if (to >= 0)
      for_vectors(geometry.pitch, [&](auto d, int channel) HWY_ATTR {
        store_or_add(d, hn::LoadU(d, taps + channel), true, gradients + to * pitch + channel);
      });
    taps += pitch;
  });
}

/// Returns where a worker's gathered taps are.
inline float* gathered(const TrainingRun& run, const TrainingStep& step, int worker) {
  return run.scratch + product_scratch(step, run.values, run.tensors, run.images).floats() +
         size(worker) * gathered_floats(step, run.values, run.tensors);
}

inline void convolution_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto outputs = values.outputs();
  const std::int64_t depth = geometry.depth(), chunk = geometry.chunk();
  pack(values.parameters(step.weight), weight.pitch(), depth, weight.pitch(), run.scratch);
  share(run, outputs.rows * depth * weight.pitch(), outputs.rows,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          for (std::int64_t row = begin; row < end; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end);
            gather(geometry, values.inputs().values, row, last, taps);
            multiply<Order::rows>({.a = taps,
                                   .a_pitch = depth,
                                   .b = run.scratch,
                                   .bias = values.parameters(step.bias),
                                   .c = outputs[row],
                                   .c_pitch = outputs.pitch,
                                   .depth = depth},
                                  last - row, outputs.pitch);
          }
        });
}

/// Adds the gradients of the inputs, image by image: windows overlap.
inline void convolution_input_gradients(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TrainingTensor& weight = values.tensor(step.weight);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const auto input_gradients = values.input_gradients();
  const int columns = weight.taps() * geometry.pitch;
  const std::int64_t chunk = geometry.chunk(), pixels = geometry.output.pixels();
  pack_transposed(values.parameters(step.weight), weight, geometry.pitch, run.scratch);
  share(run, gradients.rows * columns * weight.pitch(), run.images,
        [&](int worker, std::int64_t begin, std::int64_t end) HWY_ATTR {
          float* const taps = gathered(run, step, worker);
          const std::int64_t first = begin * geometry.input.pixels();
          if (!step.adds_input)
            clear(input_gradients[first], (end - begin) * geometry.input.pixels() * geometry.pitch);
          for (std::int64_t row = begin * pixels; row < end * pixels; row += chunk) {
            const std::int64_t last = std::min(row + chunk, end * pixels);
            multiply<Order::rows>({.a = gradients[row],
                                   .a_pitch = gradients.pitch,
                                   .b = run.scratch,
                                   .bias = nullptr,
                                   .c = taps,
                                   .c_pitch = columns,
                                   .depth = weight.outputs},
                                  last - row, columns);
            scatter(geometry, taps, row, last, input_gradients.values);
          }
        });
}

inline void convolution_backward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const TapGeometry geometry = geometry_of(values, step);
  const auto gradients = values.output_gradients();
  const std::int64_t depth = geometry.depth();
  if (step.bias >= 0) sum_columns(run, gradients, run.scratch, values.gradients(step.bias));
  const WeightRows rows(run, step);
  sum_weight_gradients(
      run, rows,
      [&](int worker, std::int64_t begin, std::int64_t end, bool adds, float* to) HWY_ATTR {
        float* const taps = gathered(run, step, worker);
        gather(geometry, rows.inputs.values, begin, end, taps);
        add_weight_gradients(taps, depth, static_cast<int>(depth), rows.gradients[begin],
                             gradients.pitch, end - begin, adds, rows.packed(worker), to);
      },
      values.gradients(step.weight));
  if (step.input_gradients) convolution_input_gradients(run, step);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
