#ifndef PPLCNET_EXAMPLES_NEW_HEAD_HPP
#define PPLCNET_EXAMPLES_NEW_HEAD_HPP

#include <optional>

#include "logistic.hpp"
#include "pplcnet/any_network.hpp"
#include "pplcnet/weights/error.hpp"

/// Makes a network with new classes; everything before them stays as it is.
pplcnet::Error with_head(const pplcnet::AnyNetwork& network, const LogisticHead& head,
                         std::optional<pplcnet::AnyNetwork>& result);

#endif  // PPLCNET_EXAMPLES_NEW_HEAD_HPP
