#ifndef PPLCNET_MODELS_DETECTORS_HPP
#define PPLCNET_MODELS_DETECTORS_HPP

#include <cstddef>
#include <iterator>
#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/coco_labels.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/picodet.hpp"
#include "pplcnet/models/published.hpp"
#include "pplcnet/networks/picodet.hpp"

// PaddleDetection's PicoDet on LCNet (configs/picodet), as whole detectors.

namespace pplcnet::inline PPLCNET_ABI {
namespace models::picodet {

/// Returns a detector of COCO's 80 classes.
constexpr Published detector_model(std::string_view name, int width, int side) {
  return {
      .model = {.name = name, .preprocessing = paddle_detection(side, side), .labels = kCocoLabels},
      .network = picodet_lcnet,
      .width = width,
      .input = {side, side},
      .classes = static_cast<int>(std::size(kCocoLabels))};
}
inline constexpr Published kDetectors[] = {
    detector_model("picodet_xs_320_coco_lcnet", 35, 320),
    detector_model("picodet_xs_416_coco_lcnet", 35, 416),
    detector_model("picodet_s_320_coco_lcnet", 75, 320),
    detector_model("picodet_s_416_coco_lcnet", 75, 416),
    detector_model("picodet_m_320_coco_lcnet", 150, 320),
    detector_model("picodet_m_416_coco_lcnet", 150, 416),
    detector_model("picodet_l_320_coco_lcnet", 200, 320),
    detector_model("picodet_l_416_coco_lcnet", 200, 416),
    detector_model("picodet_l_640_coco_lcnet", 200, 640),
};

template <std::size_t kRow>
using DetectorModel = NetworkOf<Row<kDetectors, kRow>>;

// NOLINTBEGIN(readability-identifier-naming): the names are those of the published models.
using picodet_xs_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_xs_320_coco_lcnet")>;
using picodet_xs_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_xs_416_coco_lcnet")>;
using picodet_s_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_s_320_coco_lcnet")>;
using picodet_s_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_s_416_coco_lcnet")>;
using picodet_m_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_m_320_coco_lcnet")>;
using picodet_m_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_m_416_coco_lcnet")>;
using picodet_l_320_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_320_coco_lcnet")>;
using picodet_l_416_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_416_coco_lcnet")>;
using picodet_l_640_coco_lcnet = DetectorModel<row_of(kDetectors, "picodet_l_640_coco_lcnet")>;
// NOLINTEND(readability-identifier-naming)

using Detectors = RowsOf<kDetectors>::List;

}  // namespace models::picodet
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_DETECTORS_HPP
