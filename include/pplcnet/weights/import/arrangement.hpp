#ifndef PPLCNET_WEIGHTS_IMPORT_ARRANGEMENT_HPP
#define PPLCNET_WEIGHTS_IMPORT_ARRANGEMENT_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "pplcnet/weights/import/channels.hpp"
#include "pplcnet/weights/import/file_graph.hpp"

// What nodes make of lists of channels.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns the channels of a list in rows of `groups`, read by columns.
inline ChannelList shuffled(const ChannelList& list, int groups) {
  const auto rows = static_cast<std::size_t>(groups);
  const std::size_t columns = list.size() / rows;
  ChannelList result;
  for (std::size_t column = 0; column < columns; ++column)
    for (std::size_t row = 0; row < rows; ++row) result.push_back(list[row * columns + column]);
  return result;
}

/// Returns the channels that a slice leaves of a list; none if it does not fit.
inline ChannelList sliced(const ChannelList& list, const GraphNode& node) {
  const auto count = static_cast<int>(list.size());
  std::int64_t first = node.first, last = std::min(node.last, count);
  if (node.parts > 1) {
    if (count % node.parts != 0) return {};
    first = std::int64_t{count / node.parts} * node.part;
    last = first + count / node.parts;
  }
  if (first < 0) first += count;
  if (last < 0) last += count;
  ChannelList result;
  if (first < 0 || last > count || node.step < 1) return {};
  for (std::int64_t i = first; i < last; i += node.step)
    result.push_back(list[static_cast<std::size_t>(i)]);
  return result;
}

/// Returns how many rows a reshape makes of channels; 1: it leaves them side by side.
inline int rows_of(const GraphNode& node, int channels) {
  const int rows = node.numbers[1], columns = node.numbers[2];
  if (node.number_count < 4 || rows < 2 || rows >= channels || channels % rows != 0) return 1;
  const bool rest = columns == -1 && node.number_count == 5;
  return columns == channels / rows || rest ? rows : 1;
}

/// Returns whether a transposition exchanges the rows of channels with their columns.
inline bool transposes_rows(const GraphNode& node) {
  constexpr std::array kOrder = {0, 2, 1, 3, 4};
  return (node.number_count == 4 || node.number_count == 5) &&
         std::equal(kOrder.begin(), kOrder.begin() + node.number_count, node.numbers.begin());
}

/// Returns whether a transposition puts channels after pixels, or back: tokens are in a row.
inline bool is_of_tokens(const GraphNode& node) {
  constexpr std::array<std::array<int, 4>, 3> kOrders = {{{0, 2, 1}, {0, 2, 3, 1}, {0, 3, 1, 2}}};
  return std::ranges::any_of(kOrders, [&](const auto& order) {
    const int count = order[3] == 0 ? 3 : 4;
    return node.number_count == count &&
           std::equal(order.begin(), order.begin() + count, node.numbers.begin());
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_ARRANGEMENT_HPP
