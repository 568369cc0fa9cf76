// Layers that work row by row, joined into chains. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Copies rows [begin, end), whose first pixel is at `from`, into a planar destination.
inline void copy_planar(const Shape& shape, const float* from, std::size_t pixel_pitch,
                        std::size_t row_pitch, int begin, int end, float* destination) {
  for (int y = begin; y < end; ++y, from += row_pitch)
    for (int x = 0; x < shape.width; ++x)
      for (int c = 0; c < shape.channels; ++c)
        destination[c * shape.pixels() + std::int64_t{y} * shape.width + x] =
            from[static_cast<std::size_t>(x) * pixel_pitch + static_cast<std::size_t>(c)];
}

/// A layer's product into the map at `output`; what it reads is left to say.
inline Product product_of(const Layer& layer, const float* weights, float* scratch, float* output) {
  return {.input = nullptr,
          .pixel_pitch = static_cast<std::size_t>(layer.pitch),
          .depth = layer.depth(),
          .weights = weights + layer.weights,
          .half = layer.half,
          .widened = scratch + layer.widened,
          .biases = weights + layer.biases,
          .channels = layer.output.channels,
          .activation = layer.activation,
          .output = output,
          .width = layer.output.width,
          .output_pixel_pitch = static_cast<std::size_t>(layer.target.pixel_pitch),
          .output_row_pitch = layer.target.row_pitch()};
}

/// Zeroes the frame at both ends of rows [begin, end) of a map.
inline void clear_frame(const Map& map, float* base, int begin, int end) {
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  for (int y = begin; y < end && left + right > 0; ++y) {
    float* const row = base + map.row(y);
    std::memset(row, 0, left * sizeof(float));
    std::memset(row + map.row_pitch() - right, 0, right * sizeof(float));
  }
}

/// Computes a chain of layers, or a part of its rows, in one thread. A unit of the chain is a
/// convolution, a depthwise or a pointwise layer, or a depthwise layer fused with the pointwise
/// layer behind it; a unit is named by its last layer.
class Chain {
 public:
  Chain(const Run& run, const Picture& picture, float* const* destinations, int part, int first)
      : run_(run),
        picture_(picture),
        destinations_(destinations),
        scratch_(run.scratch + static_cast<std::size_t>(part) * run.scratch_floats),
        first_(first) {}

  /// Computes rows [begin, end) of the chain's last layer, and of the layers before it what these
  /// need.
  void compute(int last, int begin, int end) {
    std::size_t zeros = 0;
    for (int unit = last, from = begin, to = end; unit >= first_; unit = unit_begin(unit) - 1) {
      const Layer& reader = run_.layers[unit_begin(unit)];
      if (reader.op == Operator::depthwise) zeros = std::max(zeros, reader.source.row_pitch());
      origins_[unit - first_] = run_.layers[unit].target.local ? from : 0;
      produced_[unit - first_] = from;
      wanted_[unit - first_] = to;
      from = std::max(0, from * reader.stride.height - reader.padding());
      to = std::min(reader.input.height, rows_read(reader, to));
    }
    std::memset(scratch_, 0, zeros * sizeof(float));
    produce(last, end);
  }

 private:
  static constexpr int kMaxChain = 2 * Architecture::kMaxBlocks + 2;

  int unit_begin(int last) const {
    return last > first_ && run_.layers[last - 1].fused ? last - 1 : last;
  }

  float* base(const Map& map) const { return map.local ? scratch_ : run_.maps; }

  /// Row with which the ring of `layer`'s source begins.
  int source_origin(int layer) const { return layer > first_ ? origins_[layer - 1 - first_] : 0; }

  /// Rows of its input, from the top, that a layer's first `rows` rows need.
  static int rows_read(const Layer& layer, int rows) {
    return (rows - 1) * layer.stride.height - layer.padding() + layer.kernel;
  }

  /// Rows of a unit up to `end` at least, block by block; before each block, the rows it reads.
  void produce(int last, int end) {
    const int first = unit_begin(last);
    const Layer& reader = run_.layers[first];
    int& produced = produced_[last - first_];
    while (produced < end) {
      const int begin = produced;
      produced = std::min(begin + reader.rows, wanted_[last - first_]);
      if (first > first_)
        produce(first - 1, std::min(rows_read(reader, produced), reader.input.height));
      compute_block(first, last, begin, produced);
    }
  }

  void compute_block(int first, int last, int begin, int end) const {
    const Layer& layer = run_.layers[first];
    const Layer& writer = run_.layers[last];
    const int origin = origins_[last - first_];
    float* output = base(writer.target) + writer.target.pixels(begin - origin);
    if (layer.op == Operator::convolution) {
      convolution(layer, begin, end, output);
    } else if (layer.op == Operator::pointwise) {
      pointwise(layer, base(layer.source) + layer.source.pixels(begin - source_origin(first)),
                end - begin, output);
    } else if (!layer.fused) {
      depthwise_block(first, begin, end, output, static_cast<std::size_t>(layer.target.pixel_pitch),
                      layer.target.row_pitch());
    } else {
      const auto pitch = static_cast<std::size_t>(layer.pitch);
      const std::size_t row_pitch = pitch * static_cast<std::size_t>(layer.output.width);
      float* const block = scratch_ + layer.scratch;
      depthwise_block(first, begin, end, block, pitch, row_pitch);
      if (destinations_[first] != nullptr)
        copy_planar(layer.output, block, pitch, row_pitch, begin, end, destinations_[first]);
      pointwise(writer, block, end - begin, output);
    }
    clear_frame(writer.target, base(writer.target), begin - origin, end - origin);
    if (destinations_[last] != nullptr)
      copy_planar(writer.output, output, static_cast<std::size_t>(writer.target.pixel_pitch),
                  writer.target.row_pitch(), begin, end, destinations_[last]);
  }

  void convolution(const Layer& layer, int begin, int end, float* output) const {
    return layer.stride.width == 2 ? convolution<2>(layer, begin, end, output)
                                   : convolution<1>(layer, begin, end, output);
  }

  template <int kStride>
  void convolution(const Layer& layer, int begin, int end, float* output) const {
    const int step = layer.stride.height, top = begin * step - layer.padding();
    float* const lines = scratch_ + layer.scratch;
    load_lines<kStride>(layer, picture_, top, top + (end - begin - 1) * step + layer.kernel, lines);
    const std::size_t row =
        layer.phase_columns() * kStride * static_cast<std::size_t>(layer.input.channels * step);
    for (int y = 0; y < end - begin; y += 2) {
      const int upper = std::max(0, std::min(y, end - begin - 2));
      const int lower = std::min(upper + 1, end - begin - 1);
      const auto input = [&](int i) { return lines + static_cast<std::size_t>(i) * row; };
      const auto target = [&](int i) {
        return output + static_cast<std::size_t>(i) * layer.target.row_pitch();
      };
      convolution_rows<kStride>(
          {.upper = input(upper),
           .lower = input(lower),
           .phase_pitch = layer.phase_columns(),
           .lines = layer.kernel * layer.input.channels,
           .weights = run_.weights + layer.weights,
           .biases = run_.weights + layer.biases,
           .channels = layer.output.channels,
           .activation = layer.activation,
           .width = layer.output.width,
           .upper_output = target(upper),
           .lower_output = target(lower),
           .pixel_pitch = static_cast<std::size_t>(layer.target.pixel_pitch)});
    }
  }

  void pointwise(const Layer& layer, const float* input, int rows, float* output) const {
    Product whole = product_of(layer, run_.weights, scratch_, output);
    whole.input = input;
    product_rows(whole, rows * layer.output.width, 0, layer.output.channels);
  }

  void depthwise_block(int index, int begin, int end, float* output, std::size_t pixel_pitch,
                       std::size_t row_pitch) const {
    const Layer& layer = run_.layers[index];
    const float* const source = base(layer.source);
    const int origin = source_origin(index);
    constexpr int kMaxRows = 8;  // at a time: what fits a small array of row pointers
    constexpr int kMaxInputs = (kMaxRows - 1) * 2 + 5;
    const float* inputs[kMaxInputs];
    for (int y = begin; y < end; y += kMaxRows, output += kMaxRows * row_pitch) {
      const int count = std::min(kMaxRows, end - y);
      const int top = y * layer.stride.height - layer.padding();
      const int used = (count - 1) * layer.stride.height + layer.kernel;
      for (int i = 0; i < used; ++i) {
        const bool inside = top + i >= 0 && top + i < layer.input.height;
        inputs[i] = inside ? source + layer.source.row(top + i - origin) : scratch_;
      }
      depthwise({.inputs = inputs,
                 .row_step = layer.stride.height,
                 .input_pixel_pitch = static_cast<std::size_t>(layer.source.pixel_pitch),
                 .weights = run_.weights + layer.weights,
                 .biases = run_.weights + layer.biases,
                 .channels = layer.output.channels,
                 .activation = layer.activation,
                 .count = count,
                 .width = layer.output.width,
                 .output = output,
                 .output_pixel_pitch = pixel_pitch,
                 .output_row_pitch = row_pitch},
                layer.kernel, layer.stride.width);
    }
  }

  const Run& run_;
  const Picture& picture_;
  float* const* destinations_;
  float* scratch_;  // begins with a row of zeros
  int first_;
  // Of each unit.
  int origins_[kMaxChain] = {};   // the row with which its ring begins
  int produced_[kMaxChain] = {};  // its rows so far
  int wanted_[kMaxChain] = {};    // where they end
};

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
