#ifndef NETWORK_HPP
#define NETWORK_HPP

#include <pplcnet/pplcnet.hpp>

/// PaddleOCR's text-line orientation, its weights in half precision.
constexpr pplcnet::Options kOptions = [] {
  pplcnet::Options options = pplcnet::models::textline_orientation_x0_25::Definition::options;
  options.storage = pplcnet::Storage::half;
  return options;
}();
using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25, kOptions>;

#endif  // NETWORK_HPP
