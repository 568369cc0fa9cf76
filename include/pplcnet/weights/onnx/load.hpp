#ifndef PPLCNET_WEIGHTS_ONNX_LOAD_HPP
#define PPLCNET_WEIGHTS_ONNX_LOAD_HPP

// Needs protozero (only headers; apt install libprotozero-dev), and exceptions, which protozero
// throws; none leaves this header. pplcnet.hpp does not include it.
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/file.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

#if PPLCNET_HAS_OPEN_DEFINITIONS
#include <protozero/exception.hpp>
#include <protozero/types.hpp>
#include <string>

#include "pplcnet/weights/import/weights.hpp"
#include "pplcnet/weights/memory_budget.hpp"
#include "pplcnet/weights/onnx/graph_reader.hpp"
#include "pplcnet/weights/onnx/load_own.hpp"
#include "pplcnet/weights/onnx/tensor.hpp"
#include "pplcnet/weights/safetensors/native.hpp"
#include "pplcnet/weights/tensor.hpp"
#endif

namespace pplcnet::inline PPLCNET_ABI {

/// Reads an ONNX model (a ModelProto). `graph` views `bytes`; it changes only on success.
PPLCNET_INLINE Error parse_onnx(std::span<const std::byte> bytes, std::string_view path,
                                FileGraph& graph);

namespace loading {

/// Fills packed weights from an ONNX model's bytes.
PPLCNET_INLINE Error load_onnx(std::span<const std::byte> bytes, std::string_view path,
                               std::span<const Layer> layers, const NetworkTraits& traits,
                               std::span<float> weights);

}  // namespace loading

#if PPLCNET_HAS_OPEN_DEFINITIONS
namespace onnx_file {

// Of a ModelProto.
inline constexpr auto kGraph = protozero::tag_and_type(7, Wire::length_delimited);
inline constexpr auto kMetadata = protozero::tag_and_type(14, Wire::length_delimited);

inline std::pair<std::string, std::string> read_metadata(Message entry) {
  std::pair<std::string, std::string> result;
  while (entry.next()) {
    std::string& text = entry.tag() == 1 ? result.first : result.second;
    if (entry.wire_type() == Wire::length_delimited && entry.tag() <= 2)
      text = entry.get_string();
    else
      entry.skip();
  }
  return result;
}

}  // namespace onnx_file

PPLCNET_INLINE Error parse_onnx(std::span<const std::byte> bytes, std::string_view path,
                                FileGraph& graph) {
  FileGraph result;
  result.path = path;
  MemoryBudget budget(bytes.size());
  constexpr std::size_t kMost = 64;  // words: this library writes about twenty
  try {
    onnx_file::Message model(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    bool found = false;
    while (model.next()) {
      if (model.tag_and_type() == onnx_file::kMetadata && result.metadata.size() < kMost) {
        const onnx_file::Message entry = model.get_message();
        if (!budget.take(entry.length()) ||
            !budget.append(result.metadata, onnx_file::read_metadata(entry)))
          return MemoryBudget::exceeded(path);
      } else if (model.tag_and_type() == onnx_file::kGraph) {
        if (found) return Error::of(path, ": expected one graph, found several");
        if (auto error = onnx_file::GraphReader(result, budget).read(model.get_message()))
          return error;
        found = true;
      } else {
        model.skip();
      }
    }
    if (!found) return Error::of(path, ": expected an ONNX model, found no graph in it");
  } catch (const protozero::exception& exception) {
    return Error::of(
        path, ": expected an ONNX model, found damage or something else: ", exception.what());
  }
  graph = std::move(result);
  return {};
}

PPLCNET_INLINE Error loading::load_onnx(std::span<const std::byte> bytes, std::string_view path,
                                        std::span<const Layer> layers, const NetworkTraits& traits,
                                        std::span<float> weights) {
  FileGraph graph;
  if (auto error = parse_onnx(bytes, path, graph)) return error;
  TensorFile own = {.tensors = {}, .metadata = graph.metadata, .path = graph.path};
  if (is_quantised(own))
    return Error::of(path, ": its weights are int8; this needs a network in floats");
  if (native::find(own, kOnnxFolded) == nullptr) return pack_graph(graph, layers, traits, weights);
  own.tensors = graph.constants;
  return load_own_onnx(own, layers, traits, weights);
}
#endif  // PPLCNET_HAS_OPEN_DEFINITIONS

/// Fills a network's weights from an ONNX model that computes what the type computes, or whose
/// beginning does. Batch norms may be nodes or part of the weights, activations nodes or written
/// out; names do not matter. After an error the weights are not usable.
template <class Weights>
Error load_onnx(std::string_view path, Weights& weights) {
  using Net = typename Weights::Network;
  return with_memory_for(path, [&]() -> Error {
    FileBytes bytes;
    if (auto error = read_file(path, bytes)) return error;
    return loading::load_onnx(std::as_const(bytes).bytes(), path, Net::layers, Net::traits,
                              weights.values);
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_LOAD_HPP
