#ifndef PPLCNET_QUANTISE_QUANTISE_NETWORK_HPP
#define PPLCNET_QUANTISE_QUANTISE_NETWORK_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "pplcnet/plan/layer.hpp"
#include "pplcnet/plan/make_quantised_plan.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/bias_correction.hpp"
#include "pplcnet/quantise/calibration.hpp"
#include "pplcnet/quantise/check_plan.hpp"
#include "pplcnet/quantise/picture_scale.hpp"
#include "pplcnet/quantise/quantise.hpp"
#include "pplcnet/quantise/quantised_model.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/out_of_memory.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// The normalised value of each byte, in each channel of a picture.
using PictureTables = std::span<const std::array<float, 256>, kPictureChannels>;

/// Makes a network in bytes of one in floats and what calibration knows of it.
inline Error quantise(const QuantisedPair& network, PictureTables tables,
                      const ChannelRanges& calibrated, QuantisedModel& model) {
  for (std::size_t c = 0; c < tables.size(); ++c) {
    const PictureScale channel = PictureScale::of(tables[c]);
    if (!(channel.scale > 0)) return Error("expected tables that grow from byte 0 to byte 255");
    model.picture_scales[c] = static_cast<float>(channel.scale);
    model.picture_zeros[c] = static_cast<float>(channel.zero);
  }
  if (auto error = quantise(network, calibrated.ranges, model)) return error;
  correct_biases(network, calibrated.means, model);
  return {};
}

/// Does the same with a plan and its packed weights, such as an AnyNetwork's.
inline Error quantise(const Plan& plan, std::span<const float> weights, PictureTables tables,
                      const ChannelRanges& calibrated, QuantisedModel& model) {
  if (auto error = check_quantisable(plan)) return error;
  return with_memory_for(plan.traits.name, [&]() -> Error {
    const auto bytes = new_quantised_plan(plan);
    if (bytes == nullptr) return out_of_memory(plan.traits.name);
    const auto count = static_cast<std::size_t>(plan.layer_count);
    const QuantisedPair network = {std::span(plan.layers).first(count),
                                   std::span(bytes->layers).first(count), weights};
    const auto error = quantise(network, tables, calibrated, model);
    return error ? Error::of(plan.traits.name, ": ", error.message()) : Error();
  });
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_QUANTISE_QUANTISE_NETWORK_HPP
