#ifndef PPLCNET_WEIGHTS_CHECK_GRAPH_HPP
#define PPLCNET_WEIGHTS_CHECK_GRAPH_HPP

// Needs nlohmann/json; pplcnet.hpp does not include it.
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/paddle_graph.hpp"
#include "pplcnet/weights/pdiparams.hpp"
#include "pplcnet/weights/pdiparams_names.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The strides of a network's convolutions in order of execution, as a graph lists them: dense
/// layers but the classifier are 1×1 convolutions there.
inline std::vector<std::array<int, 2>> conv_strides(std::span<const Layer> layers) {
  std::vector<std::array<int, 2>> strides;
  for (const Layer& layer : layers)
    if (layer.has_weights() && layer.part != Part::classifier)
      strides.push_back({layer.stride.height, layer.stride.width});
  return strides;
}

namespace checking {

inline std::string describe_strides(const std::vector<std::array<int, 2>>& strides) {
  std::string text;
  for (const auto& [height, width] : strides)
    if (height != 1 || width != 1)
      text +=
          (text.empty() ? "(" : ", (") + std::to_string(height) + "," + std::to_string(width) + ")";
  return text;
}

}  // namespace checking

/// Whether Paddle's graph (the text of an `inference.json`) is that of the network: the same
/// tensors in the same order, the same strides; and whether `file`, read from the `.pdiparams`
/// beside it, has the graph's shapes.
inline Error check_graph(const TensorFile& file, const PaddleGraph& graph,
                         std::span<const Layer> layers) {
  if (auto error = check_against_graph(file, graph)) return error;
  const auto names = graph_names(layers);
  if (names.size() != graph.parameters.size())
    return Error::of(graph.path, ": has ", graph.parameters.size(),
                     " parameters, the type's network has ", names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string_view found = graph.parameters[i].name;
    if (found.substr(0, found.find("_deepcopy_")) != names[i].first)
      return Error::of(graph.path, ": parameter ", i, " is ", quote(found),
                       ", in the type's network it is ", quote(names[i].first));
  }
  const auto expected = conv_strides(layers);
  if (graph.conv_strides != expected)
    return Error::of(graph.path, ": strides in the file are ",
                     checking::describe_strides(graph.conv_strides), "; the type has ",
                     checking::describe_strides(expected));
  return {};
}

/// The same for two files.
template <class Net>
Error check_graph(std::string_view pdiparams_path, std::string_view graph_path) {
  FileBytes weights, text;
  if (auto error = read_file(pdiparams_path, weights)) return error;
  if (auto error = read_file(graph_path, text)) return error;
  TensorFile file;
  if (auto error = parse_pdiparams(std::as_const(weights).bytes(), pdiparams_path, file))
    return error;
  PaddleGraph graph;
  const auto bytes = std::as_const(text).bytes();
  if (auto error = parse_paddle_graph({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                      graph_path, graph))
    return error;
  return check_graph(file, graph, Net::layers);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_CHECK_GRAPH_HPP
