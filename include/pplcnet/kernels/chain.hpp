#ifndef PPLCNET_KERNELS_CHAIN_HPP
#define PPLCNET_KERNELS_CHAIN_HPP

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/arguments.hpp"
#include "pplcnet/kernels/edge_copies.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/kernels/rows.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/kernels/stem.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/edges.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a chain of layers, or a part of it, in one thread: some of its rows or, where it is one
/// layer, some of its channels. A unit of the chain is a layer or several that are fused: whose
/// rows go through scratch into the next one. A unit is named by its last layer.
class Chain {
 public:
  Chain(const Kernels& kernels, const Run& run, const Picture& picture, float* const* destinations,
        int part, int first, ChannelRange channels = {})
      : kernels_(kernels),
        run_(run),
        picture_(picture),
        destinations_(destinations),
        scratch_(run.scratch + static_cast<std::size_t>(part) * run.scratch_floats),
        first_(first),
        channels_(channels) {}

  /// Computes rows [begin, end) of the chain's last layer, and of the layers before it what these
  /// need. Copies what is requested, unless it has only some of the channels.
  void compute(int last, int begin, int end) {
    std::size_t zeros = 0;
    RowRange rows = {begin, end};
    for (int unit = last; unit >= first_; unit = unit_begin(unit) - 1) {
      const Layer& reader = run_.layers[unit_begin(unit)];
      if (reader.reads_neighbours()) zeros = std::max(zeros, reader.source.row_pitch());
      origins_[unit - first_] = run_.layers[unit].target.local ? rows.begin : 0;
      produced_[unit - first_] = rows.begin;
      needed_[unit - first_] = rows.end;
      rows.begin = std::max(0, rows.begin * reader.stride.height - reader.padding.top);
      rows.end = std::min(reader.input.height, rows_read(reader, rows.end));
    }
    if (run_.threads > 1 && copies_edges(run_.layers[first_]))
      edges_.copy(run_.layers, first_, last, {begin, end}, rows, run_.maps, scratch_);
    std::memset(scratch_, 0, zeros * sizeof(float));
    produce(last, end);
  }

 private:
  int unit_begin(int last) const {
    while (last > first_ && run_.layers[last - 1].fused) --last;
    return last;
  }

  float* base(const Map& map) const { return map.local ? scratch_ : run_.maps; }

  /// Returns the row with which the ring of `layer`'s source begins.
  int source_origin(int layer) const { return layer > first_ ? origins_[layer - 1 - first_] : 0; }

  /// Returns the rows of its input, from the top, that a layer's first `rows` rows need.
  static int rows_read(const Layer& layer, int rows) {
    return (rows - 1) * layer.stride.height - layer.padding.top + layer.reach().height;
  }

  /// Computes rows of a unit up to `end` at least, block by block; before each block, the rows it
  /// reads.
  void produce(int last, int end) {
    const int first = unit_begin(last);
    const Layer& reader = run_.layers[first];
    int& produced = produced_[last - first_];
    while (produced < end) {
      const int begin = produced;
      produced = std::min(begin + reader.rows, needed_[last - first_]);
      if (first > first_)
        produce(first - 1, std::min(rows_read(reader, produced), reader.input.height));
      compute_block(first, last, begin, produced);
    }
  }

  void compute_block(int first, int last, int begin, int end) const {
    const Layer& writer = run_.layers[last];
    const int count = end - begin;
    const int to = (begin - origins_[last - first_]) * writer.rows_of_one();  // in its target
    for (int i = first; i <= last; ++i) {
      const Layer& layer = run_.layers[i];
      const Rows rows = i == last ? rows_of(writer.target, base(writer.target), to) : block_of(i);
      if (layer.is_stem())
        stem_rows(kernels_, run_, layer, picture_, scratch_ + layer.scratch, begin, end, rows);
      else if (layer.op == Operator::pointwise)
        pointwise(i, i > first, begin, count, rows);
      else if (layer.op == Operator::depthwise)
        depthwise_rows(i, begin, end, rows);
      else if (layer.spreads_pixels())
        kernels_.spread_pixels(layer, block_of(i - 1), count, rows);
      else
        map_convolution(i, begin, end, rows);
      if (layer.has_slopes())
        kernels_.prelu(layer, run_.weights, rows, count, {channels_.begin, end_channel(layer)});
      apply_epilogue(layer, addend_of(layer, first, begin), rows, count);
      if (destinations_[i] != nullptr && channels_.end == ChannelRange::kAll)
        copy_planar(layer.output, rows, begin * layer.rows_of_one(), end * layer.rows_of_one(),
                    destinations_[i]);
    }
    if (writer.owner == last && channels_.begin == 0)
      kernels_.clear_frame(whole_map(writer), base(writer.target), to,
                           to + count * writer.rows_of_one());
  }

  /// Applies what does not fit a register tile to rows of a layer's output.
  void apply_epilogue(const Layer& layer, const Rows& addend, const Rows& rows, int count) const {
    const bool fused = fuses_into_tile(layer.activation);
    Epilogue what = {.activation = fused ? Activation::none : layer.activation,
                     .affine = layer.affine ? run_.weights + layer.affine_place() : nullptr,
                     .addend = addend,
                     .rows = rows,
                     .count = count,
                     .width = layer.output.width};
    if (!fused || layer.affine || layer.addend >= 0)
      kernels_.epilogue(what, channels_.begin, end_channel(layer));
    if (layer.last_activation.kind == Activation::Kind::none) return;
    what.activation = layer.last_activation;
    what.affine = nullptr;
    what.addend = {};
    kernels_.epilogue(what, channels_.begin, end_channel(layer));
  }

  int end_channel(const Layer& layer) const {
    return std::min(layer.padded_channels(), channels_.end);
  }

  /// Returns the block of rows in scratch that a fused layer writes.
  Rows block_of(int index) const {
    const Layer& layer = run_.layers[index];
    const auto pitch = static_cast<std::size_t>(layer.pitch);
    return {scratch_ + layer.scratch, pitch, pitch * static_cast<std::size_t>(layer.output.width)};
  }

  /// Returns what is added to the rows of a unit from `begin` on.
  Rows addend_of(const Layer& layer, int first, int begin) const {
    if (layer.addend < 0) return {};
    if (layer.addend < first) return rows_of(layer.addend_map, run_.maps, begin);
    Rows rows = block_of(layer.addend);
    rows.pixels += layer.addend_channel;
    return rows;
  }

  void pointwise(int index, bool from_block, int begin, int count, const Rows& output) const {
    const Layer& layer = run_.layers[index];
    const Map& source = layer.source;
    const Rows input = from_block ? block_of(index - 1)
                                  : rows_of(source, base(source), begin - source_origin(index));
    Product product = product_of(layer, run_.weights, scratch_, output);
    product.input = input.pixels;
    product.pixel_pitch = input.pixel_pitch;
    // Pixels follow each other without a gap unless the map has a frame, for another reader.
    const bool gaps =
        input.row_pitch != input.pixel_pitch * static_cast<std::size_t>(product.width);
    const int rows = gaps ? 1 : count;
    for (int y = 0; y < count; y += rows) {
      kernels_.pointwise(product, rows * product.width, channels_.begin, end_channel(layer));
      product.input += input.row_pitch;
      product.output += output.row_pitch;
    }
  }

  /// Where row y of what a layer reads begins, its own padding included: in its source or, above
  /// and below that, the row of zeros.
  const float* input_row(int index, int y) const {
    const Layer& layer = run_.layers[index];
    const Map& source = layer.source;
    if (y < 0 || y >= layer.input.height) return scratch_;
    const float* const copy = index == first_ ? edges_.row(y) : nullptr;
    return (copy != nullptr ? copy : base(source) + source.row(y - source_origin(index))) +
           static_cast<std::size_t>((source.left - layer.padding.left) * source.pixel_pitch);
  }

  /// Computes a dense convolution of a map; each of its rows of outputs has a pointer for each row
  /// of the kernel.
  void map_convolution(int index, int begin, int end, const Rows& output) const {
    constexpr int kMostPointers = 512;
    const Layer& layer = run_.layers[index];
    const auto compute = layer.op == Operator::l1 ? kernels_.l1 : kernels_.convolution;
    const auto pitch = static_cast<std::size_t>(layer.source.pixel_pitch);
    const int kernel_rows = layer.kernel.height, most = kMostPointers / kernel_rows;
    const float* inputs[kMostPointers];
    Product product = product_of(layer, run_.weights, scratch_, output);
    product.rows = inputs;
    product.kernel_rows = kernel_rows;
    product.kernel_columns = layer.kernel.width;
    product.pixel_pitch = static_cast<std::size_t>(layer.stride.width) * pitch;
    product.tap_pitch = static_cast<std::size_t>(layer.dilation.width) * pitch;
    for (int y = begin; y < end; y += most) {
      const int count = std::min(most, end - y);
      for (int i = 0; i < count * kernel_rows; ++i)
        inputs[i] =
            input_row(index, (y + i / kernel_rows) * layer.stride.height - layer.padding.top +
                                 i % kernel_rows * layer.dilation.height);
      compute(product, count * product.width, channels_.begin, end_channel(layer));
      product.output += static_cast<std::size_t>(count) * output.row_pitch;
    }
  }

  /// Computes rows: with dilation, every so many rows and columns are an image of their own, of
  /// which the kernel reads neighbours.
  void depthwise_rows(int index, int begin, int end, const Rows& output) const {
    const Layer& layer = run_.layers[index];
    if (!has_depthwise_tiles(layer)) return depthwise_any(index, begin, end, output);
    const auto [rows, columns] = layer.dilation;
    for (int row = 0; row < rows; ++row)
      for (int column = 0; column < columns; ++column)
        depthwise_phase(index, begin + row, end, column,
                        {output.pixels + static_cast<std::size_t>(row) * output.row_pitch +
                             static_cast<std::size_t>(column) * output.pixel_pitch,
                         output.pixel_pitch * static_cast<std::size_t>(columns),
                         output.row_pitch * static_cast<std::size_t>(rows)});
  }

  /// Computes rows of a kernel or a stride that has no tiles.
  void depthwise_any(int index, int begin, int end, Rows output) const {
    const Layer& layer = run_.layers[index];
    const float* inputs[Graph::kLargestKernel];
    for (int y = begin; y < end; ++y, output.pixels += output.row_pitch) {
      const int top = y * layer.stride.height - layer.padding.top;
      for (int i = 0; i < layer.kernel.height; ++i)
        inputs[i] = input_row(index, top + i * layer.dilation.height);
      kernels_.depthwise_any(layer, inputs, run_.weights, channels_.begin, end_channel(layer),
                             output);
    }
  }

  /// Computes rows begin, begin + dilation, … and columns column, column + dilation, … .
  void depthwise_phase(int index, int begin, int end, int column, Rows output) const {
    const Layer& layer = run_.layers[index];
    const int dilation = layer.dilation.height, step = layer.stride.height;
    const auto width =
        static_cast<int>(ceil_div(layer.output.width - column, layer.dilation.width));
    const int begin_channel = channels_.begin;
    const auto offset = static_cast<std::size_t>(
        column * layer.stride.width * layer.source.pixel_pitch + begin_channel);
    if (width <= 0) return;
    output.pixels += begin_channel;
    constexpr int kMaxRows = 8;  // at a time: what fits a small array of row pointers
    constexpr int kMaxInputs = (kMaxRows - 1) * 2 + 5;
    const float* inputs[kMaxInputs];
    for (int y = begin; y < end;
         y += kMaxRows * dilation, output.pixels += kMaxRows * output.row_pitch) {
      const int count = std::min(kMaxRows, static_cast<int>(ceil_div(end - y, dilation)));
      const int top = y * step - layer.padding.top;
      const int used = (count - 1) * step + layer.kernel.height;
      for (int i = 0; i < used; ++i) inputs[i] = input_row(index, top + i * dilation) + offset;
      kernels_.depthwise({.inputs = inputs,
                          .row_step = step,
                          .input_pixel_pitch = static_cast<std::size_t>(layer.source.pixel_pitch *
                                                                        layer.dilation.width),
                          .weights = run_.weights + layer.weights + begin_channel * layer.depth(),
                          .biases = run_.weights + layer.biases + begin_channel,
                          .channels = end_channel(layer) - begin_channel,
                          .activation = layer.activation.kind,
                          .count = count,
                          .width = width,
                          .output = output.pixels,
                          .output_pixel_pitch = output.pixel_pitch,
                          .output_row_pitch = output.row_pitch},
                         layer.kernel.height, layer.stride.width);
    }
  }

  const Kernels& kernels_;
  const Run& run_;
  const Picture& picture_;
  float* const* destinations_;
  float* scratch_;  // begins with a row of zeros
  int first_;
  ChannelRange channels_;  // of a layer that is the whole chain
  EdgeCopies edges_;       // of rows of the chain's source
  // Of each unit.
  int origins_[Plan::kMaxChain] = {};   // the row with which its ring begins
  int produced_[Plan::kMaxChain] = {};  // its rows so far
  int needed_[Plan::kMaxChain] = {};    // where they end
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_CHAIN_HPP
