#ifndef PPLCNET_EXAMPLES_BROWSER_NETWORKS_HPP
#define PPLCNET_EXAMPLES_BROWSER_NETWORKS_HPP

#include <algorithm>
#include <array>

#include "pplcnet/kernels/forward.hpp"
#include "pplcnet/kernels/needs.hpp"
#include "pplcnet/models/orientation.hpp"
#include "pplcnet/weights/stored_as.hpp"

// The networks of the page, as their files are stored.

using PageNet = pplcnet::StoredAs<pplcnet::models::page_orientation, pplcnet::Storage::half>;
using LineNet =
    pplcnet::StoredAs<pplcnet::models::textline_orientation_x0_25, pplcnet::Storage::half>;

/// The kernels of both networks, which are compiled once. Nothing is computed as float16.
inline constexpr pplcnet::Needs kNeeds = [] {
  std::array<pplcnet::Layer, PageNet::layer_count + LineNet::layer_count> layers;
  std::copy(PageNet::layers.begin(), PageNet::layers.end(), layers.begin());
  std::copy(LineNet::layers.begin(), LineNet::layers.end(), layers.begin() + PageNet::layer_count);
  pplcnet::Needs needs = pplcnet::needs_of(layers);
  needs.half_weights = false;
  return needs;
}();

/// kernels.cpp compiles them for speed, all else is compiled for size.
extern template void pplcnet::forward<kNeeds>(const pplcnet::Run& run, pplcnet::Isa isa) noexcept;

#endif  // PPLCNET_EXAMPLES_BROWSER_NETWORKS_HPP
