#ifndef PPLCNET_WEIGHTS_IMPORT_NODE_FUNCTION_HPP
#define PPLCNET_WEIGHTS_IMPORT_NODE_FUNCTION_HPP

#include <algorithm>
#include <cmath>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/functions.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns what a node that is a function of one number makes of it; `low` and `high` are the
/// bounds of a clip.
inline float value_of(const GraphNode& node, float low, float high, float x) {
  const Activation gate = Activation::hardsigmoid_of(node.alpha, node.beta);
  switch (node.type) {
    case NodeType::relu:
      return value_of(Activation::relu, x);
    case NodeType::sigmoid:
      return value_of(Activation::sigmoid, x);
    case NodeType::gelu:
      return value_of(Activation::gelu, x);
    case NodeType::silu:
      return value_of(Activation::silu, x);
    case NodeType::sqrt:
      return value_of(Activation::root_of(0), x);
    case NodeType::hardsigmoid:
      return value_of(gate, x);
    case NodeType::hardswish:
      return x * value_of(gate, x);
    case NodeType::erf:
      return std::erf(x);
    default:  // clip
      return std::min(std::max(x, low), high);
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_NODE_FUNCTION_HPP
