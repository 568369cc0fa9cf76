#include "causes.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "difference.hpp"
#include "plain_network.hpp"
#include "pplcnet/image/results.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/state_dict.hpp"
#include "preprocessing_variants.hpp"
#include "weights.hpp"

using pplcnet::Layer;

namespace {

/// Reads the unfolded parameters of all layers, or the folded ones where a file has no others.
std::vector<pplcnet::Parameters> parameters_of(const pplcnet::AnyClassifier& classifier,
                                               const std::string& weights, const std::string& part,
                                               bool& folded) {
  const pplcnet::AnyNetwork& network = *classifier.network().floats();
  const auto layers = network.layers();
  std::vector<pplcnet::Parameters> result(layers.size());
  pplcnet::WeightFile file;
  pplcnet::TensorFile tensors;
  folded = true;
  if (!open_weights(weights, "", file, part) &&
      !file.read_state_dict(layers, network.traits(), tensors) && !pplcnet::is_native(tensors)) {
    pplcnet::StateDict state(tensors, network.layers(), network.traits());
    folded = static_cast<bool>(state.open());
    for (std::size_t i = 0; i < layers.size() && !folded; ++i)
      if (layers[i].has_weights()) folded = static_cast<bool>(state.read(layers[i], result[i]));
  }
  if (!folded) return result;
  for (std::size_t i = 0; i < layers.size(); ++i)
    result[i] = layers[i].has_weights() ? pplcnet::unpack(layers[i], network.weights())
                                        : pplcnet::Parameters{};
  return result;
}

/// Returns layers whose parameters are folded: nothing is left to do but weight, bias and
/// activation.
std::vector<Layer> folded_layers(std::span<const Layer> layers) {
  std::vector<Layer> result(layers.begin(), layers.end());
  for (Layer& layer : result) layer.scale_percent = layer.output_percent = 100;
  return result;
}

/// A search for the candidate with the smallest remaining difference.
class CauseSearch {
 public:
  CauseSearch(std::span<const float> own, std::span<const float> reference, bool is_logits)
      : reference_(reference),
        is_logits_(is_logits),
        least_(std::min(0.1 * relative_difference(own, reference), 1e-2)) {}

  /// Tries values as they would be if `what` were so; those of logits may be probabilities as well.
  void add(const std::string& what, std::vector<float> values) {
    consider(what, values);
    if (!is_logits_) return;
    const std::string before = what.empty() ? "" : what + ", and ";
    std::vector<float> probabilities = values;
    pplcnet::softmax(probabilities);
    consider(before + "softmax was applied: probabilities in place of logits", probabilities);
    for (float& value : probabilities) value = std::log(value);
    consider(before + "log softmax was applied: not logits", probabilities);
    pplcnet::sigmoid(values);
    consider(before + "sigmoid was applied: probabilities in place of logits", values);
  }

  const std::optional<std::string>& best() const { return best_; }

 private:
  void consider(const std::string& what, std::span<const float> values) {
    if (count_not_finite(values) > 0) return;
    const double left = relative_difference(values, reference_);
    if (!(left < least_)) return;
    least_ = left;
    best_ = what;
  }

  std::span<const float> reference_;
  bool is_logits_;
  double least_;
  std::optional<std::string> best_;
};

std::vector<float> as_floats(std::span<const double> values) {
  std::vector<float> result;
  for (const double value : values) result.push_back(static_cast<float>(value));
  return result;
}

/// Adds what the network computes with each of the usual mistakes.
void add_deviations(const pplcnet::AnyClassifier& classifier, const std::string& weights,
                    const std::string& part, const DifferingPlace& place, CauseSearch& search) {
  bool folded = false;
  const auto parameters = parameters_of(classifier, weights, part, folded);
  const auto layers = classifier.network().layers();
  const std::vector<Layer> plain =
      folded ? folded_layers(layers) : std::vector<Layer>(layers.begin(), layers.end());
  const PlainNetwork network(plain, parameters);
  if (!network.is_complete()) return;
  const char* const no_scale =
      "the embedding is not multiplied by 0.8 (dropout as Paddle has it at inference)";
  std::vector<std::pair<Deviation, const char*>> causes;
  const auto cause = [&](const char* what) -> Deviation& {
    return causes.emplace_back(Deviation(), what).first;
  };
  cause("the gate's hard sigmoid has the slope 0.2 (here 1/6)").gate_slope = 0.2;
  if (!folded) {
    cause("the batch norms' epsilon is 0.001 (here 0.00001)").batch_norm_epsilon = 1e-3;
    cause(no_scale).no_dropout_scale = true;
  }
  cause("ReLU in place of hard-swish").activation = pplcnet::Activation::relu;
  cause("ReLU6 in place of hard-swish").activation = pplcnet::Activation::relu6;
  for (const auto& [deviation, what] : causes)
    search.add(what, as_floats(network.run(place.input, place.layer, deviation)));
  // The same for folded weights: logits - bias are 1 / 0.8 times as large.
  const Layer& last = layers[static_cast<std::size_t>(place.layer)];
  if (!folded || last.scale_percent == 100) return;
  const auto& bias = parameters[static_cast<std::size_t>(place.layer)].bias;
  std::vector<float> scaled(place.own.size());
  for (std::size_t i = 0; i < scaled.size(); ++i)
    scaled[i] = (place.own[i] - bias[i]) * 100 / static_cast<float>(last.scale_percent) + bias[i];
  search.add(no_scale, scaled);
}

/// Adds what the network computes for the common variants of the preprocessing.
void add_variants(pplcnet::AnyClassifier& classifier, pplcnet::ImageView image,
                  pplcnet::ImageView stored, const DifferingPlace& place, CauseSearch& search) {
  pplcnet::EitherNetwork& network = classifier.network();
  std::vector<float> values(place.own.size());
  std::vector<float*> destinations(network.layers().size());
  destinations[static_cast<std::size_t>(place.layer)] = values.data();
  for (const PreprocessingVariant& variant :
       common_variants(classifier.preprocessing(), image, stored)) {
    network.run(pplcnet::Picture::planar(variant.input.data(), network.input_shape()),
                destinations);
    search.add(variant.what, values);
  }
}

}  // namespace

std::optional<std::string> find_cause(pplcnet::AnyClassifier& classifier,
                                      const std::string& weights, const std::string& part,
                                      pplcnet::ImageView image, pplcnet::ImageView stored,
                                      const DifferingPlace& place) {
  const bool is_logits = place.layer == classifier.network().traits().logits;
  CauseSearch search(place.own, place.reference, is_logits);
  search.add("", std::vector<float>(place.own.begin(), place.own.end()));
  if (!classifier.network().is_quantised())
    add_deviations(classifier, weights, part, place, search);
  if (!place.same_input) add_variants(classifier, image, stored, place, search);
  return search.best();
}
