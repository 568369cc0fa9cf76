#ifndef PPLCNET_PLAN_QUANTISED_FLAW_HPP
#define PPLCNET_PLAN_QUANTISED_FLAW_HPP

#include <algorithm>

#include "pplcnet/abi.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/uses.hpp"

// What a network must keep to, so that it can be computed in bytes.

namespace pplcnet::inline PPLCNET_ABI {

// clang-format off
/// Every rule: its name, and what it says.
#define PPLCNET_QUANTISED_RULES(rule)                                                              \
  rule(storage, "Quantised: weights are given in float32 (Storage::single)")                       \
  rule(operators, "Quantised: convolutions, depthwise ones, means over all pixels, dense layers, " \
       "gates, and sums with what a pointwise convolution gives")                                  \
  rule(whole, "Quantised: layers read and write whole maps, no slices and no parts of concats")    \
  rule(picture, "Quantised: nothing but a dense convolution reads the picture, and nothing else is " \
       "one")                                                                                      \
  rule(kernel, "Quantised: kernels of 1, 3, 5 or 7 rows and columns, without dilation")            \
  rule(weights, "Quantised: each layer has weights of its own, for each channel")                  \
  rule(affine, "Quantised: no scale and shift after an activation")                                \
  rule(activation, "Quantised: activations are none, relu, relu6 and hardswish; none and relu "    \
       "around a sum and after a gate; none after a mean")                                         \
  rule(addend, "Quantised: only a pointwise convolution has an addend, which is a map")            \
  rule(vector, "Quantised: a mean reads a map, a dense layer reads a mean or a dense layer")       \
  rule(factors, "Quantised: a gate's factors come from a dense layer with hardsigmoid or sigmoid " \
       "that nothing else reads")                                                                  \
  rule(pixels, "Quantised: a mean is one of at most 65536 pixels")                                 \
  rule(depth, "Quantised: a sum has at most 32768 products")
// clang-format on

/// A rule by its name; `none`: nothing is wrong.
enum class QuantisedRule : unsigned char {
  none,
#define PPLCNET_NAME(rule, text) rule,
  PPLCNET_QUANTISED_RULES(PPLCNET_NAME)
#undef PPLCNET_NAME
};

/// Returns what a rule says.
constexpr const char* text_of(QuantisedRule rule) {
  switch (rule) {
    case QuantisedRule::none:
      break;
#define PPLCNET_CASE(rule, text) \
  case QuantisedRule::rule:      \
    return text;
      PPLCNET_QUANTISED_RULES(PPLCNET_CASE)
#undef PPLCNET_CASE
  }
  return "nothing is wrong";
}

/// Why a network cannot be computed in bytes: the rule that it breaks, and the first layer that
/// does.
struct QuantisedFlaw {
  QuantisedRule broken = QuantisedRule::none;
  int layer = -1;

  constexpr explicit operator bool() const { return broken != QuantisedRule::none; }
  constexpr bool operator==(const QuantisedFlaw&) const = default;
};

/// Has the compiler say which rule is broken, and by which layer.
template <QuantisedRule kBroken, int kLayer>
struct Quantisable {
#define PPLCNET_ASSERT(rule, text) static_assert(kBroken != QuantisedRule::rule, text);
  PPLCNET_QUANTISED_RULES(PPLCNET_ASSERT)
#undef PPLCNET_ASSERT
  static constexpr bool value = kBroken == QuantisedRule::none;
};
#undef PPLCNET_QUANTISED_RULES

namespace planning {

inline constexpr int kLargestByteKernel = 7;
/// Sums of so many products of a byte and a weight, which is 64 on average at most, and their bias
/// fit 31 bits; so does 128 times the sum of so many bytes.
inline constexpr int kMostProducts = 1 << 15, kMostPooledPixels = 1 << 16;

/// Finds the rule that a layer of a plan breaks.
class QuantisedRules {
 public:
  constexpr explicit QuantisedRules(const Plan& plan) : plan_(plan), uses_(uses_of(plan)) {
    for (int i = 0; i < plan.layer_count; ++i) ++reader_counts_[plan.layers[i].from + 1];
  }

  constexpr QuantisedRule broken_by(int index) const {
    using enum QuantisedRule;
    const Layer& layer = plan_.layers[index];
    if (!is_known(layer)) return operators;
    if (!is_whole(index)) return whole;
    if (!reads_picture_well(layer)) return picture;
    if (!has_known_kernel(layer)) return kernel;
    if (layer.weights_of >= 0 || (layer.has_weights() && layer.is_elementwise())) return weights;
    if (layer.affine) return affine;
    if (!has_known_addend(layer)) return addend;
    if (layer.gives_vector() && !reads_well(layer)) return vector;
    if (!has_known_factors(index)) return factors;
    if (!has_known_activations(index)) return activation;
    if (layer.op == Operator::pool && layer.input.pixels() > kMostPooledPixels) return pixels;
    if (layer.has_weights() && layer.depth() > kMostProducts) return depth;
    return none;
  }

 private:
  static constexpr bool is_known(const Layer& layer) {
    constexpr Operator kKnown[] = {Operator::picture,   Operator::convolution, Operator::depthwise,
                                   Operator::pointwise, Operator::pool,        Operator::dense,
                                   Operator::gate};
    return std::find(std::begin(kKnown), std::end(kKnown), layer.op) != std::end(kKnown);
  }

  /// The place of a gate's output in floats, where its map was, says nothing about bytes.
  constexpr bool is_whole(int index) const {
    const Layer& layer = plan_.layers[index];
    return (layer.owner == index || layer.op == Operator::gate) && layer.from_channel == 0 &&
           layer.addend_channel == 0 && layer.map_channels == layer.output.channels &&
           (layer.from < 0 || layer.input == plan_.layers[layer.from].output);
  }

  constexpr bool is_picture(int layer) const {
    return layer < 0 || plan_.layers[layer].op == Operator::picture;
  }

  constexpr bool reads_picture_well(const Layer& layer) const {
    return layer.op == Operator::picture ||
           (layer.op == Operator::convolution) == is_picture(layer.from);
  }

  static constexpr bool has_known_kernel(const Layer& layer) {
    const auto is_odd = [](int size) { return size % 2 == 1 && size <= kLargestByteKernel; };
    return is_odd(layer.kernel.height) && is_odd(layer.kernel.width) && layer.dilation == Pair(1);
  }

  constexpr bool has_known_addend(const Layer& layer) const {
    return layer.addend < 0 || (layer.op == Operator::pointwise && !is_picture(layer.addend) &&
                                !plan_.layers[layer.addend].gives_vector());
  }

  constexpr bool reads_well(const Layer& layer) const {
    return plan_.layers[layer.from].gives_vector() == (layer.op == Operator::dense);
  }

  static constexpr bool is_squashed(const Activation& activation) {
    return activation.kind == Activation::Kind::hardsigmoid ||
           activation.kind == Activation::Kind::sigmoid;
  }

  constexpr bool is_result(int layer) const {
    return std::find(plan_.outputs, plan_.outputs + plan_.output_count, layer) !=
               plan_.outputs + plan_.output_count ||
           std::find(plan_.stages, plan_.stages + plan_.stage_count, layer) !=
               plan_.stages + plan_.stage_count;
  }

  /// Returns whether a layer gives the factors of one gate, and nothing reads them besides.
  constexpr bool are_factors(int index) const {
    const int reader = uses_.last_reader[index];
    if (plan_.layers[index].op != Operator::dense || reader < 0 || is_result(index) ||
        plan_.layers[reader].factors != index || reader_counts_[index + 1] > 0)
      return false;
    for (int i = index + 1; i < reader; ++i)
      if (plan_.layers[i].factors == index) return false;
    return true;
  }

  /// Neither is a gate without them, nor are they of anything but a gate.
  constexpr bool has_known_factors(int index) const {
    const Layer& layer = plan_.layers[index];
    if (layer.op == Operator::dense) return !is_squashed(layer.activation) || are_factors(index);
    return layer.op != Operator::gate ||
           (are_factors(layer.factors) && is_squashed(plan_.layers[layer.factors].activation) &&
            !plan_.layers[layer.from].gives_vector());
  }

  constexpr bool has_known_activations(int index) const {
    using enum Activation::Kind;
    const Layer& layer = plan_.layers[index];
    const Activation::Kind kind = layer.activation.kind, last = layer.last_activation.kind;
    const bool is_simple = kind == none || kind == relu;
    if (layer.op == Operator::pool || layer.op == Operator::picture) return kind == none;
    if (layer.op == Operator::gate) return is_simple;
    if (layer.addend >= 0) return is_simple && (last == none || last == relu);
    return is_simple || kind == relu6 || kind == hardswish ||
           (layer.op == Operator::dense && is_squashed(layer.activation));
  }

  const Plan& plan_;
  Uses uses_;
  int reader_counts_[Plan::kMaxLayers + 1] = {};  // of each layer's output, but for other operands
};

}  // namespace planning

/// Returns why a plan cannot be computed in bytes; nothing if it can.
constexpr QuantisedFlaw quantised_flaw(const Plan& plan) {
  if (plan.traits.storage != Storage::single) return {QuantisedRule::storage, 0};
  const planning::QuantisedRules rules(plan);
  for (int i = 0; i < plan.layer_count; ++i)
    if (const QuantisedRule broken = rules.broken_by(i); broken != QuantisedRule::none)
      return {broken, i};
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_QUANTISED_FLAW_HPP
