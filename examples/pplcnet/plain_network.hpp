#ifndef PPLCNET_EXAMPLES_PLAIN_NETWORK_HPP
#define PPLCNET_EXAMPLES_PLAIN_NETWORK_HPP

#include <optional>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/fold.hpp"

/// Variations of a network's computation.
struct Deviation {
  std::optional<double> gate_slope;  ///< of the gate's hard sigmoid
  std::optional<double> batch_norm_epsilon;
  std::optional<pplcnet::Activation> activation;  ///< in place of hardswish
  bool no_dropout_scale = false;                  ///< the embedding is not multiplied by 0.8
};

/// A network in plain loops and doubles: slow, and open to every deviation. Layers as the plan has
/// them; `parameters` as files have them, batch norms not folded, one for each layer.
class PlainNetwork {
 public:
  PlainNetwork(std::span<const pplcnet::Layer> layers,
               std::span<const pplcnet::Parameters> parameters)
      : layers_(layers), parameters_(parameters) {}

  /// Returns whether it knows what all layers compute.
  bool is_complete() const;

  /// Returns the output of layer `last`, planar, for a picture [channels][height][width].
  std::vector<double> run(std::span<const float> picture, int last,
                          const Deviation& deviation) const;

 private:
  std::span<const pplcnet::Layer> layers_;
  std::span<const pplcnet::Parameters> parameters_;
};

#endif  // PPLCNET_EXAMPLES_PLAIN_NETWORK_HPP
