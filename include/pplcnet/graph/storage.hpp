#ifndef PPLCNET_GRAPH_STORAGE_HPP
#define PPLCNET_GRAPH_STORAGE_HPP

#include <string_view>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// How weights are kept in memory and in native files. Arithmetic is float32 whatever it is.
enum class Storage : unsigned char {
  single,     ///< float32
  half_head,  ///< float16 in the dense layers after the last pooling: most of a small network
  half,       ///< float16 in these, in pointwise and in squeeze-excite layers: nearly all
};

/// Returns "single", "half_head" or "half".
constexpr std::string_view storage_name(Storage storage) {
  constexpr std::string_view kNames[] = {"single", "half_head", "half"};
  return kNames[static_cast<int>(storage)];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_STORAGE_HPP
