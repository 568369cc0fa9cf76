#ifndef PPLCNET_MODELS_PYTORCH_HPP
#define PPLCNET_MODELS_PYTORCH_HPP

#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/imagenet_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The networks of the PyTorch reproduction ngnquan/PP-LCNet, with the parameters of its table. Its
// preprocessing is taken to be that of Paddle's.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::pytorch {

/// Returns a row of the table; parameters in millions.
constexpr Model reproduced_model(std::string_view name, double parameters) {
  return {.name = name,
          .preprocessing = paddle_imagenet(),
          .labels = kImageNetLabels,
          .parameters = parameters};
}

template <Scale kScale>
inline constexpr Model kReproducedModel;
template <>
inline constexpr Model kReproducedModel<Scale::x0_25> = reproduced_model("pytorch_x0_25", 1.522960);
template <>
inline constexpr Model kReproducedModel<Scale::x0_35> = reproduced_model("pytorch_x0_35", 1.646888);
template <>
inline constexpr Model kReproducedModel<Scale::x0_5> = reproduced_model("pytorch_x0_5", 1.881864);
template <>
inline constexpr Model kReproducedModel<Scale::x0_75> = reproduced_model("pytorch_x0_75", 2.359792);
template <>
inline constexpr Model kReproducedModel<Scale::x1_0> = reproduced_model("pytorch_x1_0", 2.955816);
template <>
inline constexpr Model kReproducedModel<Scale::x1_5> = reproduced_model("pytorch_x1_5", 4.504136);
template <>
inline constexpr Model kReproducedModel<Scale::x2_0> = reproduced_model("pytorch_x2_0", 6.526824);
template <>
inline constexpr Model kReproducedModel<Scale::x2_5> = reproduced_model("pytorch_x2_5", 9.023880);

/// PPLCNet V1 as the PyTorch reproduction publishes it.
template <Scale kScale>
struct Reproduced : V1<kScale, Options{.dialect = Dialect::pytorch}> {
  static constexpr Model model = kReproducedModel<kScale>;
};

// NOLINTBEGIN(readability-identifier-naming): the names are those of Paddle's models.
using PPLCNet_x0_25 = NetworkOf<Reproduced<Scale::x0_25>>;
using PPLCNet_x0_35 = NetworkOf<Reproduced<Scale::x0_35>>;
using PPLCNet_x0_5 = NetworkOf<Reproduced<Scale::x0_5>>;
using PPLCNet_x0_75 = NetworkOf<Reproduced<Scale::x0_75>>;
using PPLCNet_x1_0 = NetworkOf<Reproduced<Scale::x1_0>>;
using PPLCNet_x1_5 = NetworkOf<Reproduced<Scale::x1_5>>;
using PPLCNet_x2_0 = NetworkOf<Reproduced<Scale::x2_0>>;
using PPLCNet_x2_5 = NetworkOf<Reproduced<Scale::x2_5>>;
// NOLINTEND(readability-identifier-naming)

using Models = ModelList<PPLCNet_x0_25, PPLCNet_x0_35, PPLCNet_x0_5, PPLCNet_x0_75, PPLCNet_x1_0,
                         PPLCNet_x1_5, PPLCNet_x2_0, PPLCNet_x2_5>;

}  // namespace models::pytorch

namespace pytorch = models::pytorch;

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_PYTORCH_HPP
