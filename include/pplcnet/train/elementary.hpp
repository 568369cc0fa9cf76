#ifndef PPLCNET_TRAIN_ELEMENTARY_HPP
#define PPLCNET_TRAIN_ELEMENTARY_HPP

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "pplcnet/abi.hpp"
#include "pplcnet/rounding.hpp"

// Functions of doubles whose bits are the same on every machine: C libraries differ in the last
// ones. Each operation is rounded on its own.

namespace pplcnet::inline PPLCNET_ABI {

namespace elementary {

/// Returns c[0] + c[1] x + c[2] x² + …
constexpr double polynomial(std::span<const double> coefficients, double x) {
  double sum = 0;
  for (std::size_t i = coefficients.size(); i-- > 0;) sum = coefficients[i] + rounded(sum * x);
  return sum;
}

/// Returns the coefficients of a Taylor series whose terms are (-1)^k x^2k / (2k + first)!.
template <std::size_t kTerms>
constexpr std::array<double, kTerms> alternating_series(int first) {
  std::array<double, kTerms> series = {};
  double term = 1;
  for (std::size_t k = 0; k < kTerms; ++k) {
    series[k] = term;
    const int next = static_cast<int>(2 * k) + first + 1;
    term = -term / (next * (next + 1));
  }
  return series;
}

/// Returns the sine and cosine of an angle from -π/4 to π/4.
struct SineAndCosine {
  double sine, cosine;
};
constexpr SineAndCosine of_small_angle(double angle) {
  constexpr auto kSine = alternating_series<9>(1), kCosine = alternating_series<9>(0);
  const double square = rounded(angle * angle);
  return {rounded(angle * polynomial(kSine, square)), polynomial(kCosine, square)};
}

}  // namespace elementary

/// Returns the sine and cosine of an angle of so many turns, within 1e-15: a turn is 2π.
/// |turns| < 2^40.
constexpr elementary::SineAndCosine sine_and_cosine(double turns) {
  constexpr double kTwoPi = 6.283185307179586;
  const auto quarter = round_half_even(4 * turns);
  const double rest = turns - static_cast<double>(quarter) / 4;  // exact
  const auto [sine, cosine] = elementary::of_small_angle(rounded(kTwoPi * rest));
  switch (quarter & 3) {
    case 0:
      return {sine, cosine};
    case 1:
      return {cosine, -sine};
    case 2:
      return {-sine, -cosine};
    default:
      return {-cosine, sine};
  }
}

/// Returns the natural logarithm of a positive, finite number, within 1e-15 of it or of 1.
inline double natural_logarithm(double x) {
  constexpr double kLogarithmOf2 = 0.6931471805599453, kRootOfHalf = 0.7071067811865476;
  constexpr std::array<double, 12> kSeries = [] {  // of artanh(√x) / √x
    std::array<double, 12> series = {};
    for (std::size_t k = 0; k < series.size(); ++k)
      series[k] = 1.0 / (2.0 * static_cast<double>(k) + 1);
    return series;
  }();
  int exponent = 0;
  double fraction = std::frexp(x, &exponent);  // exact
  if (fraction < kRootOfHalf) {
    fraction *= 2;
    --exponent;
  }
  const double s = (fraction - 1) / (fraction + 1);
  const double series = elementary::polynomial(kSeries, rounded(s * s));
  return rounded(exponent * kLogarithmOf2) + rounded(2 * rounded(s * series));
}

/// Returns the exponential function of a number, within 1e-15 of it; 0 below -745, and infinity
/// above 709.
inline double exponential(double x) {
  constexpr double kInverseOfLogarithm = 1.4426950408889634;
  constexpr double kUpper = 0x1.62e42feep-1, kLower = 0x1.a39ef35793c76p-33;  // ln 2, in two parts
  constexpr std::array<double, 15> kSeries = [] {
    std::array<double, 15> series = {1};
    for (std::size_t k = 1; k < series.size(); ++k)
      series[k] = series[k - 1] / static_cast<double>(k);
    return series;
  }();
  if (!(x > -746)) return x <= -746 ? 0 : x;  // also what is no number
  if (x > 710) return std::numeric_limits<double>::infinity();
  const auto power = round_half_even(rounded(x * kInverseOfLogarithm));
  const auto times = static_cast<double>(power);
  const double rest = x - rounded(times * kUpper) - rounded(times * kLower);
  return std::ldexp(elementary::polynomial(kSeries, rest), static_cast<int>(power));
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_TRAIN_ELEMENTARY_HPP
