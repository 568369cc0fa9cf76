#ifndef PPLCNET_OPEN_PURPOSE_HPP
#define PPLCNET_OPEN_PURPOSE_HPP

#include "pplcnet/abi.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The purpose for which a network is opened, which is evidence of what a file is.
enum class Purpose {
  any,          ///< classifiers and backbones
  whole,        ///< all networks: of one that is the beginning of another the other
  classes,      ///< classifiers
  orientation,  ///< classifiers whose classes are angles
  objects,      ///< detectors
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_PURPOSE_HPP
