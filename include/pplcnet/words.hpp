#ifndef PPLCNET_WORDS_HPP
#define PPLCNET_WORDS_HPP

#include <string_view>

#include "pplcnet/architecture.hpp"

// The words for what an architecture is made of, in messages, files and reports.

namespace pplcnet::inline PPLCNET_ABI {

/// Name of a published width: "x1_0" for Scale::x1_0; "custom" for others.
constexpr std::string_view scale_name(Scale scale) {
  constexpr struct {
    Scale scale;
    std::string_view name;
  } kNames[] = {{Scale::x0_25, "x0_25"}, {Scale::x0_35, "x0_35"}, {Scale::x0_5, "x0_5"},
                {Scale::x0_75, "x0_75"}, {Scale::x0_95, "x0_95"}, {Scale::x1_0, "x1_0"},
                {Scale::x1_25, "x1_25"}, {Scale::x1_5, "x1_5"},   {Scale::x2_0, "x2_0"},
                {Scale::x2_5, "x2_5"}};
  for (const auto& [known, name] : kNames)
    if (known == scale) return name;
  return "custom";
}

/// Name of an activation, as it is spelled in `Activation`.
constexpr std::string_view activation_name(const Activation& activation) {
  constexpr struct {
    Activation activation;
    std::string_view name;
  } kNames[] = {{Activation::none, "none"},
                {Activation::relu, "relu"},
                {Activation::relu6, "relu6"},
                {Activation::hardswish, "hardswish"},
                {Activation::hardsigmoid, "hardsigmoid"},
                {Activation::hardsigmoid_paddle, "hardsigmoid_paddle"},
                {Activation::clip, "clip"},
                {Activation::sigmoid, "sigmoid"},
                {Activation::gelu, "gelu"},
                {Activation::silu, "silu"}};
  for (const auto& [known, name] : kNames)
    if (known == activation) return name;
  return "hardsigmoid_of";
}

/// "v1" … "v4", "other".
constexpr std::string_view family_name(Family family) {
  constexpr std::string_view kNames[] = {"v1", "v2", "v3", "v4", "other"};
  return kNames[static_cast<int>(family)];
}

/// "paddle", "timm", "pytorch", "light_cnns".
constexpr std::string_view dialect_name(Dialect dialect) {
  constexpr std::string_view kNames[] = {"paddle", "timm", "pytorch", "light_cnns"};
  return kNames[static_cast<int>(dialect)];
}

/// "single", "half_head", "half".
constexpr std::string_view storage_name(Storage storage) {
  constexpr std::string_view kNames[] = {"single", "half_head", "half"};
  return kNames[static_cast<int>(storage)];
}

/// "none", "input", "depthwise".
constexpr std::string_view shortcut_name(Shortcut shortcut) {
  constexpr std::string_view kNames[] = {"none", "input", "depthwise"};
  return kNames[static_cast<int>(shortcut)];
}

/// "convolution", "convolutions", "branches".
constexpr std::string_view stem_name(Stem stem) {
  constexpr std::string_view kNames[] = {"convolution", "convolutions", "branches"};
  return kNames[static_cast<int>(stem)];
}

/// "classifier", "maps", "columns".
constexpr std::string_view ending_name(Ending ending) {
  constexpr std::string_view kNames[] = {"classifier", "maps", "columns"};
  return kNames[static_cast<int>(ending)];
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WORDS_HPP
