#ifndef PPLCNET_ANY_QUANTISED_NETWORK_HPP
#define PPLCNET_ANY_QUANTISED_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/any_network.hpp"
#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/kernels/int8/forward.hpp"
#include "pplcnet/kernels/int8/run.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/quantise/check_plan.hpp"
#include "pplcnet/quantise/pack.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// A network in bytes that is known only when the program runs: what `AnyNetwork` is in floats. Its
/// memory is allocated when it is made, and not again. Copies share the weights and have everything
/// else of their own: one copy for each thread.
class AnyQuantisedNetwork {
 public:
  /// Makes the network of a graph, with the weights of a model; the executor of a call may use up
  /// to `threads` threads. It is an error if the graph cannot be computed in bytes, if the model is
  /// not its, or if there is no memory.
  static Error make(const Graph& graph, const QuantisedModel& model, int threads,
                    std::optional<AnyQuantisedNetwork>& result);

  AnyQuantisedNetwork(const AnyQuantisedNetwork& other)
      : threads_(other.threads_),
        plan_(other.plan_),
        bytes_plan_(other.bytes_plan_),
        weights_(other.weights_) {
    if (!allocate()) fail_allocation();
  }
  AnyQuantisedNetwork(AnyQuantisedNetwork&&) noexcept = default;
  AnyQuantisedNetwork& operator=(const AnyQuantisedNetwork& other) {
    if (this != &other) *this = AnyQuantisedNetwork(other);
    return *this;
  }
  AnyQuantisedNetwork& operator=(AnyQuantisedNetwork&&) noexcept = default;
  ~AnyQuantisedNetwork() = default;

  const NetworkTraits& traits() const { return plan_->traits; }
  /// Returns the plan in floats, whose layers have the same numbers, names and shapes.
  const Plan& plan() const { return *plan_; }
  std::span<const Layer> layers() const {
    return {plan_->layers, static_cast<std::size_t>(plan_->layer_count)};
  }
  const QuantisedPlan& bytes_plan() const { return *bytes_plan_; }
  Shape input_shape() const { return plan_->layers[0].input; }
  int classes() const { return traits().classes; }

  /// Returns the packed weights, which all copies share.
  std::span<const std::uint8_t> weights() const {
    return {weights_.get(), bytes_plan_->weight_bytes};
  }

  /// Computes the layers that are asked for, as `AnyNetwork::run` does; what they give is as real
  /// numbers.
  void run(const Picture& picture, std::span<float* const> destinations,
           const RunOptions& options = {}) noexcept {
    forward_quantised({.layers = bytes_plan_->layers,
                       .layer_count = bytes_plan_->layer_count,
                       .weights = reinterpret_cast<const std::byte*>(weights_.get()),
                       .pictures = &picture,
                       .images = 1,
                       .destinations = destinations.data(),
                       .maps = maps_.get(),
                       .vectors = vectors_.get(),
                       .scratch = scratch_.get(),
                       .scratch_bytes = bytes_plan_->scratch_bytes,
                       .threads = std::clamp(options.executor.threads(), 1, threads_),
                       .executor = options.executor},
                      options.isa);
  }

  /// Computes the output of one layer.
  void run(const Picture& picture, int layer, std::span<float> output,
           const RunOptions& options = {}) noexcept {
    std::array<float*, Plan::kMaxLayers> destinations = {};
    destinations[static_cast<std::size_t>(layer)] = output.data();
    run(picture, std::span(destinations).first(layers().size()), options);
  }

 private:
  using Bytes = HugePageArray<std::uint8_t>;

  explicit AnyQuantisedNetwork(int threads) : threads_(threads) {}

  std::span<const QuantisedLayer> byte_layers() const {
    return {bytes_plan_->layers, static_cast<std::size_t>(bytes_plan_->layer_count)};
  }

  /// Allocates what is not shared; returns false if there is no memory.
  bool allocate() {
    maps_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->map_bytes);
    vectors_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->vector_bytes);
    scratch_ = zeros_in_huge_pages<std::uint8_t>(bytes_plan_->scratch_bytes *
                                                 static_cast<std::size_t>(threads_));
    return maps_ != nullptr && vectors_ != nullptr && scratch_ != nullptr;
  }

  int threads_;
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const QuantisedPlan> bytes_plan_;
  std::shared_ptr<const std::uint8_t[]> weights_;
  Bytes maps_, vectors_, scratch_;
};

#if PPLCNET_HAS_QUANTISED_DEFINITIONS
PPLCNET_QUANTISED_INLINE Error
AnyQuantisedNetwork::make(const Graph& graph, const QuantisedModel& model, int threads,
                          std::optional<AnyQuantisedNetwork>& result) {
  result.reset();
  if (auto error = check_graph(graph)) return error;
  if (threads < 1 || threads > AnyNetwork::kMostThreads)
    return Error::of("expected from 1 to ", AnyNetwork::kMostThreads, " threads, found ", threads);
  return with_memory_for(graph.title, [&] {
    AnyQuantisedNetwork network(threads);
    network.plan_ = new_plan(graph);
    if (network.plan_ == nullptr) return out_of_memory(graph.title);
    if (auto error = check_quantisable(*network.plan_)) return error;
    network.bytes_plan_ = new_quantised_plan(*network.plan_);
    if (network.bytes_plan_ == nullptr) return out_of_memory(graph.title);
    Bytes weights = zeros_in_huge_pages<std::uint8_t>(network.bytes_plan_->weight_bytes);
    if (weights == nullptr || !network.allocate()) return out_of_memory(graph.title);
    const auto bytes =
        std::as_writable_bytes(std::span(weights.get(), network.bytes_plan_->weight_bytes));
    if (auto error = pack(model, network.byte_layers(), bytes)) return error;
    network.weights_ = std::move(weights);
    result.emplace(std::move(network));
    return Error();
  });
}
#endif  // PPLCNET_HAS_QUANTISED_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_QUANTISED_NETWORK_HPP
