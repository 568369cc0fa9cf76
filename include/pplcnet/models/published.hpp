#ifndef PPLCNET_MODELS_PUBLISHED_HPP
#define PPLCNET_MODELS_PUBLISHED_HPP

#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "pplcnet/graph/graph.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/widths.hpp"

// Models that are rows of a table: their networks are functions of a width.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// A published model, the function that is its network, its width in percent, its input, and its
/// classes.
struct Published {
  Model model;
  Graph (*network)(const WidthOptions&);
  int width = 100;
  Extent input = {224, 224};
  int classes = 1000;
};

/// The definition of a row of a table.
template <const auto& kTable, std::size_t kRow>
struct Row {
  static_assert(kRow < std::size(kTable), "the table has no model of this name");
  static constexpr Model model = kTable[kRow].model;
  static constexpr Graph graph() { return adapted({}); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    WidthOptions options = {
        .width = kTable[kRow].width, .input = kTable[kRow].input, .classes = kTable[kRow].classes};
    adaptation.apply(options.input, options.classes);
    return kTable[kRow].network(options);
  }
};

/// Returns the row of a model; the number of rows, if there is none.
template <std::size_t kRows>
constexpr std::size_t row_of(const Published (&table)[kRows], std::string_view name) {
  std::size_t row = 0;
  while (row < kRows && table[row].model.name != name) ++row;
  return row;
}

/// The networks of all rows, in order: `RowsOf<kTable>::List`.
template <const auto& kTable, class = std::make_index_sequence<std::size(kTable)>>
struct RowsOf;
/// The same, row by row.
template <const auto& kTable, std::size_t... kRows>
struct RowsOf<kTable, std::index_sequence<kRows...>> {
  using List = ModelList<NetworkOf<Row<kTable, kRows>>...>;
};

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PUBLISHED_HPP
