#ifndef PPLCNET_KERNELS_INT8_CHAIN_HPP
#define PPLCNET_KERNELS_INT8_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/kernels/int8/frame.hpp"
#include "pplcnet/kernels/int8/picture_bytes.hpp"
#include "pplcnet/kernels/int8/real_numbers.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes rows of a chain in one thread: of a layer, before it perhaps those of a layer that is
/// fused with it, whose rows wait in scratch.
class QuantisedChain {
 public:
  QuantisedChain(const QuantisedKernels& kernels, const QuantisedRun& run, int image,
                 const PictureBytes& picture, int part)
      : kernels_(kernels),
        run_(run),
        image_(image),
        picture_(picture),
        scratch_(run.scratch + static_cast<std::size_t>(part) * run.scratch_bytes) {}

  /// Computes rows [begin, end) of layers [first, last], a block at a time.
  void compute(int first, int last, int begin, int end) const {
    for (int y = begin, next; y < end; y = next) {
      next = std::min(end, y + run_.layers[last].rows);
      for (int i = first; i <= last; ++i)
        finish(i, y, next, compute_rows(i, y, next, 0, panels_of(i)));
    }
  }

  /// Computes panels [begin, end) of a whole layer, which is a chain by itself and no convolution.
  /// The frame, and the copy of what is requested, are left out.
  void compute_panels(int index, int begin, int end) const {
    compute_rows(index, 0, run_.layers[index].output.height, begin, end);
  }

  /// Fills the frame beside rows of a layer's output, and copies these if they are requested.
  void finish(int index) const {
    const QuantisedLayer& layer = run_.layers[index];
    finish(index, 0, layer.output.height, rows_of(layer.target, 0, 0));
  }

 private:
  int panels_of(int index) const { return run_.layers[index].padded_channels() / kPanel; }

  /// Returns rows of a map from y on; a block in scratch begins with row `begin`.
  BytePixels<std::uint8_t> rows_of(const ByteMap& map, int y, int begin) const {
    return {(map.local ? scratch_ : run_.maps) + map.pixels(map.local ? y - begin : y),
            map.shape.width, static_cast<std::size_t>(map.pixel_pitch), map.row_pitch()};
  }

  static BytePixels<const std::uint8_t> read(const BytePixels<std::uint8_t>& rows) {
    return {rows.pixels, rows.width, rows.pixel_pitch, rows.row_pitch};
  }

  /// Computes rows [begin, end) of some panels of a layer, and returns where they are.
  BytePixels<std::uint8_t> compute_rows(int index, int begin, int end, int panel,
                                        int end_panel) const {
    const QuantisedLayer& layer = run_.layers[index];
    const BytePixels<std::uint8_t> rows = rows_of(layer.target, begin, begin);
    if (layer.op == Operator::convolution)
      convolution(layer, rows, begin, end);
    else if (layer.op == Operator::depthwise)
      depthwise(layer, rows, begin, end, panel, end_panel);
    else if (layer.op == Operator::gate)
      gate(layer, rows, begin, end, panel, end_panel);
    else
      pointwise(layer, rows, begin, end, panel, end_panel);
    return rows;
  }

  void finish(int index, int begin, int end, const BytePixels<std::uint8_t>& rows) const {
    const QuantisedLayer& layer = run_.layers[index];
    const EndingConstants constants = EndingConstants::of(layer, run_.weights);
    if (!layer.target.local) ByteFrame(layer.target, constants.zero, run_.maps).fill(begin, end);
    float* const destination = run_.destinations[std::ptrdiff_t{image_} * run_.layer_count + index];
    if (destination != nullptr)
      copy_real_rows(layer, constants, read(rows), begin, end, destination);
  }

  BytePixels<const std::uint8_t> addend_of(const QuantisedLayer& layer, int begin) const {
    if (layer.addend < 0) return {};
    return read(rows_of(layer.addend_map, begin, begin));
  }

  ByteProduct product_of(const QuantisedLayer& layer) const {
    return {.kernel_rows = layer.op == Operator::convolution ? layer.kernel.height : 1,
            .row_depth = layer.row_depth(),
            .weights = reinterpret_cast<const std::int8_t*>(run_.weights + layer.weights),
            .ending = ending_of(layer, run_.weights)};
  }

  /// Computes rows of the picture's convolution, from those of the picture that it reads.
  void convolution(const QuantisedLayer& layer, BytePixels<std::uint8_t> rows, int begin,
                   int end) const {
    const int step = layer.stride.height, height = layer.kernel.height;
    const std::size_t pitch = layer.picture_row_pitch();
    std::uint8_t* const picture = scratch_ + layer.scratch;
    kernels_.picture_rows(layer, run_.pictures[image_], picture_, begin * step - layer.padding.top,
                          (end - 1) * step - layer.padding.top + height, picture);
    const std::uint8_t* inputs[Graph::kLargestKernel];
    ByteProduct product = product_of(layer);
    product.rows = inputs;
    product.pixel_pitch = static_cast<std::size_t>(layer.stride.width * layer.input.channels);
    for (int y = begin; y < end; ++y, rows.pixels += rows.row_pitch) {
      for (int i = 0; i < height; ++i)
        inputs[i] = picture + static_cast<std::size_t>((y - begin) * step + i) * pitch;
      product.output = rows;
      product.addend = addend_of(layer, y);
      kernels_.product(product, rows.width, 0, layer.padded_channels() / kPanel);
    }
  }

  /// Computes a product of all rows at once where no frame is between them.
  void pointwise(const QuantisedLayer& layer, BytePixels<std::uint8_t> rows, int begin, int end,
                 int panel, int end_panel) const {
    const BytePixels<std::uint8_t> source = rows_of(layer.source, begin, begin);
    const bool framed = layer.source.frame.left + layer.source.frame.right > 0;
    const int step = framed ? 1 : end - begin;
    const std::uint8_t* input = source.pixels;
    ByteProduct product = product_of(layer);
    product.rows = &input;
    product.pixel_pitch = source.pixel_pitch;
    for (int y = begin; y < end; y += step) {
      product.output = rows;
      product.addend = addend_of(layer, y);
      kernels_.product(product, step * source.width, panel, end_panel);
      input += source.row_pitch;
      rows.pixels += rows.row_pitch;
    }
  }

  void depthwise(const QuantisedLayer& layer, const BytePixels<std::uint8_t>& rows, int begin,
                 int end, int panel, int end_panel) const {
    const ByteMap& source = layer.source;
    const std::size_t first = source.row(begin * layer.stride.height - layer.padding.top) +
                              static_cast<std::size_t>(source.frame.left - layer.padding.left) *
                                  static_cast<std::size_t>(source.pixel_pitch);
    kernels_.depthwise(
        {.input = run_.maps + first,
         .pixel_pitch = static_cast<std::size_t>(source.pixel_pitch),
         .row_pitch = source.row_pitch(),
         .kernel = layer.kernel,
         .stride = {layer.stride.height, layer.stride.width},
         .weights = reinterpret_cast<const std::int8_t*>(run_.weights + layer.weights),
         .ending = ending_of(layer, run_.weights),
         .rows = end - begin,
         .output = rows,
         .addend = addend_of(layer, begin)},
        panel, end_panel);
  }

  void gate(const QuantisedLayer& layer, const BytePixels<std::uint8_t>& rows, int begin, int end,
            int panel, int end_panel) const {
    const QuantisedLayer& factors = run_.layers[layer.factors];
    const std::uint8_t* const vector = run_.vectors + factors.target_vector +
                                       static_cast<std::size_t>(image_) * factors.vector_pitch();
    kernels_.gate({.input = read(rows_of(layer.source, begin, begin)),
                   .factors = reinterpret_cast<const std::int16_t*>(vector),
                   .constants = EndingConstants::of(layer, run_.weights),
                   .output = rows},
                  (end - begin) * layer.output.width, panel, end_panel);
  }

  const QuantisedKernels& kernels_;
  const QuantisedRun& run_;
  int image_;
  const PictureBytes& picture_;
  std::uint8_t* scratch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_CHAIN_HPP
