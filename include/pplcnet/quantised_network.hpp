#ifndef PPLCNET_QUANTISED_NETWORK_HPP
#define PPLCNET_QUANTISED_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/graph/precision.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/checked_quantised_plan.hpp"
#include "pplcnet/plan/first_of.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A network in bytes: what `TNet`, a network in floats, computes, with integers from the picture's
/// bytes to the logits. Every instruction set, thread count and batch gives the same bits. A
/// network that cannot be computed so does not compile.
template <class TNet>
class Quantised {
  static constexpr QuantisedPlan kWhole =
      CheckedQuantised<Checked<typename TNet::Definition>>::plan();

 public:
  using Floats = TNet;  ///< the same network in floats
  using Definition = typename TNet::Definition;
  static constexpr NetworkTraits traits = kWhole.traits;
  static constexpr int layer_count = kWhole.layer_count;
  /// Those of the network in floats, in the same order.
  static constexpr std::array<QuantisedLayer, layer_count> layers =
      first_of<layer_count>(kWhole.layers);
  static constexpr std::int64_t parameter_count = TNet::parameter_count;
  static constexpr std::int64_t multiply_add_count = TNet::multiply_add_count;

  static constexpr int classes = TNet::classes;  ///< 0: no classifier
  static constexpr Shape input_shape = TNet::input_shape;
  static constexpr std::size_t input_size = TNet::input_size;
  static constexpr int stage_count = TNet::stage_count;
  static constexpr int output_count = TNet::output_count;
  static constexpr int embedding_size = TNet::embedding_size;

  /// Packed weights and constants: immutable after loading, shared by any number of threads.
  struct Weights : InHugePages {
    using Network = Quantised<TNet>;
    alignas(kByteAlignment) std::array<std::byte, kWhole.weight_bytes> values;
  };
  static constexpr std::size_t weight_bytes = sizeof(Weights);

  /// Refers to packed weights that lie elsewhere: in a Weights, a mapped file, the executable.
  class WeightsView {
   public:
    WeightsView(const Weights& weights) noexcept  // NOLINT(google-explicit-constructor)
        : values_(weights.values.data()) {}
    /// `values` must be aligned to 64 bytes and stay where it is.
    explicit WeightsView(std::span<const std::byte, kWhole.weight_bytes> values) noexcept
        : values_(values.data()) {}
    const std::byte* values() const noexcept { return values_; }

   private:
    const std::byte* values_;
  };

  /// Buffers of one forward pass; one for each thread that calls forward. The executor of a call
  /// may use up to kThreads threads.
  template <int kThreads>
  struct ParallelWorkspace : InHugePages {
    static constexpr int threads = kThreads;
    alignas(kByteAlignment) std::array<std::uint8_t, kWhole.map_bytes> maps;
    alignas(kByteAlignment) std::array<std::uint8_t, kWhole.vector_bytes> vectors;
    alignas(kByteAlignment) std::array<std::uint8_t, kThreads * kWhole.scratch_bytes> scratch;
  };
  using Workspace = ParallelWorkspace<1>;
  static constexpr std::size_t workspace_bytes = sizeof(Workspace);

  using Image = typename TNet::Image;
  using Logits = typename TNet::Logits;
  using Features = typename TNet::Features;

  /// Class scores before softmax. No allocation, no lock, no failure. The picture is planar
  /// [3][height][width], normalised as the network was trained; its values become bytes.
  template <int kThreads>
  static void forward(WeightsView weights, Image image, ParallelWorkspace<kThreads>& workspace,
                      Logits& logits, const RunOptions& options = {}) noexcept {
    forward(weights, Picture::planar(image.data(), input_shape), workspace, logits, options);
  }

  /// Computes the same for a picture that lies elsewhere, planar or interleaved, float or bytes:
  /// bytes are taken as they are.
  template <int kThreads>
  static void forward(WeightsView weights, const Picture& picture,
                      ParallelWorkspace<kThreads>& workspace, Logits& logits,
                      const RunOptions& options = {}) noexcept {
    forward_batch(weights, std::span(&picture, 1), workspace, logits, options);
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
    static_assert(classes > 0, "forward, forward_batch: the network has no classifier");
    float* row = logits.data();
    while (!pictures.empty()) {
      const auto chunk = pictures.first(std::min(pictures.size(), std::size_t{kChunk}));
      float* destinations[kChunk * layer_count] = {};
      for (std::size_t i = 0; i < chunk.size(); ++i, row += classes)
        destinations[i * layer_count + traits.logits] = row;
      run(weights, chunk, workspace, destinations, options);
      pictures = pictures.subspan(chunk.size());
    }
  }

  /// Computes feature maps, pooled vector, embedding, logits, whatever `requested` points to: the
  /// real numbers that their bytes stand for.
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
      for (int i = 0; i < stage_count; ++i) visit(TNet::stage_layer(i), requested.stages.data()[i]);
      for (int i = 0; i < output_count; ++i)
        visit(TNet::output_layer(i), requested.outputs.data()[i]);
      visit(traits.pooled, requested.pooled);
      visit(traits.embedding, requested.embedding);
      visit(traits.logits, requested.logits);
    };
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr) destinations[layer] = destination;
    });
    run(weights, std::span(&picture, 1), workspace, destinations, options);
    // One layer can be requested under two names: without a head the pooled vector is the
    // embedding.
    for_each_requested([&](int layer, float* destination) {
      if (layer >= 0 && destination != nullptr && destination != destinations[layer])
        std::copy_n(destinations[layer], layers.data()[layer].output.size(), destination);
    });
  }

 private:
  template <int kThreads>
  static void run(WeightsView weights, std::span<const Picture> pictures,
                  ParallelWorkspace<kThreads>& workspace, float* const* destinations,
                  const RunOptions& options) noexcept {
    forward_quantised({.layers = layers.data(),
                       .layer_count = layer_count,
                       .weights = weights.values(),
                       .pictures = pictures.data(),
                       .images = static_cast<int>(pictures.size()),
                       .destinations = destinations,
                       .maps = workspace.maps.data(),
                       .vectors = workspace.vectors.data(),
                       .scratch = workspace.scratch.data(),
                       .scratch_bytes = kWhole.scratch_bytes,
                       .threads = std::clamp(options.executor.threads(), 1, kThreads),
                       .executor = options.executor},
                      options.isa);
  }
};

/// That in bytes.
template <class TNet>
struct InPrecision<Precision::int8, TNet> {
  using Network = Quantised<TNet>;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISED_NETWORK_HPP
