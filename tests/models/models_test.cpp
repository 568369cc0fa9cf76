// Published models as types: what is known about each, checked by the compiler where it can be.
#include "pplcnet/models/models.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "pplcnet/image/attributes.hpp"
#include "pplcnet/models/flops.hpp"

namespace pplcnet_test::models_test {
namespace {

namespace models = pplcnet::models;
namespace pulc = pplcnet::pulc;
namespace pytorch = pplcnet::pytorch;
namespace timm = pplcnet::timm;
using pplcnet::Geometry;
using pplcnet::Interpolation;
using pplcnet::Model;
using pplcnet::Output;
using pplcnet::Prediction;
using pplcnet::Shape;
using pplcnet::Stride;

template <class Net>
constexpr const Model& kModel = Net::Definition::model;

struct Counts {
  std::int64_t parameters, buffers, multiply_adds;
  constexpr bool operator==(const Counts&) const = default;
};
template <class Net>
constexpr Counts kCounts = {Net::parameter_count, Net::buffer_count, Net::multiply_add_count};

/// What is after the last block: rows and columns of the map.
template <class Net>
constexpr bool ends_with(int height, int width) {
  constexpr Shape kLast = Net::stage_shape(Net::stage_count - 1);
  return kLast.height == height && kLast.width == width;
}

// ---- Of every model --------------------------------------------------------------------------

template <class Net>
constexpr bool holds_together() {
  const Model& model = kModel<Net>;
  const auto classes = static_cast<std::size_t>(Net::classes);
  return !model.name.empty() && model.preprocessing.tensor_size() == Net::input_size &&
         model.preprocessing.height == Net::input_shape.height &&
         (model.labels.empty() || model.labels.size() == classes) &&
         (!model.threshold || (classes == 2 && model.output == Output::softmax));
}

TEST(Models, HoldTogetherAndHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  int count = 0;
  models::for_each([&]<class Net>() {
    static_assert(holds_together<Net>());
    static_assert(pplcnet::HasModel<Net>);
    names.insert(kModel<Net>.name);
    ++count;
  });
  EXPECT_EQ(count, 8 + 4 + 5 + 8 + 1 + 5 + 1 + 13 + 5 + 8);
  EXPECT_EQ(names.size(), static_cast<std::size_t>(count));
}

TEST(Models, LabelsAreMissingOnlyWhereTheyAreInAFileOfPaddles) {
  models::for_each([]<class Net>() {
    const bool none = Net::classes == 0 || kModel<Net>.name == "traffic_sign";
    EXPECT_EQ(kModel<Net>.labels.empty(), none) << kModel<Net>.name;
  });
}

// ---- ImageNet --------------------------------------------------------------------------------

static_assert(kCounts<models::PPLCNet_x0_25> == Counts{1'521'184, 2'752, 16'773'440});
static_assert(kCounts<models::PPLCNet_x0_35> == Counts{1'643'090, 3'840, 27'357'832});
static_assert(kCounts<models::PPLCNet_x0_5> == Counts{1'879'576, 5'472, 44'731'008});
static_assert(kCounts<models::PPLCNet_x0_75> == Counts{2'357'008, 8'224, 94'786'496});
static_assert(kCounts<models::PPLCNet_x1_0> == Counts{2'952'520, 10'944, 155'700'480});
static_assert(kCounts<models::PPLCNet_x1_5> == Counts{4'499'832, 16'416, 334'188'416});
static_assert(kCounts<models::PPLCNet_x2_0> == Counts{6'521'512, 21'888, 580'194'816});
static_assert(kCounts<models::PPLCNet_x2_5> == Counts{9'017'560, 27'360, 893'719'680});
static_assert(std::is_same_v<models::PPLCNet_x0_5_ssld, models::PPLCNet_x0_5>);
static_assert(std::is_same_v<models::PPLCNet_x1_0_ssld, models::PPLCNet_x1_0>);
static_assert(std::is_same_v<models::PPLCNet_x2_5_ssld, models::PPLCNet_x2_5>);
static_assert(kModel<models::PPLCNet_x1_0>.preprocessing.name == "paddle_imagenet");
static_assert(kModel<models::PPLCNet_x1_0>.preprocessing.resize_short == 256);
static_assert(kModel<models::PPLCNet_x1_0>.top1 == 71.32);

constexpr std::int64_t rounded(std::int64_t count, std::int64_t unit) {
  return (count + unit / 2) / unit;
}
/// In units of 10,000: millions with two decimals.
constexpr std::int64_t hundredths(double millions) {
  return static_cast<std::int64_t>(millions * 100 + 0.5);
}
template <class Net>
constexpr std::int64_t kFlops = flops(Net::layers);
template <class Net>
constexpr bool kFlopsAreThePublished = rounded(kFlops<Net>, 10'000) ==
                                       hundredths(kModel<Net>.flops);
/// "604 MFLOPs and 6.6 M parameters": PaddleClas' model page of PP-LCNetV2.
static_assert(kFlops<models::PPLCNetV2_base> / 1'000'000 == 604);
static_assert(rounded(models::PPLCNetV2_base::parameter_count, 100'000) == 66);
static_assert(models::PPLCNetV2_base_ShiTu::embedding_size == 512);
static_assert(models::PPLCNetV2_base_ShiTu::classes == 0);
static_assert(kFlopsAreThePublished<models::PPLCNet_x0_25>);
static_assert(kFlopsAreThePublished<models::PPLCNet_x0_35>);
static_assert(kFlopsAreThePublished<models::PPLCNet_x0_5>);
static_assert(kFlopsAreThePublished<models::PPLCNet_x0_75>);
static_assert(kFlopsAreThePublished<models::PPLCNet_x1_0>);
// Published as 341.86; the two largest without decimals.
static_assert(kFlops<models::PPLCNet_x1_5> == 341'849'888);
static_assert(rounded(kFlops<models::PPLCNet_x2_0>, 1'000'000) == 590);
static_assert(rounded(kFlops<models::PPLCNet_x2_5>, 1'000'000) == 906);
// The sum for x0_25, by hand: 730,688 outputs of batch norms; biases of two gates; three pools.
static_assert(kFlops<models::PPLCNet_x0_25> ==
              16'773'440 + 2 * 730'688 + (16 + 64 + 32 + 128) + (7 * 7 + 1) * (64 + 128 + 128));

/// Paddle counts batch norm's statistics, the reproduction does not and rounds nothing.
TEST(Models, ParametersAreThePublished) {
  pplcnet::for_each(models::ImageNetModels{}, []<class Net>() {
    static_assert(rounded(Net::parameter_count + Net::buffer_count, 10'000) ==
                  hundredths(kModel<Net>.parameters));
  });
  pplcnet::for_each(pytorch::Models{}, []<class Net>() {
    static_assert(Net::parameter_count ==
                  static_cast<std::int64_t>(kModel<Net>.parameters * 1e6 + 0.5));
  });
}

// ---- timm, and the PyTorch reproduction ------------------------------------------------------

static_assert(kCounts<timm::lcnet_035> == Counts{1'644'370, 3'840, 27'357'832});
static_assert(kCounts<timm::lcnet_050> == Counts{1'880'856, 5'472, 44'731'008});
static_assert(kCounts<timm::lcnet_075> == Counts{2'358'288, 8'224, 94'786'496});
static_assert(kCounts<timm::lcnet_100> == Counts{2'953'800, 10'944, 155'700'480});
static_assert(kCounts<timm::lcnet_150> == Counts{4'501'112, 16'416, 334'188'416});
static_assert(kModel<timm::lcnet_050>.preprocessing.interpolation == Interpolation::pillow_bicubic);
static_assert(kModel<timm::lcnet_075>.preprocessing.interpolation == Interpolation::pillow_bicubic);
static_assert(kModel<timm::lcnet_100>.preprocessing.interpolation == Interpolation::pillow_bicubic);
static_assert(kModel<timm::lcnet_150>.preprocessing.interpolation ==
              Interpolation::pillow_bilinear);
static_assert(timm::lcnet_100::traits.namings.front().framework == "timm");
static_assert(pytorch::PPLCNet_x1_0::traits.namings.front().framework == "pytorch");
using pplcnet::light_cnns::lcnet_baseline;
static_assert(kCounts<lcnet_baseline> == Counts{2'952'520, 10'944, 155'700'480});
static_assert(lcnet_baseline::traits.namings.front().framework == "light_cnns");

// ---- PaddleOCR -------------------------------------------------------------------------------

constexpr std::array<Stride, 5> kTextLine = {{{2, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};
constexpr std::array<Stride, 5> kFirstTextLine = {{{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}};

using NewLine = models::textline_orientation_x0_25;
static_assert(NewLine::input_shape == Shape{80, 160, 3} && NewLine::classes == 2);
static_assert(NewLine::Definition::options.strides == kTextLine && ends_with<NewLine>(3, 80));
static_assert(kCounts<NewLine> == Counts{242'746, 2'752, 23'214'080});
static_assert(kModel<NewLine>.top1 == 98.85);

using FirstLine = models::textline_orientation_x0_25_first;
static_assert(FirstLine::input_shape == Shape{80, 160, 3} && FirstLine::classes == 2);
static_assert(FirstLine::Definition::options.strides == kFirstTextLine);
static_assert(ends_with<FirstLine>(5, 80) && FirstLine::embedding_size == 128);
static_assert(kCounts<FirstLine> == Counts{76'602, 2'752, 43'735'296});
static_assert(kModel<FirstLine>.top1 == 95.54);

using LargeLine = models::textline_orientation_x1_0;
static_assert(LargeLine::input_shape == Shape{80, 160, 3} && ends_with<LargeLine>(3, 80));
static_assert(kCounts<LargeLine> == Counts{1'674'082, 10'944, 292'979'200});
static_assert(kModel<LargeLine>.labels[1] == "180_degree");
static_assert(kModel<LargeLine>.preprocessing.geometry == Geometry::direct);

static_assert(kCounts<models::document_orientation> == Counts{1'676'644, 10'944, 154'425'600});
static_assert(models::document_orientation::embedding_size == 1280);
static_assert(kModel<models::document_orientation>.labels[3] == "270");
static_assert(kCounts<models::table_classification> == Counts{1'674'082, 10'944, 154'423'040});
static_assert(kModel<models::table_classification>.labels[0] == "wired_table");
static_assert(kModel<models::table_classification>.preprocessing.name == "paddlex_imagenet");

// ---- Trained here ----------------------------------------------------------------------------

static_assert(models::page_orientation::input_shape == Shape{128, 128, 3});
static_assert(ends_with<models::page_orientation>(4, 4));
static_assert(kCounts<models::page_orientation> == Counts{367'214, 3'840, 8'685'088});
static_assert(kModel<models::page_orientation>.labels[1] == "90");
static_assert(kModel<models::page_orientation>.preprocessing.geometry == Geometry::direct);

// ---- PULC ------------------------------------------------------------------------------------

/// A yes-or-no task with the network of its kind.
template <class Net>
constexpr bool is_yes_or_no(std::string_view no, std::string_view yes, Counts counts) {
  const Model& model = kModel<Net>;
  return Net::input_shape == Shape{224, 224, 3} && ends_with<Net>(7, 7) && Net::classes == 2 &&
         model.labels[0] == no && model.labels[1] == yes && model.threshold == 0.5 &&
         model.preprocessing.name == "paddle_imagenet" && kCounts<Net> == counts;
}
constexpr Counts kTwo = {1'674'082, 10'944, 154'423'040};
static_assert(is_yes_or_no<pulc::person_exists>("nobody", "someone", kTwo));
static_assert(is_yes_or_no<pulc::car_exists>("no_car", "contains_car", kTwo));
static_assert(is_yes_or_no<pulc::safety_helmet>("wearing_helmet", "unwearing_helmet", kTwo));
static_assert(is_yes_or_no<pulc::code_exists>("no_code", "contains_code", kTwo));
static_assert(is_yes_or_no<pulc::clarity_assessment>("clear", "blur",
                                                     {1'017'186, 10'944, 153'766'144}));
static_assert(pulc::clarity_assessment::embedding_size == 512);

/// A task with one class of several, on the middle of a picture.
template <class Net>
constexpr bool is_centre(int classes, Counts counts) {
  return Net::input_shape == Shape{224, 224, 3} && ends_with<Net>(7, 7) &&
         Net::classes == classes && kCounts<Net> == counts && !kModel<Net>.threshold &&
         kModel<Net>.output == Output::softmax &&
         kModel<Net>.preprocessing.name == "paddle_imagenet";
}
static_assert(is_centre<pulc::image_orientation>(4, {1'018'212, 10'944, 153'767'168}));
static_assert(pulc::image_orientation::embedding_size == 512);
static_assert(kModel<pulc::image_orientation>.labels[1] == "90");
static_assert(is_centre<pulc::text_image_orientation>(4, {1'676'644, 10'944, 154'425'600}));
static_assert(is_centre<pulc::traffic_sign>(232, {1'968'712, 10'944, 154'717'440}));

/// A task on text lines.
template <class Net>
constexpr bool is_line(int classes, Counts counts) {
  return Net::input_shape == Shape{80, 160, 3} && ends_with<Net>(3, 80) &&
         Net::Definition::options.strides == kTextLine && Net::classes == classes &&
         kCounts<Net> == counts && kModel<Net>.preprocessing.name == "paddle_direct_deploy";
}
static_assert(is_line<pulc::language_classification>(10, {1'684'330, 10'944, 292'989'440}));
static_assert(kModel<pulc::language_classification>.labels[9] == "latin");
static_assert(is_line<pulc::textline_orientation>(2, {1'674'082, 10'944, 292'979'200}));

/// A task of attributes on resized pictures.
template <class Net, class Expected>
constexpr bool is_attributes(Shape input, int classes, Counts counts) {
  using Decoded = decltype(pplcnet::decode<Net>(std::array<float, Net::classes>{}));
  return Net::input_shape == input && Net::classes == classes && kCounts<Net> == counts &&
         ends_with<Net>(input.height / 32, input.width / 32) &&
         kModel<Net>.output == Output::sigmoid &&
         kModel<Net>.preprocessing.name == "paddle_direct" && std::is_same_v<Decoded, Expected>;
}
static_assert(is_attributes<pulc::person_attribute, pplcnet::PersonAttributes>({256, 192, 3}, 26,
                                                                               {1'704'826, 10'944,
                                                                                151'319'040}));
static_assert(is_attributes<pulc::vehicle_attribute, pplcnet::VehicleAttributes>({192, 256, 3}, 19,
                                                                                 {1'695'859, 10'944,
                                                                                  151'310'080}));
static_assert(is_attributes<pulc::table_attribute, pplcnet::TableAttributes>({224, 224, 3}, 6,
                                                                             {1'679'206, 10'944,
                                                                              154'428'160}));

// ---- Decoders --------------------------------------------------------------------------------

TEST(Decode, AsTheModelSays) {
  std::array<float, 26> person = {};
  person[22] = 0.75F;
  EXPECT_EQ(pplcnet::decode<pulc::person_attribute>(person).gender, pplcnet::Gender::female);
  std::array<float, 19> vehicle = {};
  vehicle[18] = 0.75F;
  EXPECT_EQ(pplcnet::decode<pulc::vehicle_attribute>(vehicle).type, pplcnet::VehicleType::estate);
  std::array<float, 6> table = {};
  table[0] = 0.75F;
  EXPECT_TRUE(pplcnet::decode<pulc::table_attribute>(table).scanned);
  EXPECT_EQ(pplcnet::decode<pulc::person_exists>(std::array{0.5F, 0.5F}), (Prediction{1, 0.5F}));
  EXPECT_EQ(pplcnet::decode<NewLine>(std::array{0.5F, 0.5F}), (Prediction{0, 0.5F}));
  EXPECT_EQ(pplcnet::decode<pulc::image_orientation>(std::array{0.1F, 0.2F, 0.6F, 0.1F}),
            (Prediction{2, 0.6F}));
}

}  // namespace
}  // namespace pplcnet_test::models_test
