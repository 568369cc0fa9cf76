#ifndef PPLCNET_WEIGHTS_PADDLE_CHECK_GRAPH_HPP
#define PPLCNET_WEIGHTS_PADDLE_CHECK_GRAPH_HPP

// Needs nlohmann/json; pplcnet.hpp does not include it.
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/graph/strides.hpp"
#include "pplcnet/weights/paddle/graph.hpp"
#include "pplcnet/weights/paddle/pdiparams.hpp"
#include "pplcnet/weights/paddle/pdiparams_names.hpp"

namespace pplcnet::inline PPLCNET_ABI {

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
  return check_strides(graph.conv_strides, graph.path, layers);
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

#endif  // PPLCNET_WEIGHTS_PADDLE_CHECK_GRAPH_HPP
