#ifndef PPLCNET_WEIGHTS_ONNX_MAP_VALUES_HPP
#define PPLCNET_WEIGHTS_ONNX_MAP_VALUES_HPP

// Needs protozero (Debian: libprotozero-dev); pplcnet.hpp does not include it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/join.hpp"
#include "pplcnet/weights/onnx/graph_writer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The values of an ONNX graph that layers give, and what others read of them: in memory several
/// layers write to one map, and one reads a part of it; here these are Concat, Slice, and a shuffle
/// of three nodes.
class OnnxMapValues {
 public:
  OnnxMapValues(std::span<const Layer> layers, OnnxGraphWriter& graph)
      : layers_(layers), graph_(graph) {}

  /// Remembers the value of the next layer.
  void add(std::string value) { values_.push_back(std::move(value)); }

  const std::string& of(int layer) const { return values_[static_cast<std::size_t>(layer)]; }

  /// Returns the channels from `channel` on, every `step`-th one, of the map that a layer's output
  /// begins in.
  std::string read(int layer, int channel, int channels, int step = 1) {
    if (layer < 0) return "input";
    const Layer& writer = layers_[static_cast<std::size_t>(layer)];
    if (channel == 0 && channels == writer.output.channels && step == 1 && writer.write_step == 1)
      return of(layer);
    const bool inside = channel >= 0 && writer.write_step == 1 &&
                        channel + (channels - 1) * step < writer.output.channels;
    std::string map = inside ? of(layer) : whole_map(writer.owner);
    const int first = inside ? channel : writer.owner_channel + channel;
    const int width = inside ? writer.output.channels
                             : layers_[static_cast<std::size_t>(writer.owner)].map_channels;
    if (first == 0 && channels == width && step == 1) return map;
    const std::string name = new_name("slice");
    const auto integers = [&](const char* what, std::int64_t value) {
      return graph_.add_integers(join({name, ".", what}), {value});
    };
    return graph_.add_node(
        "Slice", name,
        {map, integers("first", first), integers("end", first + (channels - 1) * step + 1),
         integers("axis", 1), integers("step", step)});
  }

 private:
  std::string new_name(const char* what) { return join({what, "_", count_++}); }

  /// Returns the map of an owner, of all layers that have written to it.
  std::string whole_map(int owner) {
    const Layer& first = layers_[static_cast<std::size_t>(owner)];
    const Shape shape = {first.output.height, first.output.width, first.map_channels};
    for (const auto& [known, name] : maps_)
      if (known == owner) return name;
    std::vector<std::pair<int, std::string>> parts;  // by their first channels
    int step = 1;
    for (auto i = static_cast<std::size_t>(owner); i < values_.size(); ++i)
      if (layers_[i].owner == owner) {
        parts.emplace_back(layers_[i].owner_channel, values_[i]);
        step = layers_[i].write_step;
      }
    std::ranges::sort(parts);
    std::vector<std::string> values(parts.size());
    std::ranges::transform(parts, values.begin(), [](const auto& part) { return part.second; });
    std::string map = values.front();
    if (values.size() > 1)
      map = graph_.add_node("Concat", new_name("concat"), values, {{"axis", std::int64_t{1}}});
    if (step > 1) map = interleave(map, shape, step);
    maps_.emplace_back(owner, map);
    return map;
  }

  /// Rows of `groups` × channels become columns.
  std::string interleave(const std::string& value, const Shape& shape, std::int64_t groups) {
    const std::string name = new_name("shuffle");
    const std::string rows = graph_.add_node(
        "Reshape", name + "/rows",
        {value, graph_.add_integers(name + ".rows", {0, groups, shape.channels / groups, -1})});
    const std::string columns =
        graph_.add_node("Transpose", name + "/columns", {rows}, {{"perm", OnnxInts{0, 2, 1, 3}}});
    return graph_.add_node(
        "Reshape", name,
        {columns,
         graph_.add_integers(name + ".map", {0, shape.channels, shape.height, shape.width})});
  }

  std::span<const Layer> layers_;
  OnnxGraphWriter& graph_;
  std::vector<std::string> values_;                // of each layer so far
  std::vector<std::pair<int, std::string>> maps_;  // by their owners
  int count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_ONNX_MAP_VALUES_HPP
