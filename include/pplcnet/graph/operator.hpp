#ifndef PPLCNET_GRAPH_OPERATOR_HPP
#define PPLCNET_GRAPH_OPERATOR_HPP

#include <array>
#include <cstddef>
#include <utility>

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The list of operators: what the nodes of a graph compute, and the layers of a plan. How one is
/// added is in kernels/README.md. A graph's fingerprint has their numbers: a new one comes after
/// the last of those that graphs have.
enum class Operator : unsigned char {
  picture,       ///< 3 channels; a layer makes a map of it
  convolution,   ///< dense: of the picture 3×3 (the stem), of a map with any kernel
  dense,         ///< a matrix-vector product (squeeze-excite, embedding, classifier)
  max_pool,      ///< maximum of a window of pixels
  average_pool,  ///< mean of a window of pixels
  pool,          ///< mean over all pixels: a map becomes a vector
  gate,          ///< a map times a vector, channel by channel
  add,           ///< the sum of two maps
  concat,        ///< along channels
  slice,         ///< some channels
  shuffle,       ///< channel i * groups + j is that of number j * (channels / groups) + i
  affine,        ///< a scale and a shift of each channel
  reduce,        ///< means, maxima or variances along axes, of which one value is left
  multiply,      ///< a map times another one, which is repeated along axes
  normalise,     ///< by means and variances of channels, or of pixels
  rearrange,     ///< the same numbers in other places
  softmax,       ///< over blocks of channels
  attention,     ///< of each row, whose pixels are tokens
  resize,        ///< to another height and width
  l1,            ///< a convolution that takes differences where others take products

  // Of layers alone.
  depthwise,  ///< each channel alone
  pointwise,  ///< 1×1: a matrix product over channels, pixel by pixel
  copy,       ///< some channels of a map go to others of another one
};

inline constexpr std::size_t kOperatorCount = static_cast<std::size_t>(Operator::copy) + 1;

/// Returns a table with `entry.operator()<op>()` for each operator, by its number.
template <class Entry>
constexpr auto operator_table(const Entry& entry) {
  return [&]<std::size_t... kNumber>(std::index_sequence<kNumber...>) {
    return std::array{entry.template operator()<Operator{kNumber}>()...};
  }
  (std::make_index_sequence<kOperatorCount>());
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_OPERATOR_HPP
