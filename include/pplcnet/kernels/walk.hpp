#ifndef PPLCNET_KERNELS_WALK_HPP
#define PPLCNET_KERNELS_WALK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/arguments.hpp"
#include "pplcnet/kernels/chain.hpp"
#include "pplcnet/kernels/rows.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/kernels/work.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a dense layer for `images` images from `image` on.
inline void dense_layer(const Kernels& kernels, const Run& run, int index, int image, int images) {
  const Layer& layer = run.layers[index];
  const std::int64_t work = layer.multiply_adds * images * kWeightWork;
  split(run, work, static_cast<int>(ceil_div(layer.output.channels, kPanel)),
        [&](int, int begin, int end) { kernels.dense(run, layer, image, images, begin, end); });
}

/// One image's way through the layers.
class ImageRun {
 public:
  ImageRun(const Kernels& kernels, const Run& run, int image)
      : kernels_(kernels),
        run_(run),
        picture_(run.pictures[image]),
        destinations_(run.destinations + std::ptrdiff_t{image} * run.layer_count),
        image_(image) {}

  /// Computes layers [begin, end).
  void layers(int begin, int end) const {
    for (int i = begin; i < end;) {
      const Layer& layer = run_.layers[i];
      const int next = layer.chain_end;
      if (run_.layers[next - 1].optional_output && !requested(i, next)) {
        i = next;
        continue;
      }
      if (layer.works_by_rows())
        chain(i, next - 1);
      else if (layer.op == Operator::pool)
        pool_map(layer);
      else if (layer.op == Operator::dense)
        dense_layer(kernels_, run_, i, image_, 1);
      else
        whole_maps(i, next);
      copy_vector(i);
      i = next;
    }
  }

  /// Copies the vector that a layer has left in the workspace, if requested.
  void copy_vector(int index) const {
    const Layer& layer = run_.layers[index];
    if (destinations_[index] != nullptr && layer.gives_vector())
      std::memcpy(destinations_[index], context().vector(layer.target_vector, layer.output),
                  sizeof(float) * static_cast<std::size_t>(layer.output.channels));
  }

 private:
  Context context(int thread = 0) const { return {run_, image_, thread}; }

  /// Returns whether the output of one of these layers is requested.
  bool requested(int begin, int end) const {
    for (int i = begin; i < end; ++i)
      if (destinations_[i] != nullptr) return true;
    return false;
  }

  /// Computes a chain: each thread a band of its last rows, and what these need.
  void chain(int first, int last) const {
    if (run_.threads > 1 && first == last && splits_by_channels(run_.layers[first]))
      return layer_by_channels(first);
    // Bands overlap above the last unit: copies of what is there are left to one thread.
    int unit = last;
    while (unit > first && run_.layers[unit - 1].fused) --unit;
    const int height = run_.layers[last].output.height / run_.layers[last].rows_of_one();
    const auto band = [&](int part, int begin, int end) {
      Chain(kernels_, run_, picture_, destinations_, part, first).compute(last, begin, end);
    };
    if (requested(first, unit)) return band(0, 0, height);
    std::int64_t work = 0;
    for (int i = first; i <= last; ++i) work += work_of(run_.layers[i]);
    split(run_, work, height, band);
  }

  bool splits_by_channels(const Layer& layer) const {
    return (layer.is_product() || layer.op == Operator::depthwise) &&
           layer.output.channels >= run_.threads * kernels_.share;
  }

  /// Computes a layer alone, split by channels, as the layers around it are: its map is small, its
  /// weights are not, and much of what a thread reads it has written itself.
  void layer_by_channels(int index) const {
    const Layer& layer = run_.layers[index];
    const int height = layer.output.height;
    split(run_, work_of(layer), static_cast<int>(ceil_div(layer.output.channels, kernels_.share)),
          [&](int part, int begin, int end) {
            const ChannelRange channels = {begin * kernels_.share, end * kernels_.share};
            Chain(kernels_, run_, picture_, destinations_, part, index, channels)
                .compute(index, 0, height);
          });
    if (destinations_[index] != nullptr)
      copy_planar(layer.output, rows_of(layer.target, run_.maps, 0), 0, height,
                  destinations_[index]);
  }

  /// Returns multiply-adds, or what takes as long.
  static std::int64_t work_of(const Layer& layer) {
    if (layer.op == Operator::l1) return layer.output.size() * layer.depth();
    return layer.is_elementwise() ? layer.output.size() * kPixelWork : layer.multiply_adds;
  }

  static std::int64_t pixel_work(const Layer& layer) {
    return std::max(layer.input.size(), layer.output.size()) * kPixelWork;
  }

  /// Computes a chain of layers that write maps, row by row: a block of rows of all of them at a
  /// time.
  void whole_maps(int first, int end) const {
    const Layer& last = run_.layers[end - 1];
    std::int64_t work = 0;
    for (int i = first; i < end; ++i) work += pixel_work(run_.layers[i]);
    split(run_, work, last.output.height, [&](int part, int begin, int stop) {
      for (int y = begin, next; y < stop; y = next) {
        next = std::min(stop, (y / last.rows + 1) * last.rows);  // a ring's end is a block's
        for (int i = first; i < end; ++i) map_rows(i, context(part), y, next);
      }
    });
  }

  /// Computes rows [begin, end) of one of these layers, and copies them if requested.
  void map_rows(int index, const Context& context, int begin, int end) const {
    const Layer& layer = run_.layers[index];
    float* const base = context.base(layer.target);
    const Rows rows = rows_of(layer.target, base, begin);
    kernels_.maps[static_cast<std::size_t>(layer.op)](context, layer, begin, end);
    if (layer.activation.kind != Activation::Kind::none)
      kernels_.epilogue({.activation = layer.activation,
                         .affine = nullptr,
                         .addend = {},
                         .rows = rows,
                         .count = end - begin,
                         .width = layer.output.width},
                        0, layer.padded_channels());
    if (layer.owner == index) kernels_.clear_frame(whole_map(layer), base, begin, end);
    if (destinations_[index] != nullptr)
      copy_planar(layer.output, rows, begin, end, destinations_[index], layer.write_step);
  }

  void pool_map(const Layer& layer) const {
    const int channels = layer.output.channels;
    float* const to = context().vector(layer.target_vector, layer.output);
    split(run_, pixel_work(layer), static_cast<int>(ceil_div(channels, kPanel)),
          [&](int, int begin, int end) {
            kernels_.pool(layer, run_.maps, begin * kPanel, std::min(channels, end * kPanel), to);
          });
  }

  const Kernels& kernels_;
  const Run& run_;
  const Picture& picture_;
  float* const* destinations_;
  int image_;
};

/// Runs a plan for up to kChunk images; the dense layers at its end, which are nearly all
/// weights, pass over them once for all images.
inline void walk(const Run& run, const Kernels& kernels) noexcept {
  int last = run.layer_count;
  const auto requested = [&](int layer) {
    for (int image = 0; image < run.images; ++image)
      if (run.destinations[image * run.layer_count + layer] != nullptr) return true;
    return false;
  };
  while (last > 0 && !requested(last - 1)) --last;
  int head = last;
  while (head > 0 && run.layers[head - 1].op == Operator::dense) --head;
  for (int image = 0; image < run.images; ++image) ImageRun(kernels, run, image).layers(0, head);
  for (int layer = head; layer < last; ++layer) {
    dense_layer(kernels, run, layer, 0, run.images);
    for (int image = 0; image < run.images; ++image)
      ImageRun(kernels, run, image).copy_vector(layer);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_WALK_HPP
