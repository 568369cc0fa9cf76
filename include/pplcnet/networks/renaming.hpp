#ifndef PPLCNET_NETWORKS_RENAMING_HPP
#define PPLCNET_NETWORKS_RENAMING_HPP

#include <span>
#include <string_view>

#include "pplcnet/graph/naming.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet::inline PPLCNET_ABI {

/// A module in another naming: what the project calls it (the part after the name of its block,
/// where it is in one), and what its weights and its batch norm are called there.
struct Renaming {
  std::string_view own, weights, norm = {};
};

/// Returns the names of a module by a table, after that of its block there; empty if it has none.
constexpr ModuleNames renamed(const Name& own, std::span<const Renaming> table, const Name& block) {
  const std::string_view part = own.leaf.empty() ? own.pattern : own.leaf;
  for (const Renaming& row : table) {
    if (row.own != part) continue;
    if (own.leaf.empty()) return {row.weights, row.norm};
    return {block + row.weights, row.norm.empty() ? Name() : block + row.norm};
  }
  return {};
}

/// Returns how PaddleClas' and PaddleOCR's newer networks name their tensors.
constexpr Naming paddle_naming(std::string_view what, ModuleNames (*module)(const Name& own)) {
  return {.framework = "paddle",
          .what = what,
          .tensors = kPaddleClas,
          .linear = Layout::in_out,
          .module = module};
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_NETWORKS_RENAMING_HPP
