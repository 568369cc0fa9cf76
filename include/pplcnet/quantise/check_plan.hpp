#ifndef PPLCNET_QUANTISE_CHECK_PLAN_HPP
#define PPLCNET_QUANTISE_CHECK_PLAN_HPP

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/quantised_flaw.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/naming/layer_name.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Returns why a network cannot be computed in bytes.
inline Error check_quantisable(const Plan& plan) {
  const QuantisedFlaw flaw = quantised_flaw(plan);
  if (!flaw) return {};
  return Error::of(plan.traits.name, ": layer ", flaw.layer, " (",
                   layer_name(plan.layers[flaw.layer]), "): ", text_of(flaw.broken));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_CHECK_PLAN_HPP
