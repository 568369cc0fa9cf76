#ifndef PPLCNET_NETWORK_HPP
#define PPLCNET_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/huge_pages.hpp"
#include "pplcnet/kernels/executor.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/checked_plan.hpp"
#include "pplcnet/plan/first_of.hpp"
#include "pplcnet/plan/make_plan.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Options of a forward pass; every choice gives the same bits (the baseline of x86 excepted, which
/// does not fuse multiply and add, and agrees within rounding).
struct RunOptions {
  Isa isa = best_isa();
  Executor executor = {};
};

/// A network whose every size is known to the compiler. `Definition::graph()` says which. One that
/// cannot be computed does not compile.
template <class TDefinition>
class NetworkOf {
  static constexpr Plan kWhole = Checked<TDefinition>::plan();  // not for a program: it is large
  static constexpr auto kStages = first_of<kWhole.stage_count>(kWhole.stages);
  static constexpr auto kOutputs = first_of<kWhole.output_count>(kWhole.outputs);

 public:
  using Definition = TDefinition;
  static constexpr NetworkTraits traits = kWhole.traits;
  static constexpr int layer_count = kWhole.layer_count;
  /// The layers in order of execution, with shapes, counts and places in memory.
  static constexpr std::array<Layer, layer_count> layers = first_of<layer_count>(kWhole.layers);

  /// Trainable parameters, as papers count them; batch norm's means and variances; products.
  static constexpr std::int64_t parameter_count = kWhole.parameter_count;
  static constexpr std::int64_t buffer_count = kWhole.buffer_count;
  static constexpr std::int64_t multiply_add_count = kWhole.multiply_add_count;

  static constexpr int classes = traits.classes;  ///< 0: no classifier
  static constexpr Shape input_shape = layers[0].input;
  static constexpr std::size_t input_size = static_cast<std::size_t>(input_shape.size());

  /// Stages (blocks2 … blocks6): the index of each one's last layer, its shape, and the picture's
  /// rows (or columns) per row (or column) of it.
  static constexpr int stage_count = kWhole.stage_count;
  static constexpr int stage_layer(int stage) { return kStages.data()[stage]; }
  static constexpr Shape stage_shape(int stage) { return layers.data()[stage_layer(stage)].output; }
  static constexpr Stride stage_stride(int stage) {
    Stride product = 1;
    for (int i = stage_layer(stage); i >= 0; i = layers.data()[i].from) {
      product.height *= layers.data()[i].stride.height;
      product.width *= layers.data()[i].stride.width;
    }
    return product;
  }
  /// Returns the last stage of a stride, -1 if there is none: what others call P2 … P5 or C3 … C5.
  static constexpr int stage_of_stride(int stride) {
    int found = -1;
    for (int i = 0; i < stage_count; ++i)
      if (stage_stride(i) == Stride(stride)) found = i;
    return found;
  }

  /// The output: logits, an embedding, or, of a backbone, maps.
  static constexpr int output_count = kWhole.output_count;
  static constexpr int output_layer(int output) { return kOutputs.data()[output]; }
  static constexpr Shape output_shape(int output) {
    return layers.data()[output_layer(output)].output;
  }
  static constexpr int embedding_size =
      traits.embedding < 0 ? 0 : kWhole.layers[traits.embedding].output.channels;

  static constexpr std::size_t weight_count = kWhole.weight_floats;  ///< with padding

  /// Folded and packed weights: immutable after loading, shared by any number of threads.
  struct Weights : InHugePages {
    using Network = pplcnet::NetworkOf<TDefinition>;
    alignas(64) std::array<float, weight_count> values;
  };
  static constexpr std::size_t weight_bytes = sizeof(Weights);

  /// Refers to packed weights that lie elsewhere: in a Weights, a mapped file, the executable.
  class WeightsView {
   public:
    WeightsView(const Weights& weights) noexcept  // NOLINT(google-explicit-constructor)
        : values_(weights.values.data()) {}
    /// `values` must be aligned to 64 bytes and stay where it is.
    explicit WeightsView(std::span<const float, weight_count> values) noexcept
        : values_(values.data()) {}
    const float* values() const noexcept { return values_; }

   private:
    const float* values_;
  };

  /// Buffers of one forward pass; one for each thread that calls forward. The
  /// executor of a call may use up to kThreads threads.
  template <int kThreads>
  struct ParallelWorkspace : InHugePages {
    static constexpr int threads = kThreads;
    static constexpr std::size_t scratch_floats = kWhole.scratch_of(kThreads);
    alignas(64) std::array<float, kWhole.map_floats> maps;
    alignas(64) std::array<float, kWhole.vector_floats> vectors;
    alignas(64) std::array<float, kThreads * scratch_floats> scratch;
  };
  using Workspace = ParallelWorkspace<1>;
  static constexpr std::size_t workspace_bytes = sizeof(Workspace);

  /// One image: planar [3][height][width], normalised as the network was trained.
  using Image = std::span<const float, input_size>;
  using Logits = std::array<float, classes>;

  /// Where the features of one image go, planar [channels][height][width]; null: not requested.
  /// Layers after the last requested one are not computed.
  struct Features {
    std::array<float*, stage_count> stages = {};
    std::array<float*, output_count> outputs = {};  ///< the network's outputs
    float* pooled = nullptr;                        ///< [channels of the last stage]
    float* embedding = nullptr;  ///< [embedding_size], what the classifier sees (before any ×0.8)
    float* logits = nullptr;     ///< [classes]
    std::array<float*, layer_count> layers = {};  ///< any layer at all
  };

  /// Class scores before softmax. No allocation, no lock, no failure. The floating-point
  /// environment of all threads must be that of a new program: rounding to nearest, and denormal
  /// numbers kept (neither FTZ nor DAZ); in another one the output has other bits.
  template <int kThreads>
  static void forward(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                      Logits& logits, const RunOptions& options = {}) noexcept {
    forward(weights, Picture::planar(image.data(), input_shape), workspace, logits, options);
  }

  /// Computes the same for a picture that lies elsewhere, planar or interleaved, float or bytes,
  /// and is not copied first. Bytes with the tables of a preprocessing give the same bits as its
  /// tensor.
  template <int kThreads>
  static void forward(WeightsView weights, const Picture& picture,
                      ParallelWorkspace<kThreads>& workspace, Logits& logits,
                      const RunOptions& options = {}) noexcept {
    static_assert(classes > 0, "forward: the network has no classifier; ask for its features");
    float* destinations[layer_count] = {};
    destinations[traits.logits] = logits.data();
    run(weights, &picture, 1, workspace, destinations, options);
  }

  /// Computes kBatch images, one after the other, to kBatch rows of logits; the head's weights are
  /// read once for up to kChunk images.
  template <int kBatch, int kThreads>
  static void forward_batch(WeightsView weights, std::span<const float, kBatch * input_size> images,
                            ParallelWorkspace<kThreads>& workspace,
                            std::span<float, kBatch * std::size_t{classes}> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(kBatch > 0, "a batch has at least one image");
    Picture pictures[kBatch];
    for (int i = 0; i < kBatch; ++i)
      pictures[i] = Picture::planar(images.data() + i * input_shape.size(), input_shape);
    forward_batch(weights, std::span<const Picture>(pictures), workspace, logits, options);
  }

  /// Computes the same for any number of pictures that lie elsewhere; `logits` has a row for each.
  template <int kThreads>
  static void forward_batch(WeightsView weights, std::span<const Picture> pictures,
                            ParallelWorkspace<kThreads>& workspace, std::span<float> logits,
                            const RunOptions& options = {}) noexcept {
    static_assert(classes > 0, "forward_batch: the network has no classifier");
    float* row = logits.data();
    while (!pictures.empty()) {
      const auto chunk = pictures.first(std::min(pictures.size(), std::size_t{kChunk}));
      float* destinations[kChunk * layer_count] = {};
      for (std::size_t i = 0; i < chunk.size(); ++i, row += classes)
        destinations[i * layer_count + traits.logits] = row;
      run(weights, chunk.data(), static_cast<int>(chunk.size()), workspace, destinations, options);
      pictures = pictures.subspan(chunk.size());
    }
  }

  /// Computes feature maps, pooled vector, embedding, logits: whatever `requested` points to.
  template <int kThreads>
  static void features(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                       const Features& requested, const RunOptions& options = {}) noexcept {
    features(weights, Picture::planar(image.data(), input_shape), workspace, requested, options);
  }

  /// Computes the same for a picture that lies elsewhere (see `forward`).
  template <int kThreads>
  static void features(WeightsView weights, const Picture& picture,
                       ParallelWorkspace<kThreads>& workspace, const Features& requested,
                       const RunOptions& options = {}) noexcept {
    float* destinations[layer_count] = {};
    const auto for_each_requested = [&](auto visit) {
      for (int i = 0; i < layer_count; ++i) visit(i, requested.layers.data()[i]);
      for (int i = 0; i < stage_count; ++i) visit(stage_layer(i), requested.stages.data()[i]);
      for (int i = 0; i < output_count; ++i) visit(output_layer(i), requested.outputs.data()[i]);
      visit(traits.pooled, requested.pooled);
      visit(traits.embedding, requested.embedding);
      visit(traits.logits, requested.logits);
    };
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr) destinations[layer] = destination;
    });
    run(weights, &picture, 1, workspace, destinations, options);
    // One layer can be requested under two names: without a head the pooled vector is the
    // embedding.
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr && destination != destinations[layer])
        std::copy_n(destinations[layer], layers.data()[layer].output.size(), destination);
    });
  }

 private:
  template <int kThreads>
  static void run(WeightsView weights, const Picture* pictures, int count,
                  ParallelWorkspace<kThreads>& workspace, float* const* destinations,
                  const RunOptions& options) noexcept {
    pplcnet::forward<needs_of(layers)>(
        {.layers = layers.data(),
         .layer_count = layer_count,
         .weights = weights.values(),
         .pictures = pictures,
         .images = count,
         .destinations = destinations,
         .maps = workspace.maps.data(),
         .vectors = workspace.vectors.data(),
         .scratch = workspace.scratch.data(),
         .scratch_floats = workspace.scratch_floats,
         .threads = std::clamp(options.executor.threads(), 1, kThreads),
         .executor = options.executor},
        options.isa);
  }
};

/// A definition that is a function.
template <auto kFunction>
struct GraphFunction {
  static constexpr Graph graph() { return kFunction(); }
};

/// A network that a constexpr function describes: `constexpr Graph tiny() { … }`, `Network<tiny>`.
template <auto kFunction>
using Network = NetworkOf<GraphFunction<kFunction>>;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORK_HPP
