#ifndef PPLCNET_MODELS_TEXT_READING_HPP
#define PPLCNET_MODELS_TEXT_READING_HPP

#include "pplcnet/image/presets.hpp"
#include "pplcnet/models/model.hpp"
#include "pplcnet/network.hpp"
#include "pplcnet/networks/adaptation.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"

// PP-OCRv4's mobile models, whole: those that find and read lines of text, at the size they were
// trained on. PP-OCRv5's have the same graphs; its recogniser has another dictionary. Pictures are
// BGR; `TextReader` chooses their sizes.

namespace pplcnet::inline PPLCNET_ABI {
namespace models {

constexpr Preprocessing bgr(Preprocessing preprocessing) {
  preprocessing.channel_order = ChannelOrder::bgr;
  return preprocessing;
}

/// PP-OCRv4's detector of text for small machines, as published.
struct MobileTextDetection {
  static constexpr WidthOptions kOptions = {.width = 75, .input = {640, 640}};
  static constexpr Model model = {.name = "PP-OCRv4_mobile_det",
                                  .preprocessing = bgr(paddle_direct(640, 640))};
  static constexpr Graph graph() { return ocr_detection(kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    WidthOptions options = kOptions;
    adaptation.apply(options.input);
    return ocr_detection(options);
  }
};

/// Of 6,623 characters, the blank and the space.
struct MobileTextRecognition {
  static constexpr WidthOptions kOptions = {.width = 95, .input = {48, 320}, .classes = 6625};
  static constexpr Model model = {
      .name = "PP-OCRv4_mobile_rec",
      .preprocessing = bgr(direct_resize("text_line",
                                         {.formula = NormalisationFormula::timm,
                                          .mean = {0.5, 0.5, 0.5},
                                          .deviation = {0.5, 0.5, 0.5}},
                                         48, 320))};
  static constexpr Graph graph() { return ocr_recognition(kOptions); }
  static constexpr Graph adapted(const Adaptation& adaptation) {
    WidthOptions options = kOptions;
    adaptation.apply(options.input, options.classes);
    return ocr_recognition(options);
  }
};

using PPOCRv4_mobile_det =  // NOLINT(readability-identifier-naming): as published
    NetworkOf<MobileTextDetection>;
using PPOCRv4_mobile_rec =  // NOLINT(readability-identifier-naming): as published
    NetworkOf<MobileTextRecognition>;

using TextReadingModels = ModelList<PPOCRv4_mobile_det, PPOCRv4_mobile_rec>;

}  // namespace models
}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_MODELS_TEXT_READING_HPP
