#ifndef PPLCNET_QUANTISED_HPP
#define PPLCNET_QUANTISED_HPP

// Table of contents of what computes networks in bytes. In a program whose files are compiled with
// PPLCNET_COMPILED one of them is quantised.cpp (CMake's target pplcnet::quantised).

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/quantise/load.hpp"
#include "pplcnet/quantise/save.hpp"
#include "pplcnet/quantised_network.hpp"

#endif  // PPLCNET_QUANTISED_HPP
