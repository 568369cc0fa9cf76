#ifndef PPLCNET_IMAGE_NORMALISATION_HPP
#define PPLCNET_IMAGE_NORMALISATION_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/image/view.hpp"
#include "pplcnet/rounding.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// Order of the tensor's planes.
enum class ChannelOrder { rgb, bgr };

/// In which order, and with which roundings to float, a pixel x in 0 ... 255 becomes a number.
enum class NormalisationFormula {
  paddle,  ///< (x * scale - mean) / deviation, every step in float (PaddleClas NormalizeImage).
  timm,    ///< (x / 255 - mean) / deviation, every step in float (torchvision ToTensor, Normalize).
  paddle_detection,  ///< The same, but mean and deviation are doubles (PaddleDetection).
  paddlex,  ///< x * alpha + beta in float, alpha = scale / deviation and beta = -mean / deviation
            ///< in double (PaddleX 3 Normalize).
};

/// Pixels to numbers. The constants are doubles as in the reference's configuration files.
struct Normalisation {
  NormalisationFormula formula = NormalisationFormula::paddle;
  double scale = 1.0 / 255.0;                               ///< timm does not use it.
  std::array<double, 3> mean = {0.485, 0.456, 0.406};       ///< Of plane 0, 1, 2 of the tensor.
  std::array<double, 3> deviation = {0.229, 0.224, 0.225};  ///< Of plane 0, 1, 2 of the tensor.
};

/// Returns value x of plane `plane`.
///
/// Each float operation is done in double and rounded to float at once. For two floats and one of
/// + - * / that gives the float result exactly (53 bits are at least 2 * 24 + 2), while no compiler
/// can keep more bits than float has.
constexpr float normalised(const Normalisation& normalisation, std::size_t plane, int x) {
  const double scale = normalisation.scale;
  const double mean = normalisation.mean[plane];
  const double deviation = normalisation.deviation[plane];
  if (normalisation.formula == NormalisationFormula::paddlex) {
    const auto alpha = static_cast<float>(scale / deviation);
    const auto beta = static_cast<float>(-mean / deviation);
    const float scaled = rounded(static_cast<float>(x * double{alpha}));
    return static_cast<float>(double{scaled} + double{beta});
  }
  const float scaled = normalisation.formula == NormalisationFormula::timm
                           ? static_cast<float>(x / 255.0)
                           : rounded(static_cast<float>(x * double{static_cast<float>(scale)}));
  if (normalisation.formula == NormalisationFormula::paddle_detection) {
    const auto centred = static_cast<float>(double{scaled} - mean);
    return static_cast<float>(double{centred} / deviation);
  }
  const auto centred = static_cast<float>(double{scaled} - double{static_cast<float>(mean)});
  return static_cast<float>(double{centred} / double{static_cast<float>(deviation)});
}

/// Returns all values of one plane.
constexpr std::array<float, 256> normalisation_table(const Normalisation& normalisation,
                                                     std::size_t plane) {
  std::array<float, 256> table{};
  for (int x = 0; x < 256; ++x) {
    table[static_cast<std::size_t>(x)] = normalised(normalisation, plane, x);
  }
  return table;
}

/// Returns the tables of all planes.
constexpr std::array<std::array<float, 256>, kImageChannels> normalisation_tables(
    const Normalisation& normalisation) {
  std::array<std::array<float, 256>, kImageChannels> tables = {};
  for (std::size_t plane = 0; plane < kImageChannels; ++plane)
    tables[plane] = normalisation_table(normalisation, plane);
  return tables;
}

/// Makes planes of floats of interleaved RGB pixels; both spans have the same size, a multiple of
/// 3.
inline void normalise(const Normalisation& normalisation, ChannelOrder order,
                      std::span<const std::uint8_t> rgb, std::span<float> planes) {
  const std::size_t pixel_count = rgb.size() / kImageChannels;
  for (std::size_t plane = 0; plane < kImageChannels; ++plane) {
    const std::array<float, 256> table = normalisation_table(normalisation, plane);
    const std::size_t channel = order == ChannelOrder::rgb ? plane : 2 - plane;
    float* out = planes.data() + plane * pixel_count;
    for (std::size_t i = 0; i < pixel_count; ++i) out[i] = table[rgb[i * kImageChannels + channel]];
  }
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_IMAGE_NORMALISATION_HPP
