#ifndef PPLCNET_EXAMPLES_MODELS_HPP
#define PPLCNET_EXAMPLES_MODELS_HPP

#include <string>
#include <string_view>

#include "pplcnet/pplcnet.hpp"

/// The networks that the programs know by name.
namespace models {

using pplcnet::Dialect;
using pplcnet::Options;
using pplcnet::PPLCNet;
using pplcnet::Scale;
using pplcnet::Stride;

template <Scale kScale>
using Timm = PPLCNet<kScale, Options{.dialect = Dialect::timm}>;
template <Scale kScale>
using PyTorch = PPLCNet<kScale, Options{.dialect = Dialect::pytorch}>;

/// PaddleOCR's text-line orientation, 2025 release: wide and low pictures keep their width.
template <Scale kScale>
using TextLine = PPLCNet<kScale, Options{.classes = 2,
                                         .input = {80, 160},
                                         .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}}>;
/// The first release under the same name: another stem, no head.
using TextLineFirst =
    PPLCNet<Scale::x0_25, Options{.classes = 2,
                                  .input = {80, 160},
                                  .strides = {{{1, 2}, {2, 1}, {2, 1}, {2, 1}, {2, 1}}},
                                  .head = 0}>;
using DocumentOrientation = PPLCNet<Scale::x1_0, Options{.classes = 4}>;

/// Calls `visit.operator()<Net>(name)` for each network.
template <class Visit>
void for_each(Visit visit) {
  visit.template operator()<PPLCNet<Scale::x0_25>>("PPLCNet_x0_25");
  visit.template operator()<PPLCNet<Scale::x0_35>>("PPLCNet_x0_35");
  visit.template operator()<PPLCNet<Scale::x0_5>>("PPLCNet_x0_5");
  visit.template operator()<PPLCNet<Scale::x0_75>>("PPLCNet_x0_75");
  visit.template operator()<PPLCNet<Scale::x1_0>>("PPLCNet_x1_0");
  visit.template operator()<PPLCNet<Scale::x1_5>>("PPLCNet_x1_5");
  visit.template operator()<PPLCNet<Scale::x2_0>>("PPLCNet_x2_0");
  visit.template operator()<PPLCNet<Scale::x2_5>>("PPLCNet_x2_5");
  visit.template operator()<Timm<Scale::x0_35>>("lcnet_035");
  visit.template operator()<Timm<Scale::x0_5>>("lcnet_050");
  visit.template operator()<Timm<Scale::x0_75>>("lcnet_075");
  visit.template operator()<Timm<Scale::x1_0>>("lcnet_100");
  visit.template operator()<Timm<Scale::x1_5>>("lcnet_150");
  visit.template operator()<PyTorch<Scale::x1_0>>("pytorch_x1_0");
  visit.template operator()<TextLine<Scale::x0_25>>("PP-LCNet_x0_25_textline_ori");
  visit.template operator()<TextLine<Scale::x1_0>>("PP-LCNet_x1_0_textline_ori");
  visit.template operator()<TextLineFirst>("PP-LCNet_x0_25_textline_ori_first");
  visit.template operator()<DocumentOrientation>("PP-LCNet_x1_0_doc_ori");
}

/// Calls `visit.operator()<Net>(name)` for the network of that name; false if there is none.
template <class Visit>
bool with_model(std::string_view wanted, Visit visit) {
  bool found = false;
  for_each([&]<class Net>(std::string_view name) {
    if (name != wanted) return;
    found = true;
    visit.template operator()<Net>(name);
  });
  return found;
}

/// All names, for help and messages.
inline std::string names() {
  std::string text;
  for_each([&]<class Net>(std::string_view name) {
    text += (text.empty() ? "" : ", ") + std::string(name);
  });
  return text;
}

}  // namespace models

#endif  // PPLCNET_EXAMPLES_MODELS_HPP
