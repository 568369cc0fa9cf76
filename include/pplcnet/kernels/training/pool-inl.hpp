// Maxima and means of windows of pixels. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

/// The part of a window that lies on the map, along one axis, and how many pixels a mean counts. A
/// window that reaches beyond the padding (ceil mode) ends there.
struct PoolRange {
  int begin, end, counted;

  PoolRange(int output, int stride, int kernel, int before, int after, int inputs) {
    const int first = output * stride - before, last = std::min(first + kernel, inputs + after);
    begin = std::max(first, 0);
    end = std::min(last, inputs);
    counted = last - first;
  }
  int count() const { return end - begin; }
};

/// The part of an output's window that lies on the map.
struct PoolWindow {
  PoolRange rows, columns;
  std::int64_t first_row;  ///< of the image

  PoolWindow(const Window& w, const Shape& input, const Shape& output, std::int64_t pixel)
      : rows(static_cast<int>(pixel % output.pixels() / output.width), w.stride.height,
             w.kernel.height, w.padding.top, w.padding.bottom, input.height),
        columns(static_cast<int>(pixel % output.width), w.stride.width, w.kernel.width,
                w.padding.left, w.padding.right, input.width),
        first_row(pixel / output.pixels() * input.height),
        width_(input.width) {}

  /// Calls `body(tap, pixel)` for its pixels in raster order.
  template <class Body>
  HWY_INLINE void for_pixels(const Body& body) const {
    int tap = 0;
    for (int y = rows.begin; y < rows.end; ++y)
      for (int x = columns.begin; x < columns.end; ++x, ++tap)
        body(tap, (first_row + y) * width_ + x);
  }
  float share(bool count_padding) const {
    return 1 / static_cast<float>(count_padding ? rows.counted * columns.counted
                                                : rows.count() * columns.count());
  }

 private:
  int width_;
};

/// The greatest of a window's values, and the number of the first tap that has it.
template <class V>
struct Greatest {
  V value, tap;
};
template <class D>
HWY_INLINE Greatest<hn::Vec<D>> greatest(D d, const PoolWindow& window,
                                         const Matrix<const float>& inputs, int channel) {
  Greatest<hn::Vec<D>> best = {hn::Zero(d), hn::Zero(d)};
  window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
    const auto x = hn::LoadU(d, inputs[pixel] + channel);
    if (tap == 0) {
      best.value = x;
      return;
    }
    const auto greater = hn::Lt(best.value, x);
    best.value = hn::IfThenElse(greater, x, best.value);
    best.tap = hn::IfThenElse(greater, hn::Set(d, static_cast<float>(tap)), best.tap);
  });
  return best;
}

/// Splits the outputs of a pool and calls `body(window, row)` for each.
template <class Body>
HWY_INLINE void for_windows(const TrainingRun& run, const TrainingStep& step, const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto outputs = values.outputs();
  share(run, outputs.rows * outputs.pitch * step.window.kernel.height * step.window.kernel.width,
        outputs.rows, [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          for (std::int64_t row = begin; row < end; ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

/// Splits the images of a pool, whose windows overlap, and calls `body(window, row)` for the
/// outputs of each in their order.
template <class Body>
HWY_INLINE void for_image_windows(const TrainingRun& run, const TrainingStep& step,
                                  const Body& body) {
  const StepValues values(run, step);
  const Shape input = values.input().shape, output = values.output().shape;
  const auto input_gradients = values.input_gradients();
  share(run, input_gradients.rows * input_gradients.pitch, run.images,
        [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
          if (!step.adds_input)
            clear(input_gradients[begin * input.pixels()],
                  (end - begin) * input.pixels() * input_gradients.pitch);
          for (std::int64_t row = begin * output.pixels(); row < end * output.pixels(); ++row)
            body(PoolWindow(step.window, input, output, row), row);
        });
}

inline void max_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      hn::StoreU(greatest(d, window, inputs, channel).value, d, outputs[row] + channel);
    });
  });
}

inline void max_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(gradients.pitch, [&](auto d, int channel) HWY_ATTR {
      const auto best = greatest(d, window, inputs, channel).tap;
      const auto gradient = hn::LoadU(d, gradients[row] + channel), zero = hn::Zero(d);
      window.for_pixels([&](int tap, std::int64_t pixel) HWY_ATTR {
        const auto number = static_cast<float>(tap);
        store_or_add(d, between(d, best, number - 0.5F, number + 0.5F, zero, gradient, zero), true,
                     to[pixel] + channel);
      });
    });
  });
}

inline void average_pool_forward(const TrainingRun& run, const TrainingStep& step) {
  const StepValues values(run, step);
  const auto inputs = values.inputs();
  const auto outputs = values.outputs();
  for_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    for_vectors(outputs.pitch, [&](auto d, int channel) HWY_ATTR {
      auto sum = hn::Zero(d);
      window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
        sum = hn::Add(sum, hn::LoadU(d, inputs[pixel] + channel));
      });
      const auto share = hn::Set(d, window.share(step.count_padding));
      hn::StoreU(hn::Mul(sum, share), d, outputs[row] + channel);
    });
  });
}

inline void average_pool_backward(const TrainingRun& run, const TrainingStep& step) {
  if (!step.input_gradients) return;
  const StepValues values(run, step);
  const auto gradients = values.output_gradients();
  const auto to = values.input_gradients();
  for_image_windows(run, step, [&](const PoolWindow& window, std::int64_t row) HWY_ATTR {
    const float share = window.share(step.count_padding);
    window.for_pixels([&](int, std::int64_t pixel) HWY_ATTR {
      scale_vector(gradients[row], gradients.pitch, share, true, to[pixel]);
    });
  });
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
