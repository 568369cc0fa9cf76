#ifndef PPLCNET_BENCH_SYNTHETIC_NETWORK_HPP
#define PPLCNET_BENCH_SYNTHETIC_NETWORK_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "../tests/synthetic_weights.hpp"
#include "pplcnet/pplcnet.hpp"

namespace bench {

/// Calls `visit.operator()<Definition>(name)` for each network that is measured: the eight scales,
/// PaddleOCR's text-line orientation (80×160 pixels, two classes), and the second version's sizes.
template <class Visit>
void for_each_definition(Visit visit) {
  using pplcnet::Options, pplcnet::Scale, pplcnet::V1;
  using pplcnet::V2, pplcnet::V2Definition, pplcnet::V2Options;
  visit.template operator()<V1<Scale::x0_25, Options{}>>("x0_25");
  visit.template operator()<V1<Scale::x0_35, Options{}>>("x0_35");
  visit.template operator()<V1<Scale::x0_5, Options{}>>("x0_5");
  visit.template operator()<V1<Scale::x0_75, Options{}>>("x0_75");
  visit.template operator()<V1<Scale::x1_0, Options{}>>("x1_0");
  visit.template operator()<V1<Scale::x1_5, Options{}>>("x1_5");
  visit.template operator()<V1<Scale::x2_0, Options{}>>("x2_0");
  visit.template operator()<V1<Scale::x2_5, Options{}>>("x2_5");
  visit.template operator()<pplcnet::models::SmallTextLineOrientation>("textline");
  visit.template operator()<V2Definition<V2::small, V2Options{}>>("v2_small");
  visit.template operator()<V2Definition<V2::base, V2Options{}>>("v2_base");
  visit.template operator()<V2Definition<V2::large, V2Options{}>>("v2_large");
}

/// Calls `visit.operator()<Net>(name)` for each of them: as a type, which the compiler plans.
template <class Visit>
void for_each_network(Visit visit) {
  for_each_definition([&]<class Definition>(std::string_view name) {
    visit.template operator()<pplcnet::NetworkOf<Definition>>(name);
  });
}

/// Calls `visit.operator()<Net>()` for the network of that name; false if there is none.
template <class Visit>
bool with_network(std::string_view requested, Visit visit) {
  bool found = false;
  for_each_network([&]<class Net>(std::string_view name) {
    if (name != requested) return;
    found = true;
    visit.template operator()<Net>();
  });
  return found;
}

/// Fills in weights that give meaningful logits: each layer's synthetic parameters, which other
/// engines get as they are. Sums of distances grow with their number, unlike those of products.
inline void fill_with_synthetic_weights(std::span<const pplcnet::Layer> layers,
                                        std::span<float> weights) {
  for (const pplcnet::Layer& layer : layers) {
    if (!layer.owns_weights()) continue;
    pplcnet::Parameters parameters = pplcnet_test::synthetic_parameters(layer);
    if (layer.from >= 0)
      if (const auto& source = layers[static_cast<std::size_t>(layer.from)];
          source.op == pplcnet::Operator::l1)
        for (float& weight : parameters.weight) weight /= static_cast<float>(source.depth());
    pack(layer, parameters, weights);
  }
}

template <class Net>
std::unique_ptr<typename Net::Weights> synthetic_weights() {
  auto weights = std::make_unique<typename Net::Weights>();
  fill_with_synthetic_weights(Net::layers, weights->values);
  return weights;
}

/// Returns pictures of a size, one after the other.
inline std::vector<float> synthetic_input(const pplcnet::Shape& shape, int images = 1) {
  return pplcnet_test::synthetic_input(1, static_cast<std::size_t>(images), 3,
                                       static_cast<std::size_t>(shape.height),
                                       static_cast<std::size_t>(shape.width));
}

template <class Net>
std::vector<float> synthetic_input(int images = 1) {
  return synthetic_input(Net::input_shape, images);
}

}  // namespace bench

#endif  // PPLCNET_BENCH_SYNTHETIC_NETWORK_HPP
