#ifndef PPLCNET_WEIGHTS_IMPORT_CHANNELS_HPP
#define PPLCNET_WEIGHTS_IMPORT_CHANNELS_HPP

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

#include "pplcnet/abi.hpp"

// Concats, slices and shuffles compute nothing: they say which channel of which step each channel
// of theirs is. Two of them, however they are written, are the same if that is the same.

namespace pplcnet::inline PPLCNET_ABI {

/// A channel of what a step computes.
struct Channel {
  int step = -1, channel = 0;
  bool operator==(const Channel&) const = default;
  bool operator<(const Channel& other) const {
    return step != other.step ? step < other.step : channel < other.channel;
  }
};
using ChannelList = std::vector<Channel>;

/// All lists of channels in a graph, each once.
class ChannelLists {
 public:
  /// Of all lists together: far above any network, and 8 MiB.
  static constexpr std::size_t kMost = 1 << 20;

  /// Returns the step whose channels these are; -1: none.
  int find(const ChannelList& list) const {
    const auto found = steps_.find(list);
    return found == steps_.end() ? -1 : found->second;
  }

  /// Remembers a new list as that of a step, and returns where it is kept.
  const ChannelList* add(ChannelList list, int step) {
    count_ += list.size();
    return &steps_.emplace(std::move(list), step).first->first;
  }

  bool has_room(std::size_t channels) const { return channels <= kMost - std::min(kMost, count_); }

  /// Returns a step with the same channels in another order; -1: none.
  int find_permuted(ChannelList list) const {
    std::sort(list.begin(), list.end());
    for (const auto& [other, step] : steps_) {
      if (other.size() != list.size()) continue;
      ChannelList sorted = other;
      std::sort(sorted.begin(), sorted.end());
      if (sorted == list) return step;
    }
    return -1;
  }

 private:
  std::map<ChannelList, int> steps_;
  std::size_t count_ = 0;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_CHANNELS_HPP
