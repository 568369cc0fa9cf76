// Walks a plan. Compiled once per instruction set, with all kernels.
#include <hwy/highway.h>  // once more for each: opens the operations of HWY_TARGET

#include "pplcnet/simd/activation-inl.hpp"
#include "pplcnet/simd/depthwise-inl.hpp"
#include "pplcnet/simd/product-inl.hpp"
#include "pplcnet/simd/vector-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Splits `count` units into at most `threads` parts and runs `body(part, begin, end)` for each.
template <class Body>
HWY_INLINE void split(const Run& run, int count, const Body& body) {
  const int parts = std::min(run.threads, count);
  if (parts <= 1) return body(0, 0, count);
  const auto part = [&](int i) HWY_ATTR { body(i, count * i / parts, count * (i + 1) / parts); };
  run.executor(parts, Task(part));
}

/// Splits the rows of a layer into blocks of layer.rows, fewer where threads would stay idle.
template <class Body>
HWY_INLINE void split_rows(const Run& run, const Layer& layer, const Body& body) {
  const int height = layer.output.height;
  const int rows = std::min(layer.rows, static_cast<int>(ceil_div(height, run.threads)));
  split(run, static_cast<int>(ceil_div(height, rows)), [&](int part, int begin, int end) HWY_ATTR {
    for (int block = begin; block < end; ++block)
      body(part, block * rows, std::min(height, (block + 1) * rows));
  });
}

/// Zeroes the frame around rows [begin, end) of a map, with the rows above and below at its ends.
inline void clear_frame(const Map& map, float* maps, int begin, int end) {
  const auto zero = [&](std::size_t offset, std::size_t floats) {
    std::memset(maps + offset, 0, floats * sizeof(float));
  };
  const auto pitch = static_cast<std::size_t>(map.pixel_pitch);
  const std::size_t left = static_cast<std::size_t>(map.left) * pitch;
  const std::size_t right = static_cast<std::size_t>(map.right) * pitch;
  const std::size_t line = static_cast<std::size_t>(map.shape.width) * pitch;
  if (begin == 0) zero(map.offset, static_cast<std::size_t>(map.top) * map.row_pitch());
  if (end == map.shape.height)
    zero(map.row(end) - left, static_cast<std::size_t>(map.bottom) * map.row_pitch());
  if (left + right == 0) return;
  for (int y = begin; y < end; ++y) {
    zero(map.row(y) - left, left);
    zero(map.row(y) + line, right);
  }
}

/// Copies rows [begin, end), whose first pixel is at `from`, into a planar destination.
inline void copy_planar(const Shape& shape, const float* from, std::size_t pixel_pitch,
                        std::size_t row_pitch, int begin, int end, float* destination) {
  for (int y = begin; y < end; ++y, from += row_pitch)
    for (int x = 0; x < shape.width; ++x)
      for (int c = 0; c < shape.channels; ++c)
        destination[c * shape.pixels() + std::int64_t{y} * shape.width + x] =
            from[static_cast<std::size_t>(x) * pixel_pitch + static_cast<std::size_t>(c)];
}

/// Rows [begin, end) of the picture's frame, planar → channels last with a zero border.
inline void load_picture(const Layer& layer, const float* input, int begin, int end, float* lines) {
  const Shape& picture = layer.input;
  const int pad = layer.padding();
  const int columns = (layer.output.width - 1) * layer.stride.width + layer.kernel;
  const auto pitch = static_cast<std::size_t>(columns) * 3;
  for (int y = begin; y < end; ++y, lines += pitch) {
    if (y < 0 || y >= picture.height) {
      std::memset(lines, 0, pitch * sizeof(float));
      continue;
    }
    const int used = std::min(columns - pad, picture.width);
    std::memset(lines, 0, static_cast<std::size_t>(pad) * 3 * sizeof(float));
    for (int c = 0; c < 3; ++c) {
      const float* from = input + c * picture.pixels() + std::int64_t{y} * picture.width;
      for (int x = 0; x < used; ++x) lines[(pad + x) * 3 + c] = from[x];
    }
    std::memset(lines + (pad + used) * 3, 0,
                static_cast<std::size_t>(columns - pad - used) * 3 * sizeof(float));
  }
}

class Forward {
 public:
  HWY_INLINE Forward(const Run& run, int image)
      : run_(run),
        input_(run.input + image * run.layers[0].input.size()),
        destinations_(run.destinations + std::ptrdiff_t{image} * run.layer_count),
        image_(image) {}

  /// Layers [begin, end) for one image.
  void layers(int begin, int end) const {
    for (int i = begin; i < end; ++i) {
      const Layer& layer = run_.layers[i];
      switch (layer.op) {
        case Operator::convolution:
          convolution(i);
          break;
        case Operator::depthwise:
          if (layer.fused) {
            separable(i);
            copy(++i);
            continue;
          }
          depthwise(i);
          break;
        case Operator::pointwise:
          pointwise(i);
          break;
        case Operator::pool:
          pool_map(i);
          break;
        case Operator::dense:
          dense_layer(run_, i, image_, 1);
          break;
        case Operator::gate:
          split(run_, layer.output.height, [&](int, int first, int last) HWY_ATTR {
            gate(layer, run_.maps, vector(layer.source_vector, layer.output), first, last);
          });
          break;
      }
      copy(i);
    }
  }

  /// A dense layer for `images` images from `image` on; their vectors lie one behind the other.
  static void dense_layer(const Run& run, int index, int image, int images) {
    const Layer& layer = run.layers[index];
    const auto in = static_cast<std::size_t>(round_up(layer.input.channels, kPanel));
    const auto out = static_cast<std::size_t>(round_up(layer.output.channels, kPanel));
    const auto first = static_cast<std::size_t>(image);
    split(run, static_cast<int>(out) / kPanel, [&](int, int begin, int end) HWY_ATTR {
      dense(layer, run.weights, run.vectors + layer.source_vector + first * in, in,
            run.vectors + layer.target_vector + first * out, out, images, begin, end);
    });
  }

  /// Copies what layer `index` left in the workspace, where that is wanted.
  void copy(int index) const {
    const Layer& layer = run_.layers[index];
    float* destination = destinations_[index];
    if (destination == nullptr) return;
    if (layer.op == Operator::pool || layer.op == Operator::dense) {
      const float* from = vector(layer.target_vector, layer.output);
      std::memcpy(destination, from,
                  sizeof(float) * static_cast<std::size_t>(layer.output.channels));
    } else if (!layer.fused) {
      const Map& map = layer.op == Operator::gate ? layer.source : layer.target;
      copy_planar(layer.output, run_.maps + map.row(0), static_cast<std::size_t>(map.pixel_pitch),
                  map.row_pitch(), 0, layer.output.height, destination);
    }
  }

 private:
  float* scratch(int part) const {
    return run_.scratch + static_cast<std::size_t>(part) * run_.scratch_floats;
  }
  float* vector(std::size_t offset, const Shape& shape) const {
    return run_.vectors + offset +
           static_cast<std::size_t>(image_) *
               static_cast<std::size_t>(round_up(shape.channels, kPanel));
  }

  Product product(const Layer& layer) const {
    return {.input = nullptr,
            .pixel_pitch = 0,
            .segments = 1,
            .segment_pitch = 0,
            .segment_length = layer.depth(),
            .weights = run_.weights + layer.weights,
            .biases = run_.weights + layer.biases,
            .channels = layer.output.channels,
            .activation = layer.activation,
            .output = nullptr,
            .width = layer.output.width,
            .output_row_pitch = layer.target.row_pitch()};
  }

  void convolution(int index) const {
    const Layer& layer = run_.layers[index];
    split_rows(run_, layer, [&](int part, int begin, int end) HWY_ATTR {
      const int step = layer.stride.height, pad = layer.padding();
      const auto pitch = static_cast<std::size_t>(
          ((layer.output.width - 1) * layer.stride.width + layer.kernel) * layer.input.channels);
      load_picture(layer, input_, begin * step - pad, (end - 1) * step - pad + layer.kernel,
                   scratch(part));
      Product rows = product(layer);
      rows.input = scratch(part);
      rows.pixel_pitch = static_cast<std::size_t>(layer.stride.width * layer.input.channels);
      rows.segments = layer.kernel;
      rows.segment_pitch = pitch;
      rows.segment_length = layer.kernel * layer.input.channels;
      for (int y = begin; y < end; ++y, rows.input += pitch * static_cast<std::size_t>(step)) {
        rows.output = run_.maps + layer.target.row(y);
        product_rows(rows, layer.output.width, 0, layer.output.channels);
      }
      clear_frame(layer.target, run_.maps, begin, end);
    });
  }

  void depthwise(int index) const {
    const Layer& layer = run_.layers[index];
    split_rows(run_, layer, [&](int, int begin, int end) HWY_ATTR {
      depthwise_rows(layer, run_.weights, run_.maps, begin, end,
                     run_.maps + layer.target.row(begin),
                     static_cast<std::size_t>(layer.target.pixel_pitch), layer.target.row_pitch());
    });
  }

  /// Rows of a pointwise layer whose input starts at `from`.
  HWY_INLINE void pointwise_rows(const Layer& layer, const float* from, int begin, int end) const {
    Product rows = product(layer);
    rows.input = from;
    rows.pixel_pitch = static_cast<std::size_t>(layer.pitch);
    rows.output = run_.maps + layer.target.row(begin);
    product_rows(rows, (end - begin) * layer.output.width, 0, layer.output.channels);
    clear_frame(layer.target, run_.maps, begin, end);
  }

  void pointwise(int index) const {
    const Layer& layer = run_.layers[index];
    split_rows(run_, layer, [&](int, int begin, int end) HWY_ATTR {
      pointwise_rows(layer, run_.maps + layer.source.row(begin), begin, end);
    });
  }

  /// A depthwise layer and the pointwise layer behind it, block of rows by block of rows.
  void separable(int index) const {
    const Layer& first = run_.layers[index];
    const Layer& second = run_.layers[index + 1];
    split_rows(run_, first, [&](int part, int begin, int end) HWY_ATTR {
      float* rows = scratch(part);
      const auto pitch = static_cast<std::size_t>(first.pitch);
      const std::size_t row_pitch = pitch * static_cast<std::size_t>(first.output.width);
      depthwise_rows(first, run_.weights, run_.maps, begin, end, rows, pitch, row_pitch);
      if (destinations_[index] != nullptr)
        copy_planar(first.output, rows, pitch, row_pitch, begin, end, destinations_[index]);
      pointwise_rows(second, rows, begin, end);
    });
  }

  void pool_map(int index) const {
    const Layer& layer = run_.layers[index];
    const int channels = layer.output.channels;
    split(run_, static_cast<int>(ceil_div(channels, kPanel)),
          [&](int, int begin, int end) HWY_ATTR {
            pool(layer, run_.maps, begin * kPanel, std::min(channels, end * kPanel),
                 vector(layer.target_vector, layer.output));
          });
  }

  const Run& run_;
  const float* input_;
  float* const* destinations_;
  int image_;
};

/// Runs the plan for up to kChunk images; the dense layers at its end, which are nearly all
/// weights, pass over them once for all images.
inline void forward(const Run& run) noexcept {
  int last = run.layer_count;
  const auto wanted = [&](int layer) {
    for (int image = 0; image < run.images; ++image)
      if (run.destinations[image * run.layer_count + layer] != nullptr) return true;
    return false;
  };
  while (last > 0 && !wanted(last - 1)) --last;
  int head = last;
  while (head > 0 && run.layers[head - 1].op == Operator::dense) --head;
  for (int image = 0; image < run.images; ++image) Forward(run, image).layers(0, head);
  for (int layer = head; layer < last; ++layer) {
    Forward::dense_layer(run, layer, 0, run.images);
    for (int image = 0; image < run.images; ++image) Forward(run, image).copy(layer);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
