#ifndef PPLCNET_ANY_NETWORK_HPP
#define PPLCNET_ANY_NETWORK_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/compiled.hpp"
#include "pplcnet/graph/graph.hpp"
#include "pplcnet/huge_pages.hpp"
#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/kernels/run.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/make_plan.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns which rule a graph breaks, and what was found.
PPLCNET_INLINE Error check_graph(const Graph& graph);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE Error check_graph(const Graph& graph) {
  const GraphFlaw flaw = graph.flaw();
  if (!flaw) return {};
  return Error::of(graph.title, ": operator ", flaw.node, ": ", text_of(flaw.broken), "; found ",
                   flaw.found);
}
#endif  // PPLCNET_HAS_DEFINITIONS

/// A network that is known only when the program runs: for programs that open any file. It has the
/// plan, the kernels and so the results of a `Network` of the same graph; its memory is
/// allocated when it is made, and not again. Copies share the weights and have everything else of
/// their own: one copy for each thread.
class AnyNetwork {
 public:
  static constexpr int kMostThreads = 1024;
  static constexpr std::size_t kMostFloats = std::size_t{1} << 30;  ///< 4 GiB

  /// Makes the network of a graph of any origin; the executor of a call may use up to `threads`
  /// threads. It is an error if the graph has a flaw, if its weights or its activations need more
  /// than kMostFloats, or if there is no memory for them. The graph needs no kernels but `kNeeds`.
  template <Needs kNeeds = Needs{}>
  static Error make(const Graph& graph, int threads, std::optional<AnyNetwork>& result,
                    Storage storage = Storage::single) {
    return make(graph, threads, result, storage, &pplcnet::forward<kNeeds>);
  }

  /// Makes the network of a graph that needs no other kernels, such as one with other classes, for
  /// one thread and without weights.
  Error make_empty(const Graph& graph, Storage storage, std::optional<AnyNetwork>& result) const {
    return make(graph, /*threads=*/1, result, storage, forward_);
  }
  /// Makes the same network in another storage.
  Error make_empty(Storage storage, std::optional<AnyNetwork>& result) const {
    return make_empty(graph(), storage, result);
  }

  /// The same as `make` of a graph without a flaw, such as the published ones. These constructors
  /// throw std::bad_alloc; compiled with -fno-exceptions, they end the program.
  template <Needs kNeeds = Needs{}>
  explicit AnyNetwork(const Graph& graph, int threads = 1, Storage storage = Storage::single)
      : AnyNetwork(graph, threads, storage, &pplcnet::forward<kNeeds>) {}
  /// Returns a `Network` with its weights, in any storage.
  template <class Weights>
  static AnyNetwork of(const Weights& weights) {
    using Net = typename Weights::Network;
    static constexpr Needs kNeeds = [] {
      Needs needs = needs_of(Net::layers, /*any_size=*/true);
      needs.half_weights = true;
      return needs;
    }();
    AnyNetwork network(Net::Definition::graph(), /*threads=*/1, Net::traits.storage,
                       &pplcnet::forward<kNeeds>);
    std::ranges::copy(weights.values, network.weights_.get());
    return network;
  }
  AnyNetwork(const AnyNetwork& other)
      : threads_(other.threads_),
        forward_(other.forward_),
        graph_(std::make_unique<Graph>(*other.graph_)),
        plan_(std::make_unique<Plan>(*other.plan_)),
        weights_(other.weights_) {
    if (!allocate()) fail_allocation();
  }
  AnyNetwork(AnyNetwork&&) noexcept = default;
  AnyNetwork& operator=(const AnyNetwork& other) {
    if (this != &other) *this = AnyNetwork(other);
    return *this;
  }
  AnyNetwork& operator=(AnyNetwork&&) noexcept = default;
  ~AnyNetwork() = default;

  /// Takes another size of pictures: `graph` returns the same network for that size. The weights
  /// stay, and memory is allocated only where none of the sizes before needed as much. An error
  /// changes nothing.
  template <class MakeGraph>
  Error resize(const MakeGraph& graph) {
    if (auto error = reserve(graph)) return error;
    std::swap(graph_, next_graph_);
    std::swap(plan_, next_plan_);
    const auto [maps, vectors, scratch] = floats_of(*plan_, threads_);
    std::fill_n(maps_.get(), maps, 0.0F);
    std::fill_n(vectors_.get(), vectors, 0.0F);
    std::fill_n(scratch_.get(), scratch, 0.0F);
    return {};
  }
  Error resize(const Graph& graph) {
    return resize([&] { return graph; });
  }

  /// Allocates what another size of pictures needs; `resize` to it then allocates nothing.
  template <class MakeGraph>
  Error reserve(const MakeGraph& graph) {
    return with_memory_for(traits().name, [&]() -> Error {
      if (next_graph_ == nullptr) next_graph_.reset(new (std::nothrow) Graph(Extent{1, 1}));
      if (next_plan_ == nullptr) next_plan_.reset(new (std::nothrow) Plan);
      if (next_graph_ == nullptr || next_plan_ == nullptr) return out_of_memory(traits().name);
      std::destroy_at(next_graph_.get());
      ::new (next_graph_.get()) Graph(graph());  // where it stays: it is no small object
      return reserve_next();
    });
  }

  const NetworkTraits& traits() const { return plan_->traits; }
  const Plan& plan() const { return *plan_; }
  /// Returns the graph that the network was made from.
  const Graph& graph() const { return *graph_; }
  std::span<const Layer> layers() const {
    return {plan_->layers, static_cast<std::size_t>(plan_->layer_count)};
  }
  Shape input_shape() const { return plan_->layers[0].input; }
  int classes() const { return traits().classes; }

  /// Returns the packed weights (see weights/), which all copies share.
  std::span<float> weights() { return {weights_.get(), plan_->weight_floats}; }
  std::span<const float> weights() const { return {weights_.get(), plan_->weight_floats}; }

  /// Computes the layers that are asked for: `destinations[i]` is where the output of layer i
  /// goes, planar [channels][height][width]; null: not requested. One for each layer.
  void run(const Picture& picture, std::span<float* const> destinations,
           const RunOptions& options = {}) noexcept {
    forward_({.layers = plan_->layers,
              .layer_count = plan_->layer_count,
              .weights = weights_.get(),
              .pictures = &picture,
              .images = 1,
              .destinations = destinations.data(),
              .maps = maps_.get(),
              .vectors = vectors_.get(),
              .scratch = scratch_.get(),
              .scratch_floats = plan_->scratch_of(threads_),
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
  using Floats = HugePageArray<float>;

  /// Runs a plan: `forward` of the kernels that this one needs.
  using Forward = void (*)(const Run& run, Isa isa) noexcept;

  AnyNetwork(int threads, Forward forward) : threads_(threads), forward_(forward) {}

  AnyNetwork(const Graph& graph, int threads, Storage storage, Forward forward)
      : threads_(threads),
        forward_(forward),
        graph_(std::make_unique<Graph>(graph)),
        plan_(new_plan(graph, storage)) {
    if (plan_ != nullptr) weights_ = zeros_in_huge_pages<float>(plan_->weight_floats);
    if (weights_ == nullptr || !allocate()) fail_allocation();
  }

  static Error make(const Graph& graph, int threads, std::optional<AnyNetwork>& result,
                    Storage storage, Forward forward) {
    result.reset();
    if (auto error = check_graph(graph)) return error;
    if (threads < 1 || threads > kMostThreads)
      return Error::of("expected from 1 to ", kMostThreads, " threads, found ", threads);
    return with_memory_for(graph.title, [&] {
      AnyNetwork network(threads, forward);
      network.graph_.reset(new (std::nothrow) Graph(graph));
      network.plan_ = new_plan(graph, storage);
      if (network.graph_ == nullptr || network.plan_ == nullptr) return out_of_memory(graph.title);
      const Plan& plan = network.plan();
      if (auto error = check_memory(plan, threads)) return error;
      network.weights_ = zeros_in_huge_pages<float>(plan.weight_floats);
      if (network.weights_ == nullptr || !network.allocate()) return out_of_memory(graph.title);
      result.emplace(std::move(network));
      return Error();
    });
  }

  /// Plans the next graph, and allocates what it needs.
  Error reserve_next() {
    if (auto error = check_graph(*next_graph_)) return error;
    replace_plan(*next_plan_, *next_graph_, traits().storage);
    const std::string_view title = next_graph_->title;
    if (next_plan_->weight_floats != plan_->weight_floats ||
        next_plan_->layer_count != plan_->layer_count)
      return Error::of(title, ": another network than the one that is resized");
    if (auto error = check_memory(*next_plan_, threads_)) return error;
    const std::array<std::size_t, 3> needed = floats_of(*next_plan_, threads_);
    const std::array<Floats*, 3> memory = {&maps_, &vectors_, &scratch_};
    std::array<Floats, 3> larger;
    for (std::size_t i = 0; i < needed.size(); ++i) {
      if (memory[i]->get_deleter().bytes >= needed[i] * sizeof(float)) continue;
      larger[i] = zeros_in_huge_pages<float>(needed[i]);
      if (larger[i] == nullptr) return out_of_memory(title);
    }
    for (std::size_t i = 0; i < needed.size(); ++i)
      if (larger[i] != nullptr) *memory[i] = std::move(larger[i]);
    return {};
  }

  /// Checks that the weights and the activations are not too many.
  static Error check_memory(const Plan& plan, int threads) {
    const auto [maps, vectors, scratch] = floats_of(plan, threads);
    for (const std::size_t floats : {plan.weight_floats, maps + vectors + scratch})
      if (floats > kMostFloats)
        return Error::of(plan.traits.name, ": needs memory for ", floats, " numbers, of at most ",
                         kMostFloats);
    return {};
  }

  /// Returns how many numbers activations take of each kind: maps, vectors, scratch.
  static std::array<std::size_t, 3> floats_of(const Plan& plan, int threads) {
    return {plan.map_floats, plan.vector_floats,
            plan.scratch_of(threads) * static_cast<std::size_t>(threads)};
  }

  /// Allocates what is not shared; returns false if there is no memory.
  bool allocate() {
    const auto [maps, vectors, scratch] = floats_of(*plan_, threads_);
    maps_ = zeros_in_huge_pages<float>(maps);
    vectors_ = zeros_in_huge_pages<float>(vectors);
    scratch_ = zeros_in_huge_pages<float>(scratch);
    return maps_ != nullptr && vectors_ != nullptr && scratch_ != nullptr;
  }

  int threads_;
  Forward forward_;
  std::unique_ptr<Graph> graph_, next_graph_;  // next: memory for those of another size
  std::unique_ptr<Plan> plan_, next_plan_;
  std::shared_ptr<float[]> weights_;
  Floats maps_, vectors_, scratch_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_ANY_NETWORK_HPP
