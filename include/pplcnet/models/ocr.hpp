#ifndef PPLCNET_MODELS_OCR_HPP
#define PPLCNET_MODELS_OCR_HPP

#include <array>
#include <string_view>

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/models/pplcnet.hpp"

// The classifiers of PaddleOCR 3 and PaddleX 3, which publish them as NAME_infer.tar. Strides are
// those of their graphs, labels and preprocessing those of their inference.yml.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

/// Degrees by which a page or picture is rotated.
inline constexpr std::string_view kQuarterRotations[] = {"0", "90", "180", "270"};
/// Degrees by which a line of text is rotated.
inline constexpr std::string_view kHalfRotations[] = {"0_degree", "180_degree"};
inline constexpr std::string_view kTableKinds[] = {"wired_table", "wireless_table"};

/// Of pictures as wide and low as lines of text: the width is halved once.
inline constexpr std::array<Stride, 5> kTextLineStrides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
/// The first release halved it in the stem, and did not halve the height there.
inline constexpr std::array<Stride, 5> kFirstTextLineStrides = {
    {{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};

/// The orientation of pages, as PaddleX publishes it.
struct DocumentOrientation : V1<Scale::x1_0, Options{.classes = 4}> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_doc_ori",
                                  .preprocessing = paddlex_imagenet(),
                                  .labels = kQuarterRotations};
};

/// Tables with lines and without, as PaddleX publishes it.
struct TableClassification : V1<Scale::x1_0, Options{.classes = 2}> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_table_cls",
                                  .preprocessing = paddlex_imagenet(),
                                  .labels = kTableKinds};
};

inline constexpr Options kTextLineOptions = {
    .classes = 2, .input = {80, 160}, .strides = kTextLineStrides};

/// The release of 2025, weights of 1.0 MB.
struct SmallTextLineOrientation : V1<Scale::x0_25, kTextLineOptions> {
  static constexpr Model model = {.name = "PP-LCNet_x0_25_textline_ori",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 98.85};
};

/// The orientation of lines of text at full width, as PaddleX publishes it.
struct LargeTextLineOrientation : V1<Scale::x1_0, kTextLineOptions> {
  static constexpr Model model = {.name = "PP-LCNet_x1_0_textline_ori",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 99.42};
};

/// The first release under the name PP-LCNet_x0_25_textline_ori, weights of 0.3 MB: another
/// network, with other strides and without a head.
struct FirstTextLineOrientation
    : V1<Scale::x0_25,
         Options{.classes = 2, .input = {80, 160}, .strides = kFirstTextLineStrides, .head = 0}> {
  static constexpr Model model = {.name = "PP-LCNet_x0_25_textline_ori_first",
                                  .preprocessing = kTextlineOrientation,
                                  .labels = kHalfRotations,
                                  .top1 = 95.54};
};

// NOLINTBEGIN(readability-identifier-naming): as the published models, in lower case.
using document_orientation = NetworkOf<DocumentOrientation>;
using table_classification = NetworkOf<TableClassification>;
using textline_orientation_x0_25 = NetworkOf<SmallTextLineOrientation>;
using textline_orientation_x1_0 = NetworkOf<LargeTextLineOrientation>;
using textline_orientation_x0_25_first = NetworkOf<FirstTextLineOrientation>;
// NOLINTEND(readability-identifier-naming)

using OcrModels =
    ModelList<textline_orientation_x0_25, textline_orientation_x1_0,
              textline_orientation_x0_25_first, document_orientation, table_classification>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_OCR_HPP
