#ifndef PPLCNET_GRAPH_PRECISION_HPP
#define PPLCNET_GRAPH_PRECISION_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// What a network computes with.
enum class Precision : unsigned char {
  float32,
  int8,  ///< bytes and integers; needs quantised.hpp, and weights that were quantised
};

/// The type of a network in a precision, `InPrecision<…>::Network`. `TNet` is the one in floats.
/// That in bytes is defined where quantised.hpp is included.
template <Precision kPrecision, class TNet>
struct InPrecision {
  static_assert(kPrecision == Precision::float32,
                "Precision::int8: the program needs pplcnet/quantised.hpp");
  using Network = TNet;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_GRAPH_PRECISION_HPP
