#ifndef PPLCNET_WEIGHTS_IMPORT_MAP_CHANNELS_HPP
#define PPLCNET_WEIGHTS_IMPORT_MAP_CHANNELS_HPP

#include <cstddef>
#include <span>
#include <vector>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/import/channels.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What lies in the maps of a plan while its layers are found in a graph: concats, slices and
/// shuffles are places in maps there, and lists of channels here.
class MapChannels {
 public:
  explicit MapChannels(std::span<const Layer> layers) : layers_(layers), maps_(layers.size()) {}

  /// Returns `count` channels of a layer's output, every `step`-th one from `first` on; none if
  /// they are not there.
  ChannelList read(int layer, int first, int count, int step = 1) const {
    const Layer& from = layers_[static_cast<std::size_t>(layer)];
    const ChannelList& map = maps_[static_cast<std::size_t>(from.owner)];
    const int begin = from.owner_channel + first;
    if (begin < 0 || count < 1 ||
        static_cast<std::size_t>(begin + (count - 1) * step) >= map.size())
      return {};
    ChannelList list;
    for (int i = 0; i < count; ++i) list.push_back(map[static_cast<std::size_t>(begin + i * step)]);
    return list;
  }

  /// Returns all channels of the map that a layer writes to.
  const ChannelList& map_of(const Layer& layer) const {
    return maps_[static_cast<std::size_t>(layer.owner)];
  }

  /// Puts a layer's output where the plan has it.
  void write(const Layer& layer, const ChannelList& list) {
    const Layer& owner = layers_[static_cast<std::size_t>(layer.owner)];
    ChannelList& map = maps_[static_cast<std::size_t>(layer.owner)];
    map.resize(static_cast<std::size_t>(owner.map_channels));
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::size_t place = static_cast<std::size_t>(layer.owner_channel) +
                                i * static_cast<std::size_t>(layer.write_step);
      if (place < map.size()) map[place] = list[i];
    }
  }

 private:
  std::span<const Layer> layers_;
  std::vector<ChannelList> maps_;  // by their owners
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_MAP_CHANNELS_HPP
