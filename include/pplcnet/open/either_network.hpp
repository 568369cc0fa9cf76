#ifndef PPLCNET_OPEN_EITHER_NETWORK_HPP
#define PPLCNET_OPEN_EITHER_NETWORK_HPP

#include <cstddef>
#include <span>
#include <utility>
#include <variant>

#include "pplcnet/any_network.hpp"
#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/picture.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A network in floats or in bytes, as its file has it: what programs ask of either.
class EitherNetwork {
 public:
  explicit EitherNetwork(AnyNetwork network) : network_(std::move(network)) {}
  explicit EitherNetwork(AnyQuantisedNetwork network) : network_(std::move(network)) {}

  bool is_quantised() const { return std::holds_alternative<AnyQuantisedNetwork>(network_); }
  /// Returns the network in floats; null if it is quantised.
  AnyNetwork* floats() { return std::get_if<AnyNetwork>(&network_); }
  const AnyNetwork* floats() const { return std::get_if<AnyNetwork>(&network_); }
  /// Returns that in bytes; null if it is in floats.
  const AnyQuantisedNetwork* quantised() const {
    return std::get_if<AnyQuantisedNetwork>(&network_);
  }

  /// Returns its plan; of a quantised one that in floats, whose layers are the same.
  const Plan& plan() const {
    return is_quantised() ? std::get_if<AnyQuantisedNetwork>(&network_)->plan() : floats()->plan();
  }
  const NetworkTraits& traits() const { return plan().traits; }
  std::span<const Layer> layers() const {
    return {plan().layers, static_cast<std::size_t>(plan().layer_count)};
  }
  Shape input_shape() const { return layers().front().input; }
  int classes() const { return traits().classes; }

  /// Returns the packed weights, whatever they are.
  std::span<const std::byte> weight_bytes() const {
    return is_quantised() ? std::as_bytes(std::get_if<AnyQuantisedNetwork>(&network_)->weights())
                          : std::as_bytes(floats()->weights());
  }

  /// Computes the layers that are asked for, as real numbers: see `AnyNetwork::run`.
  void run(const Picture& picture, std::span<float* const> destinations,
           const RunOptions& options = {}) noexcept {
    if (auto* const network = std::get_if<AnyQuantisedNetwork>(&network_))
      network->run(picture, destinations, options);
    else
      floats()->run(picture, destinations, options);
  }
  /// Computes the output of one layer.
  void run(const Picture& picture, int layer, std::span<float> output,
           const RunOptions& options = {}) noexcept {
    if (auto* const network = std::get_if<AnyQuantisedNetwork>(&network_))
      network->run(picture, layer, output, options);
    else
      floats()->run(picture, layer, output, options);
  }

 private:
  std::variant<AnyNetwork, AnyQuantisedNetwork> network_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_EITHER_NETWORK_HPP
