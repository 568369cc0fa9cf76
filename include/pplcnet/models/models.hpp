#ifndef PPLCNET_MODELS_MODELS_HPP
#define PPLCNET_MODELS_MODELS_HPP

// Every published PP-LCNet, and this project's own, each a type of its own: network, preprocessing,
// labels and decoder. A type costs its program nothing until it is used.

#include "pplcnet/abi.hpp"
#include "pplcnet/models/imagenet.hpp"
#include "pplcnet/models/imagenet_v2.hpp"
#include "pplcnet/models/lcnet_baseline.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/ocr.hpp"
#include "pplcnet/models/orientation.hpp"
#include "pplcnet/models/picodet.hpp"
#include "pplcnet/models/pulc.hpp"
#include "pplcnet/models/pytorch.hpp"
#include "pplcnet/models/text.hpp"
#include "pplcnet/models/timm.hpp"

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

using AllModels = Joined<ImageNetModels, ImageNetV2Models, timm::Models, pytorch::Models,
                         ModelList<light_cnns::lcnet_baseline>, OcrModels, OrientationModels,
                         pulc::Models, picodet::Models, text::Models>::List;

/// Calls `visit.operator()<Net>()` for every model; `Net::Definition::model` has its name.
template <class Visit>
constexpr void for_each(Visit&& visit) {
  pplcnet::for_each(AllModels{}, visit);
}

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_MODELS_HPP
