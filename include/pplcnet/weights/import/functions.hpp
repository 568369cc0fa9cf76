#ifndef PPLCNET_WEIGHTS_IMPORT_FUNCTIONS_HPP
#define PPLCNET_WEIGHTS_IMPORT_FUNCTIONS_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

#include "pplcnet/graph/activation.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/weights/data_type.hpp"

// Activations, however an exporter spells them out: what a chain of operations makes of each
// element is computed at some points, and an activation is what gives the same there.

namespace pplcnet::inline PPLCNET_ABI {

/// A function of one number, by its values at `kPoints`: among these are points where the usual
/// approximations of GELU differ from it.
struct Function {
  static constexpr std::array kPoints = {-7.0F, -3.4F, -2.6F, -2.1F, -1.2F, -0.5F, 0.1F,
                                         0.2F,  0.8F,  1.7F,  2.6F,  4.0F,  7.5F};

  std::array<float, kPoints.size()> values = kPoints;

  /// Returns what an operation makes of the values.
  template <class Operation>
  Function then(const Operation& operation) const {
    Function result;
    std::ranges::transform(values, result.values.begin(), operation);
    return result;
  }
  template <class Operation>
  Function with(const Function& other, const Operation& operation) const {
    Function result;
    std::ranges::transform(values, other.values, result.values.begin(), operation);
    return result;
  }
};

/// Returns x * slope + offset.
inline float on_line(float x, float slope, float offset) { return rounded(x * slope) + offset; }

/// Returns an activation of a number.
inline float value_of(const Activation& activation, float x) {
  const auto clamped = [](float value, float most) { return std::clamp(value, 0.0F, most); };
  using Kind = Activation::Kind;
  switch (activation.kind) {
    case Kind::none:
    case Kind::prelu:  // of numbers that are not known here
      break;
    case Kind::linear:
      return on_line(x, activation.slope, activation.offset);
    case Kind::relu:
      return std::max(x, 0.0F);
    case Kind::relu6:
      return clamped(x, 6);
    case Kind::hardswish:
      return x * clamped(x / 6 + 0.5F, 1);
    case Kind::hardsigmoid:
      return clamped(on_line(x, activation.slope, activation.offset), 1);
    case Kind::sigmoid:
      return 1 / (1 + std::exp(-x));
    case Kind::gelu:
      return x * (1 + std::erf(x * std::sqrt(0.5F))) / 2;
    case Kind::silu:
      return x / (1 + std::exp(-x));
    case Kind::root:
      return std::sqrt(std::max(x + activation.offset, 0.0F));
  }
  return x;
}

namespace recognition {

/// Frameworks round constants in many ways, or to float16.
inline bool is_near(float value, float expected) {
  const float half = float_from_f16(f16_from_float(expected));
  return std::abs(value - expected) < 1e-5F || std::abs(value - half) < 2e-6F;
}

template <class Expected>
bool is(const Function& function, const Expected& expected) {
  constexpr float kTolerance = 1e-4F;
  return std::ranges::equal(function.values, Function::kPoints, [&](float value, float point) {
    return std::abs(value - expected(point)) < kTolerance;
  });
}

}  // namespace recognition

/// Returns whether an activation in a file is that of a network.
inline bool is_same(const Activation& found, const Activation& expected) {
  return found.kind == expected.kind && recognition::is_near(found.slope, expected.slope) &&
         recognition::is_near(found.offset, expected.offset);
}

/// Returns the activation that a function is, if it is one.
inline std::optional<Activation> activation_of(const Function& function) {
  for (const Activation& known :
       {Activation::relu, Activation::relu6, Activation::hardswish, Activation::sigmoid,
        Activation::gelu, Activation::silu, Activation::root_of(0)})
    if (recognition::is(function, [&](float x) { return value_of(known, x); })) return known;
  const float sixth = float_from_f16(f16_from_float(1.0F / 6));
  const auto rounded = [&](float x) { return x * std::clamp(x * sixth + 0.5F, 0.0F, 1.0F); };
  if (recognition::is(function, rounded)) return Activation::hardswish;
  // Between 0 and 1 it is a line.
  constexpr std::size_t kFirst = 6, kSecond = 7;
  const float slope = (function.values[kSecond] - function.values[kFirst]) /
                      (Function::kPoints[kSecond] - Function::kPoints[kFirst]);
  auto line = Activation::hardsigmoid_of(
      slope, on_line(Function::kPoints[kFirst], -slope, function.values[kFirst]));
  if (slope == 0 || !recognition::is(function, [&](float x) { return value_of(line, x); }))
    return std::nullopt;
  if (is_same(line, Activation::hardsigmoid)) return Activation::hardsigmoid;
  return line;
}

/// What elements of one step are as functions of steps before it, the nearest first: no spelling of
/// an activation is longer than this.
class Functions {
 public:
  static constexpr std::size_t kMost = 8;

  /// One of them: a step, and what is done with its elements.
  struct Of {
    int step = -1;
    Function function;
  };

  /// Those of what `operation` makes of a step.
  template <class Operation>
  Functions then(int step, const Operation& operation) const {
    Functions result;
    for (const Of& one : from(step))
      result.all_.push_back({one.step, one.function.then(operation)});
    return result;
  }

  /// Those of what `operation` makes of two steps: of what both are functions of.
  template <class Operation>
  static Functions of(int a, const Functions& of_a, int b, const Functions& of_b,
                      const Operation& operation) {
    Functions result;
    const std::vector<Of> others = of_b.from(b);
    for (const Of& one : of_a.from(a)) {
      const auto other = std::ranges::find(others, one.step, &Of::step);
      if (other != others.end())
        result.all_.push_back({one.step, one.function.with(other->function, operation)});
    }
    return result;
  }

  const std::vector<Of>& all() const { return all_; }

 private:
  /// Returns the step itself, and what it is a function of.
  std::vector<Of> from(int step) const {
    std::vector<Of> result = {{step, {}}};
    result.insert(result.end(), all_.begin(),
                  all_.begin() + static_cast<std::ptrdiff_t>(std::min(all_.size(), kMost - 1)));
    return result;
  }

  std::vector<Of> all_;
};

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_FUNCTIONS_HPP
