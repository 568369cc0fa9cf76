#ifndef PPLCNET_TESTS_PUBLISHED_GRAPHS_HPP
#define PPLCNET_TESTS_PUBLISHED_GRAPHS_HPP

#include "deeplab.hpp"
#include "ic_pattern.hpp"
#include "pplcnet/networks/addernet.hpp"
#include "pplcnet/networks/espnet_v1.hpp"
#include "pplcnet/networks/espnet_v2.hpp"
#include "pplcnet/networks/googlenet.hpp"
#include "pplcnet/networks/inception_resnet_v2.hpp"
#include "pplcnet/networks/inception_v3.hpp"
#include "pplcnet/networks/inception_v4.hpp"
#include "pplcnet/networks/light_cnns_ghostnet.hpp"
#include "pplcnet/networks/light_cnns_mobilenet_v3.hpp"
#include "pplcnet/networks/light_cnns_shufflenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v1.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/mobilenet_v2_attention.hpp"
#include "pplcnet/networks/mobilenext.hpp"
#include "pplcnet/networks/mobilevit.hpp"
#include "pplcnet/networks/ocr_detection.hpp"
#include "pplcnet/networks/ocr_recognition.hpp"
#include "pplcnet/networks/picodet.hpp"
#include "pplcnet/networks/resnest.hpp"
#include "pplcnet/networks/resnet_d.hpp"
#include "pplcnet/networks/shufflenet_v1.hpp"
#include "pplcnet/networks/timm_mobilevit.hpp"
#include "pplcnet/networks/torchvision_googlenet.hpp"
#include "pplcnet/networks/xception.hpp"

namespace pplcnet_test {

/// A network that is a function, with a picture that is small, and odd where it may be.
struct PublishedGraph {
  pplcnet::Graph (*network)(const pplcnet::WidthOptions&);
  pplcnet::Extent input = {33, 47};
  int width = 100;
  int output = 0;  ///< which of its outputs is compared

  pplcnet::Graph graph() const { return network({width, input, 7}); }
};
inline constexpr PublishedGraph kPublishedGraphs[] = {
    {pplcnet::light_cnns_mobilenet_v1},
    {pplcnet::light_cnns_mobilenet_v2},
    {pplcnet::light_cnns_mobilenet_v2_ca},
    {pplcnet::light_cnns_mobilenet_v2_eca},
    {pplcnet::light_cnns_mobilenet_v2_sa},
    {pplcnet::light_cnns_mobilenet_v2_triplet},
    {pplcnet::light_cnns_mobilenet_v3_small},
    {pplcnet::light_cnns_mobilenet_v3_large},
    {pplcnet::light_cnns_mobilenext},
    {pplcnet::light_cnns_shufflenet_v1, {193, 217}},
    {pplcnet::light_cnns_shufflenet_v2, {193, 217}, 150},
    {pplcnet::light_cnns_ghostnet},
    {pplcnet::resnet50_d},
    {pplcnet::light_cnns_resnest50},
    {pplcnet::light_cnns_mobilevit_s, {64, 128}},
    {pplcnet::timm_mobilevit_s, {64, 128}},
    {pplcnet::light_cnns_espnet_v1, {64, 96}},
    {pplcnet::light_cnns_espnet_v2},
    {pplcnet::addernet_resnet20, {33, 47}, 100, 1},  // synthetic distances grow until they overflow
    {pplcnet::light_cnns_googlenet, {33, 29}},
    {pplcnet::torchvision_googlenet},
    {pplcnet::inception_resnet_v2, {79, 75}},
    {pplcnet::inception_v3, {79, 75}},
    {pplcnet::inception_v4, {79, 75}},
    {pplcnet::xception},
    {ic_resnet50_for_detection, {193, 201}},
    {pplcnet::ocr_detection, {64, 96}, 75},
    {pplcnet::ocr_recognition, {48, 60}, 95},
    {pplcnet::picodet_lcnet, {64, 96}, 35},
    {deeplab_of_width, {97, 131}, 35},
};

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_PUBLISHED_GRAPHS_HPP
