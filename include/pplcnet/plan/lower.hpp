#ifndef PPLCNET_PLAN_LOWER_HPP
#define PPLCNET_PLAN_LOWER_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/layer_of.hpp"
#include "pplcnet/plan/readers.hpp"

// From a graph's nodes to the layers that kernels compute.

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// Where the value of a node is: in the output of a layer, from a channel on.
struct Where {
  int layer = -1, channel = 0;
};

/// Appends layers to a plan, node by node. A sum becomes the last step of the convolution before
/// it, where it is the only reader; a concat is one map that its parts are written to; a slice is
/// a part of a map. What cannot be read or written where it is gets copied.
class Lowering {
 public:
  constexpr Lowering(const Graph& graph, Plan& plan) : graph_(graph), plan_(plan), readers_(graph) {
    for (int i = 0; i < graph.node_count; ++i) owners_[i] = -1;
  }

  constexpr void run() {
    for (int node = 1; node < graph_.node_count; ++node) {
      lower(node);
      if (readers_.is_output(node)) results_[node] = whole(node);
    }
    for (int i = 0; i < graph_.output_count; ++i) {
      const auto& [role, node, name] = graph_.outputs[i];
      const int layer = results_[node];
      if (role == Role::stage) {
        plan_.stage_names[plan_.stage_count] = name;
        plan_.stages[plan_.stage_count++] = layer;
      } else {
        plan_.output_names[plan_.output_count] = name;
        plan_.outputs[plan_.output_count++] = layer;
      }
    }
  }

 private:
  constexpr void lower(int index) {
    const Node& node = graph_.nodes[index];
    switch (node.op) {
      case Operator::picture:
        break;
      case Operator::convolution:
      case Operator::affine:
      case Operator::l1:
        return lower_convolution(index);
      case Operator::gate:
      case Operator::multiply:
        return lower_product(index);
      case Operator::add:
        return lower_add(index);
      case Operator::concat:
        return lower_concat(index);
      case Operator::slice:
        return lower_slice(index);
      case Operator::shuffle:
        return lower_shuffle(index);
      default:
        return lower_reader(index);
    }
  }

  /// Has a layer read the value of a node.
  constexpr void read(Layer& layer, int node) {
    const Where from = where(node);
    layer.from = from.layer;
    layer.from_channel = from.channel;
    layer.input = graph_.nodes[node].shape;
  }

  /// Returns where the value of a node is; the picture becomes a map when one is asked for.
  constexpr Where where(int node) {
    if (node == 0 && where_[0].layer < 0) {
      Layer layer;
      layer.op = Operator::picture;
      layer.input = layer.output = graph_.nodes[0].shape;
      where_[0] = {append(layer), 0};
    }
    return where_[node];
  }

  /// Appends a layer that writes a map of its own, or its part of a concat's.
  constexpr int append(Layer layer, int node = -1) {
    const int index = plan_.layer_count++;
    layer.owner = index;
    layer.map_channels = layer.output.channels;
    if (node >= 0) {
      where_[node] = {index, 0};
      if (const Slot slot = readers_.slot(node); slot.concat >= 0) join(layer, index, slot);
    }
    plan_.layers[index] = layer;
    return index;
  }

  /// Makes a layer's output part of a concat's map, which the first one of its parts owns.
  constexpr void join(Layer& layer, int index, const Slot& slot) {
    int& owner = owners_[slot.concat];
    if (owner < 0) {
      owner = index;
      layer.map_channels = graph_.nodes[slot.concat].shape.channels;
    }
    layer.owner = owner;
    layer.owner_channel = slot.channel;
  }

  /// Appends a copy of some channels of a layer's output.
  constexpr int append_copy(Where from, const Shape& shape, int read_step, int write_step,
                            const Slot& slot, int node = -1) {
    Layer layer;
    layer.op = Operator::copy;
    layer.from = from.layer;
    layer.from_channel = from.channel;
    layer.input = layer.output = shape;
    layer.read_step = read_step;
    layer.write_step = write_step;
    const int index = append(layer, node);
    if (slot.concat >= 0) join(plan_.layers[index], index, slot);
    return index;
  }

  constexpr void lower_convolution(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    if (node.groups > 1 || node.op == Operator::affine)
      layer.op = Operator::depthwise;
    else if (node.op == Operator::convolution && node.window == Window{})
      layer.op = Operator::pointwise;
    if (node.input == 0 && is_stem(node))
      layer.input = graph_.nodes[0].shape;
    else
      read(layer, node.input);
    if (node.reads_group) {
      layer.input.channels /= node.group_count;
      layer.from_channel += layer.input.channels * node.group;
    }
    if (node.weights_of >= 0) layer.weights_of = weights_[node.weights_of];
    const int sum = readers_.sum_after(index);
    if (sum < 0) {
      weights_[index] = append(layer, index);
      return;
    }
    const Node& add = graph_.nodes[sum];
    const Where addend = where(add.input == index ? add.second : add.input);
    layer.addend = addend.layer;
    layer.addend_channel = addend.channel;
    layer.last_activation = add.activation;
    weights_[index] = append(layer, sum);
  }

  /// Appends the layer of a node that reads one value.
  constexpr void lower_reader(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    read(layer, node.input);
    append(layer, index);
  }

  /// Appends a map times a vector, or times another map.
  constexpr void lower_product(int index) {
    const Node& node = graph_.nodes[index];
    Layer layer = layer_of(node);
    read(layer, node.input);
    const Where factors = where(node.second);
    if (node.op == Operator::gate) {
      layer.factors = factors.layer;
    } else {
      layer.addend = factors.layer;
      layer.addend_channel = factors.channel;
      layer.factor_shape = graph_.nodes[node.second].shape;
    }
    const int gate = append(layer, index);
    // In place, where it is the last reader of the map.
    const Layer& source = plan_.layers[layer.from];
    if (!readers_.is_last(index, node.input) || source.owner != layer.from ||
        source.output != node.shape || source.map_channels != source.output.channels ||
        readers_.slot(index).concat >= 0)
      return;
    plan_.layers[gate].owner = layer.from;
  }

  constexpr void lower_add(int index) {
    const Node& node = graph_.nodes[index];
    if (where_[index].layer >= 0) return;  // the last step of a convolution
    Layer layer = layer_of(node);
    read(layer, node.input);
    const Where addend = where(node.second);
    layer.addend = addend.layer;
    layer.addend_channel = addend.channel;
    append(layer, index);
  }

  constexpr void lower_concat(int index) {
    const Node& node = graph_.nodes[index];
    if (readers_.interleaving(index) >= 0) return;
    for (int i = 0, channel = 0; i < node.part_count; ++i) {
      const int part = graph_.parts[node.first_part + i];
      const Shape& shape = graph_.nodes[part].shape;
      if (const Slot slot = {index, channel}; readers_.slot(part) != slot)
        append_copy(where(part), shape, 1, 1, slot);
      channel += shape.channels;
    }
    const int owner = owners_[index];
    where_[index] = {owner, -plan_.layers[owner].owner_channel};
  }

  /// Whole half panels of a map are read where they are.
  constexpr void lower_slice(int index) {
    const Node& node = graph_.nodes[index];
    const Where from = where(node.input);
    const Where first = {from.layer, from.channel + node.first};
    if (is_view(node) && from.layer >= 0)
      where_[index] = first;
    else
      append_copy(first, node.shape, node.step, 1, {}, index);
  }

  /// Appends a shuffle: each group becomes every so many channels.
  constexpr void lower_shuffle(int index) {
    const Node& node = graph_.nodes[index];
    const Node& input = graph_.nodes[node.input];
    const bool interleaves = readers_.interleaving(node.input) == index;
    const Shape shape = {node.shape.height, node.shape.width, node.shape.channels / node.groups};
    for (int i = 0; i < node.groups; ++i) {
      Where from;
      if (interleaves) {
        from = where(graph_.parts[input.first_part + i]);
      } else {
        from = where(node.input);
        from.channel += i * shape.channels;
      }
      append_copy(from, shape, 1, node.groups, {index, i});
    }
    where_[index] = {owners_[index], 0};
  }

  /// Returns the layer whose whole output the value of a node is.
  constexpr int whole(int node) {
    const Where from = where(node);
    const Layer& layer = plan_.layers[from.layer];
    const Shape& shape = graph_.nodes[node].shape;
    if (from.channel == 0 && layer.output == shape && layer.write_step == 1) return from.layer;
    return append_copy(from, shape, 1, 1, {});
  }

  const Graph& graph_;
  Plan& plan_;
  Readers readers_;
  Where where_[Graph::kMaxNodes] = {};
  int results_[Graph::kMaxNodes] = {};  // layers whose output is that of a node
  int weights_[Graph::kMaxNodes] = {};  // layers that have the weights of a node
  int owners_[Graph::kMaxNodes] = {};   // of the maps of concats and shuffles: a layer, or -1
};

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_LOWER_HPP
