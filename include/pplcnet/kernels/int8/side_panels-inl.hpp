// A depthwise layer's rows, of neighbouring panels side by side: their sums become bytes. Compiled
// once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Outputs of a row whose halves wait for their ending.
inline constexpr int kSpan = 28;

/// Makes bytes of an output's halves. Rows from `rows` on are not stored.
template <ByteSteps kSteps, int kRows, int kGroups>
struct OutputBytes {
  const BytePanel<kSteps>& ending;
  int rows;
  std::uint8_t* to;
  std::size_t pixel_pitch, row_pitch;

  HWY_INLINE void operator()(int row, int x, Halves lower, Halves upper) const {
    if (row >= rows) return;
    const Halves first = ending.end(lower, 0), second = ending.end(upper, 1);
    if constexpr (kGroups == 2)
      store_two_rows(first, second, place(row, x),
                     row + kRows < rows ? place(row + kRows, x) : nullptr);
    else
      store_lanes(first, second, place(row, x));
  }
  HWY_INLINE std::uint8_t* place(int row, int x) const {
    return to + static_cast<std::size_t>(row) * row_pitch +
           static_cast<std::size_t>(x) * pixel_pitch;
  }
};

/// Keeps the lower halves of outputs: [row][output].
struct LowerHalves {
  Halves (*halves)[kSpan];

  HWY_INLINE void operator()(int row, int x, Halves lower) const { halves[row][x] = lower; }
};

/// Makes bytes of them and of the upper halves, while the next ones are summed.
template <class Bytes>
struct UpperHalves {
  const Halves (*halves)[kSpan];
  const Bytes& bytes;

  HWY_INLINE void operator()(int row, int x, Halves upper) const {
    bytes(row, x, halves[row][x], upper);
  }
};

/// Panels side by side.
template <class Form, ByteSteps kSteps>
class SidePanels {
  static constexpr int kStride = Form::kStride, kRows = Form::kRows, kGroups = Form::kGroups;

 public:
  HWY_INLINE SidePanels(const ByteDepthwise& rows, const PanelLanes& panels)
      : rows_(rows),
        weights_(rows, panels),
        ending_(rows.ending, panels),
        channel_(static_cast<std::size_t>(panels.first * kPanel)) {}

  HWY_INLINE void compute() {
    const int width = rows_.output.width, spans = (width + kSpan - 1) / kSpan;
    for (int y = 0; y < rows_.rows; y += kRows * kGroups) {
      // What is below the last row is not stored.
      const int count = std::min(kRows * kGroups, rows_.rows - y);
      const WindowRows window(rows_, y, (count - 1) * rows_.stride.height);
      for (int i = 0; i < spans; ++i) {
        const int x = width * i / spans, outputs = width * (i + 1) / spans - x;
        compute_outputs(window, y, count, x, outputs);
      }
    }
  }

 private:
  HWY_INLINE void compute_outputs(const WindowRows& window, int y, int rows, int x, int outputs) {
    const std::size_t offset = channel_ + static_cast<std::size_t>(x * kStride) * rows_.pixel_pitch;
    const BytePixels<std::uint8_t>& output = rows_.output;
    std::uint8_t* const to = output.pixels + static_cast<std::size_t>(y) * output.row_pitch +
                             static_cast<std::size_t>(x) * output.pixel_pitch + channel_;
    const OutputBytes<kSteps, kRows, kGroups> bytes = {ending_, rows, to, output.pixel_pitch,
                                                       output.row_pitch};
    typename Form::template Outputs<0> first(weights_, window);
    if constexpr (Form::kAtOnce) {
      first.compute(offset, rows_.pixel_pitch, outputs, bytes);
    } else {
      first.compute(offset, rows_.pixel_pitch, outputs, LowerHalves{halves_});
      typename Form::template Outputs<1>(weights_, window)
          .compute(offset, rows_.pixel_pitch, outputs,
                   UpperHalves<OutputBytes<kSteps, kRows, kGroups>>{halves_, bytes});
    }
  }

  const ByteDepthwise& rows_;
  const typename Form::Weights weights_;
  const BytePanel<kSteps> ending_;
  std::size_t channel_;
  Halves halves_[kRows][kSpan];  // the lower ones
};

template <class Form, ByteSteps kSteps>
HWY_NOINLINE void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  SidePanels<Form, kSteps>(rows, panels).compute();
}

/// Computes panels side by side.
template <class Dot, class Form>
void side_panels(const ByteDepthwise& rows, const PanelLanes& panels) {
  with_activation<Dot>(
      rows.ending, [&](auto steps) { side_panels<Form, decltype(steps)::value>(rows, panels); });
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
