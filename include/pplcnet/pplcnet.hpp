#ifndef PPLCNET_PPLCNET_HPP
#define PPLCNET_PPLCNET_HPP

#include "pplcnet/abi.hpp"
#include "pplcnet/architecture.hpp"
#include "pplcnet/layer.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/plan.hpp"
#include "pplcnet/weights/load.hpp"
#include "pplcnet/weights/save.hpp"

#endif  // PPLCNET_PPLCNET_HPP
