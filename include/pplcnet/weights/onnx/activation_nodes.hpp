#ifndef PPLCNET_WEIGHTS_ONNX_ACTIVATION_NODES_HPP
#define PPLCNET_WEIGHTS_ONNX_ACTIVATION_NODES_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <span>
#include <string>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Adds the nodes that apply an activation to a value, named after a layer; the last one is called
/// `to`, which it returns. Without an activation it returns the value.
inline std::string add_activation(OnnxGraphWriter& graph, int opset, const Activation& activation,
                                  const std::string& name, const std::string& value,
                                  const std::string& to) {
  const auto scalar = [&](const char* what, float number) {
    return graph.add_tensor(join({name, ".", what}), {}, std::span(&number, 1));
  };
  const auto hardsigmoid = [&](const std::string& node, const Activation& gate) {
    return graph.add_node("HardSigmoid", node, {value},
                          {{"alpha", gate.slope}, {"beta", gate.offset}});
  };
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // has slopes of its own
      break;
    case Kind::relu:
      return graph.add_node("Relu", to, {value});
    case Kind::relu6:
      return graph.add_node("Clip", to, {value, scalar("least", 0), scalar("most", 6)});
    case Kind::hardswish:
      if (opset >= 14) return graph.add_node("HardSwish", to, {value});
      return graph.add_node("Mul", to,
                            {value, hardsigmoid(name + "/gate", Activation::hardsigmoid)});
    case Kind::hardsigmoid:
      return hardsigmoid(to, activation);
    case Kind::silu:
      graph.add_node("Sigmoid", join({name, "/sigmoid"}), {value});
      return graph.add_node("Mul", to, {value, join({name, "/sigmoid"})});
    case Kind::sigmoid:
      return graph.add_node("Sigmoid", to, {value});
    case Kind::linear:
      if (activation.offset == 0)
        return graph.add_node("Mul", to, {value, scalar("slope", activation.slope)});
      graph.add_node("Mul", join({name, "/scaled"}), {value, scalar("slope", activation.slope)});
      return graph.add_node("Add", to,
                            {join({name, "/scaled"}), scalar("offset", activation.offset)});
    case Kind::root: {
      const std::string sum = graph.add_node("Add", join({name, "/moved"}),
                                             {value, scalar("offset", activation.offset)});
      return graph.add_node("Sqrt", to, {graph.add_node("Relu", join({name, "/least"}), {sum})});
    }
    case Kind::gelu: {
      constexpr float kSqrtHalf = 0.70710678F;
      const auto part = [&](const char* step) { return join({name, "/", step}); };
      graph.add_node("Mul", part("scaled_in"), {value, scalar("sqrt_half", kSqrtHalf)});
      graph.add_node("Erf", part("erf"), {part("scaled_in")});
      graph.add_node("Add", part("twice_p"), {part("erf"), scalar("one", 1)});
      graph.add_node("Mul", part("twice"), {value, part("twice_p")});
      return graph.add_node("Mul", to, {part("twice"), scalar("half", 0.5F)});
    }
  }
  return value;
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_ACTIVATION_NODES_HPP
