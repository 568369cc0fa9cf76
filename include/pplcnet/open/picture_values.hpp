#ifndef PPLCNET_OPEN_PICTURE_VALUES_HPP
#define PPLCNET_OPEN_PICTURE_VALUES_HPP

#include <cmath>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "pplcnet/any_quantised_network.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/image/preprocessing.hpp"
#include "pplcnet/plan/quantised_layer.hpp"
#include "pplcnet/quantise/picture_scale.hpp"
#include "pplcnet/weights/check_values.hpp"
#include "pplcnet/weights/error.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Checks that the bytes of pictures stand for the same values in a quantised network and in the
/// preprocessing of its pictures: a network in bytes has been quantised for one normalisation.
inline Error check_picture_values(const AnyQuantisedNetwork& network,
                                  const Preprocessing& preprocessing, std::string_view path) {
  PictureConstants found;
  std::memcpy(&found, network.weights().data(), sizeof found);
  const auto tables = normalisation_tables(preprocessing.normalisation);
  for (std::size_t c = 0; c < tables.size(); ++c) {
    const PictureScale expected = PictureScale::of(tables[c]);
    const bool same = std::abs(found.scale[c] - expected.scale) <= 1e-4 * expected.scale &&
                      std::abs(found.zero[c] - expected.zero) <= 0.01;
    if (same) continue;
    const auto text = [](double number) { return checking::text_of(static_cast<float>(number)); };
    return Error::of(path, ": expected pictures' values as of the preset ",
                     quote(preprocessing.name), ", ", text(expected.scale), " * (byte - ",
                     text(expected.zero), "), found ", text(found.scale[c]), " * (byte - ",
                     text(found.zero[c]), ") in channel ", c,
                     "; what is in int8 keeps the normalisation that it was quantised with");
  }
  return {};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_OPEN_PICTURE_VALUES_HPP
