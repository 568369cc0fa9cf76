#ifndef PPLCNET_KERNELS_INT8_WALK_HPP
#define PPLCNET_KERNELS_INT8_WALK_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "pplcnet/abi.hpp"
#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/kernels/int8/chain.hpp"
#include "pplcnet/kernels/int8/picture_bytes.hpp"
#include "pplcnet/kernels/int8/real_numbers.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/kernels/work.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Computes a dense layer for `images` images from `image` on, which are a product's pixels.
inline void dense_layer(const QuantisedKernels& kernels, const QuantisedRun& run,
                        const QuantisedLayer& layer, int image, int images) {
  const std::size_t pitch = QuantisedLayer::vector_pitch(layer.input.channels, Ending::bytes);
  const auto skipped = static_cast<std::size_t>(image);
  const std::uint8_t* const input = run.vectors + layer.source_vector + skipped * pitch;
  std::uint8_t* const output = run.vectors + layer.target_vector + skipped * layer.vector_pitch();
  const ByteProduct product = {
      .rows = &input,
      .row_depth = layer.row_depth(),
      .pixel_pitch = pitch,
      .weights = reinterpret_cast<const std::int8_t*>(run.weights + layer.weights),
      .ending = ending_of(layer, run.weights),
      .output = {output, images, layer.vector_pitch(), 0}};
  split(run, layer.multiply_adds * kWeightWork, layer.padded_channels() / kPanel,
        [&](int, int begin, int end) { kernels.dense(product, images, begin, end); });
}

/// One image's way through the layers of a plan in bytes.
class QuantisedImage {
 public:
  QuantisedImage(const QuantisedKernels& kernels, const QuantisedRun& run, int image)
      : kernels_(kernels), run_(run), image_(image) {}

  /// Computes layers [begin, end).
  void layers(int begin, int end) const {
    const PictureBytes picture(run_.pictures[image_],
                               *reinterpret_cast<const PictureConstants*>(run_.weights));
    for (int i = begin, next; i < end; i = next) {
      const QuantisedLayer& layer = run_.layers[i];
      next = layer.chain_end;
      if (layer.op == Operator::picture) continue;
      if (run_.layers[next - 1].optional_output && !requested(i, next)) continue;
      if (layer.op == Operator::pool)
        pool(layer);
      else if (layer.op == Operator::dense)
        dense_layer(kernels_, run_, layer, image_, 1);
      else
        chain(i, next - 1, picture);
      copy_vector(i);
    }
  }

  /// Copies the vector that a layer has left in the workspace, if requested.
  void copy_vector(int index) const {
    const QuantisedLayer& layer = run_.layers[index];
    float* const destination = destination_of(index);
    if (destination != nullptr && layer.gives_vector())
      copy_real_vector(layer, EndingConstants::of(layer, run_.weights), vector_of(layer),
                       destination);
  }

 private:
  float* destination_of(int index) const {
    return run_.destinations[std::ptrdiff_t{image_} * run_.layer_count + index];
  }

  std::uint8_t* vector_of(const QuantisedLayer& layer) const {
    return run_.vectors + layer.target_vector +
           static_cast<std::size_t>(image_) * layer.vector_pitch();
  }

  /// Returns whether the output of one of these layers is requested.
  bool requested(int begin, int end) const {
    for (int i = begin; i < end; ++i)
      if (destination_of(i) != nullptr) return true;
    return false;
  }

  /// Computes a chain: each thread a band of its rows or, where there are few of them, some of its
  /// channels.
  void chain(int first, int last, const PictureBytes& picture) const {
    const QuantisedLayer& layer = run_.layers[last];
    const int panels = layer.padded_channels() / kPanel;
    std::int64_t work = 0;
    for (int i = first; i <= last; ++i) work += work_of(run_.layers[i]);
    const auto part_of = [&](int part) {
      return QuantisedChain(kernels_, run_, image_, picture, part);
    };
    if (run_.threads > 1 && layer.output.height < 4 * run_.threads && panels >= run_.threads &&
        first == last && layer.op != Operator::convolution) {
      split(run_, work, panels,
            [&](int part, int begin, int end) { part_of(part).compute_panels(first, begin, end); });
      return part_of(0).finish(first);
    }
    split(run_, work, layer.output.height,
          [&](int part, int begin, int end) { part_of(part).compute(first, last, begin, end); });
  }

  /// Returns multiply-adds, or what takes as long.
  static std::int64_t work_of(const QuantisedLayer& layer) {
    if (layer.has_weights()) return layer.multiply_adds;
    return std::max(layer.input.size(), layer.output.size()) * kPixelWork;
  }

  void pool(const QuantisedLayer& layer) const {
    const EndingConstants constants = EndingConstants::of(layer, run_.weights);
    split(run_, work_of(layer), layer.padded_channels() / kPanel, [&](int, int begin, int end) {
      kernels_.pool(layer, constants, run_.maps, begin, end, vector_of(layer));
    });
  }

  const QuantisedKernels& kernels_;
  const QuantisedRun& run_;
  int image_;
};

/// Runs a plan in bytes for up to kChunk images; the dense layers at its end, which are nearly all
/// weights, pass over them once for all images.
inline void walk(const QuantisedRun& run, const QuantisedKernels& kernels) noexcept {
  int last = run.layer_count;
  const auto requested = [&](int layer) {
    for (int image = 0; image < run.images; ++image)
      if (run.destinations[image * run.layer_count + layer] != nullptr) return true;
    return false;
  };
  while (last > 0 && !requested(last - 1)) --last;
  int head = last;
  while (head > 0 && run.layers[head - 1].op == Operator::dense) --head;
  for (int image = 0; image < run.images; ++image)
    QuantisedImage(kernels, run, image).layers(0, head);
  for (int layer = head; layer < last; ++layer) {
    dense_layer(kernels, run, run.layers[layer], 0, run.images);
    for (int image = 0; image < run.images; ++image)
      QuantisedImage(kernels, run, image).copy_vector(layer);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_KERNELS_INT8_WALK_HPP
