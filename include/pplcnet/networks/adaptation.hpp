#ifndef PPLCNET_NETWORKS_ADAPTATION_HPP
#define PPLCNET_NETWORKS_ADAPTATION_HPP

#include <optional>
#include <string_view>

#include "pplcnet/graph/shape.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a file may have otherwise than the published network that it is like; what is empty stays.
struct Adaptation {
  std::optional<Extent> input = {};
  std::optional<int> classes = {};
  std::optional<int> head = {};             ///< width of the embedding, 0: none (V1)
  std::optional<int> dropout_percent = {};  ///< before the classes (V1, V2)
  std::string_view framework = {};          ///< whose dialect of the network it is (V1)

  constexpr void apply(Extent& to) const {
    if (input) to = *input;
  }
  constexpr void apply(Extent& to, int& to_classes) const {
    apply(to);
    if (classes) to_classes = *classes;
  }
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_ADAPTATION_HPP
