#ifndef PPLCNET_PLAN_READERS_HPP
#define PPLCNET_PLAN_READERS_HPP

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/plan/layer.hpp"

namespace pplcnet::inline PPLCNET_ABI {

namespace planning {

/// A place in the map of a concat (or a shuffle), by its node; -1: none.
struct Slot {
  int concat = -1, channel = 0;
  constexpr bool operator==(const Slot&) const = default;
};

/// Whether a slice is read where it is: whole half panels of a map.
constexpr bool is_view(const Node& node) {
  return node.op == Operator::slice && node.step == 1 && node.first % kHalfPanel == 0;
}

/// Who reads the value of each node of a graph.
class Readers {
 public:
  constexpr explicit Readers(const Graph& graph) : graph_(graph) {
    for (int i = 1; i < graph.node_count; ++i) {
      const Node& node = graph.nodes[i];
      if (node.op != Operator::concat) {
        add(node.input, i);
        if (node.second >= 0) add(node.second, i);
        continue;
      }
      for (int part = 0, channel = 0; part < node.part_count; ++part) {
        const int index = graph.parts[node.first_part + part];
        add(index, i);
        offer(index, {i, channel}, part + 1 == node.part_count);
        channel += graph.nodes[index].shape.channels;
      }
    }
    for (int i = 0; i < graph.output_count; ++i) readers_[graph.outputs[i].node].is_output = true;
  }

  /// Returns whether `reader` is the last reader of `node`, and no other value is a part of it.
  constexpr bool is_last(int reader, int node) const {
    return readers_[node].last == reader && !readers_[node].has_aliases;
  }

  constexpr bool is_output(int node) const { return readers_[node].is_output; }

  /// Returns the sum that is the only reader of a convolution and adds what is there before it; -1:
  /// none.
  constexpr int sum_after(int convolution) const {
    const Reader& reader = readers_[convolution];
    if (reader.count != 1 || reader.is_output) return -1;
    const Node& sum = graph_.nodes[reader.last];
    if (sum.op != Operator::add) return -1;
    const int other = sum.input == convolution ? sum.second : sum.input;
    return other < convolution ? reader.last : -1;
  }

  /// Returns the shuffle that is the only reader of a concat, and that interleaves its parts; -1:
  /// none.
  constexpr int interleaving(int concat) const {
    const Node& node = graph_.nodes[concat];
    const Reader& reader = readers_[concat];
    if (node.op != Operator::concat || reader.count != 1 || reader.is_output) return -1;
    const Node& shuffle = graph_.nodes[reader.last];
    if (shuffle.op != Operator::shuffle || shuffle.groups != node.part_count) return -1;
    for (int i = 0; i < node.part_count; ++i)
      if (graph_.nodes[graph_.parts[node.first_part + i]].shape.channels * node.part_count !=
          node.shape.channels)
        return -1;
    return reader.last;
  }

  /// Returns where in the map of a concat the value of a node is written at once.
  constexpr Slot slot(int node) const {
    const Slot& slot = readers_[node].slot;
    return slot.concat >= 0 && interleaving(slot.concat) < 0 ? slot : Slot{};
  }

 private:
  struct Reader {
    int count = 0, last = -1;
    bool is_output = false;
    bool has_aliases = false;  ///< slices, and concats that it is a part of
    Slot slot;
  };

  constexpr void add(int node, int reader) {
    const Operator op = graph_.nodes[reader].op;
    ++readers_[node].count;
    readers_[node].last = reader;
    if (op == Operator::concat || op == Operator::slice) readers_[node].has_aliases = true;
  }

  /// What a layer computes are whole half panels, so that parts in front of others have to be such;
  /// a copy writes just its channels.
  constexpr void offer(int node, const Slot& slot, bool last) {
    const Node& part = graph_.nodes[node];
    if (part.op == Operator::picture || part.op == Operator::concat ||
        part.op == Operator::shuffle || is_view(part) || readers_[node].slot.concat >= 0)
      return;
    const bool in_panels =
        slot.channel % kHalfPanel == 0 && (last || part.shape.channels % kHalfPanel == 0);
    if (in_panels || part.op == Operator::slice) readers_[node].slot = slot;
  }

  const Graph& graph_;
  Reader readers_[Graph::kMaxNodes] = {};
};

}  // namespace planning

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_PLAN_READERS_HPP
