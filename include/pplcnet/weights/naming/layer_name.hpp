#ifndef PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
#define PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include "pplcnet/compiled.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/join.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns a name as one string.
PPLCNET_INLINE std::string text_of(const Name& name);

/// Returns the project's own name of a layer.
PPLCNET_INLINE std::string layer_name(const Layer& layer);

#if PPLCNET_HAS_DEFINITIONS
PPLCNET_INLINE std::string text_of(const Name& name) {
  std::string text;
  std::size_t next = 0;
  for (const std::string_view part : {name.pattern, name.leaf})
    for (const char c : part) {
      if (c == '#')
        text += std::to_string(name.numbers[next++]);
      else
        text += c;
    }
  return text;
}

PPLCNET_INLINE std::string layer_name(const Layer& layer) {
  if (layer.group_count > 1) return join({text_of(layer.name), ".group", layer.group});
  return text_of(layer.name);
}
#endif  // PPLCNET_HAS_DEFINITIONS

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_NAMING_LAYER_NAME_HPP
