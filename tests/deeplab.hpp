#ifndef PPLCNET_TESTS_DEEPLAB_HPP
#define PPLCNET_TESTS_DEEPLAB_HPP

#include "pplcnet/networks/deeplab_v3p.hpp"
#include "pplcnet/networks/widths.hpp"

namespace pplcnet_test {

/// DeepLabV3+ as a network of a width.
constexpr pplcnet::Graph deeplab_of_width(const pplcnet::WidthOptions& o) {
  return pplcnet::deeplab_v3p(static_cast<pplcnet::Scale>(o.width),
                              {.classes = o.classes, .input = o.input});
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_DEEPLAB_HPP
