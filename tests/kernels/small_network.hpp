#ifndef PPLCNET_TESTS_KERNELS_SMALL_NETWORK_HPP
#define PPLCNET_TESTS_KERNELS_SMALL_NETWORK_HPP

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <vector>

#include "pplcnet/network.hpp"
#include "synthetic_weights.hpp"
#include "threads.hpp"

namespace pplcnet_test {

/// A region of the workspace in a heap block of its own, so that the address sanitizer sees every
/// step beyond it; full of NaN, so that the results show every read of a value that was never
/// written.
class Region {
 public:
  explicit Region(std::size_t floats)
      : values_(static_cast<float*>(operator new(floats * sizeof(float), kAlignment))) {
    std::fill_n(values_, floats, std::numeric_limits<float>::quiet_NaN());
  }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region() { operator delete(values_, kAlignment); }

  float* data() const { return values_; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  float* values_;
};

/// A network that is planned at run time, with synthetic weights.
class SmallNetwork {
 public:
  /// Of one image: the output of each layer, planar.
  using Outputs = std::vector<std::vector<float>>;

  explicit SmallNetwork(const pplcnet::Graph& graph) : SmallNetwork(make_plan(graph)) {}
  explicit SmallNetwork(const pplcnet::Plan& plan) : plan_(plan), weights_(plan_.weight_floats) {
    for (const pplcnet::Layer& layer : layers()) {
      if (layer.weights_of >= 0) {
        parameters_.push_back(parameters_[static_cast<std::size_t>(layer.weights_of)]);
        continue;
      }
      parameters_.push_back(layer.has_weights() ? synthetic_parameters(layer)
                                                : pplcnet::Parameters{});
      if (layer.has_weights())
        pack(layer, parameters_.back(), {weights_.data(), plan_.weight_floats});
    }
  }

  /// The same with weights of a file.
  SmallNetwork(const pplcnet::Plan& plan, std::span<const float> weights)
      : plan_(plan), weights_(plan_.weight_floats) {
    std::ranges::copy(weights, weights_.data());
    for (const pplcnet::Layer& layer : layers())
      parameters_.push_back(layer.has_weights() ? unpack(layer, this->weights())
                                                : pplcnet::Parameters{});
  }

  std::span<const pplcnet::Layer> layers() const {
    return std::span(plan_.layers).first(static_cast<std::size_t>(plan_.layer_count));
  }
  const pplcnet::Parameters& parameters(std::size_t layer) const { return parameters_[layer]; }
  const pplcnet::Plan& plan() const { return plan_; }
  std::span<const float> weights() const { return {weights_.data(), plan_.weight_floats}; }

  /// Of each image, the outputs of all layers.
  std::vector<Outputs> outputs(std::span<const float> pictures, std::size_t images,
                               pplcnet::Isa isa, int threads) const {
    std::vector<Outputs> all(images);
    std::vector<float*> destinations;
    for (Outputs& image : all)
      for (const pplcnet::Layer& layer : layers())
        destinations.push_back(
            image.emplace_back(static_cast<std::size_t>(layer.output.size())).data());
    run(pictures, destinations, isa, threads);
    return all;
  }

  /// Of each image, the output of the last layer.
  std::vector<std::vector<float>> logits(std::span<const float> pictures, std::size_t images,
                                         pplcnet::Isa isa, int threads) const {
    std::vector<std::vector<float>> all(images);
    std::vector<float*> destinations;
    for (std::vector<float>& image : all) {
      image.resize(static_cast<std::size_t>(layers().back().output.size()));
      destinations.resize(destinations.size() + layers().size());
      destinations.back() = image.data();
    }
    run(pictures, destinations, isa, threads);
    return all;
  }

 private:
  void run(std::span<const float> pictures, std::span<float* const> destinations, pplcnet::Isa isa,
           int threads) const {
    const Region maps(plan_.map_floats), vectors(plan_.vector_floats);
    const Region scratch(static_cast<std::size_t>(threads) * plan_.scratch_of(threads));
    Threads parallel(threads);
    const pplcnet::Shape& shape = layers().front().input;
    std::vector<pplcnet::Picture> views;
    for (const float* picture = pictures.data();
         views.size() < destinations.size() / layers().size(); picture += shape.size())
      views.push_back(pplcnet::Picture::planar(picture, shape));
    pplcnet::forward({.layers = layers().data(),
                      .layer_count = plan_.layer_count,
                      .weights = weights_.data(),
                      .pictures = views.data(),
                      .images = static_cast<int>(views.size()),
                      .destinations = destinations.data(),
                      .maps = maps.data(),
                      .vectors = vectors.data(),
                      .scratch = scratch.data(),
                      .scratch_floats = plan_.scratch_of(threads),
                      .threads = threads,
                      .shared_work = 0,  // small as they are, all layers are split
                      .executor = parallel.executor()},
                     isa);
  }

  pplcnet::Plan plan_;
  Region weights_;
  std::vector<pplcnet::Parameters> parameters_;
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_KERNELS_SMALL_NETWORK_HPP
