#ifndef PPLCNET_WEIGHTS_IMPORT_GEOMETRY_HPP
#define PPLCNET_WEIGHTS_IMPORT_GEOMETRY_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "pplcnet/graph/shape.hpp"
#include "pplcnet/plan/layer.hpp"
#include "pplcnet/weights/error.hpp"
#include "pplcnet/weights/import/file_graph.hpp"
#include "pplcnet/weights/import/step.hpp"

// How kernels and windows move, which the shapes of weights do not tell.

namespace pplcnet::inline PPLCNET_ABI {

/// Returns how a step's window moves over the map that a layer reads; a convolution's kernel is the
/// layer's, which the shape of the weights tells.
inline Window window_of(const Step& step, const GraphNode& node, const Layer& layer) {
  const Shape& input = layer.input;
  Window window = node.window;
  if (step.type == StepType::weights) window.kernel = layer.kernel;
  window.padding = step.padding;
  if (node.padding_rule == PaddingRule::explicit_sizes) return window;
  const auto ends = [&](int size, int stride, int reach, int& before, int& after) {
    stride = std::max(stride, 1);
    const int all = std::max(0, (size - 1) / stride * stride + reach - size);
    before = node.padding_rule == PaddingRule::same_upper ? all / 2 : all - all / 2;
    after = all - before;
  };
  Padding& padding = window.padding;
  ends(input.height, window.stride.height, window.reach().height, padding.top, padding.bottom);
  ends(input.width, window.stride.width, window.reach().width, padding.left, padding.right);
  return window;
}

/// Returns whether a step's window is that of a layer, strides apart where they are compared later:
/// an error in the words of a message about the layer.
inline Error check_window(const Window& found, const Layer& layer, bool strides) {
  const auto check = [](std::string_view what, Pair one, Pair expected) {
    if (one == expected) return Error();
    const bool rows = one.height != expected.height;
    return Error::of("expected ", what, " ", rows ? expected.height : expected.width, ", found ",
                     rows ? one.height : one.width);
  };
  if (found.kernel != layer.kernel)
    return Error::of("expected windows of ", layer.kernel.height, "x", layer.kernel.width,
                     ", found ", found.kernel.height, "x", found.kernel.width);
  if (auto error = check("stride", strides ? found.stride : layer.stride, layer.stride))
    return error;
  if (auto error = check("dilation", found.dilation, layer.dilation)) return error;
  const Padding &padding = found.padding, &expected = layer.padding;
  if (auto error = check("padding", {padding.top, padding.left}, {expected.top, expected.left}))
    return error;
  return check("padding", {padding.bottom, padding.right}, {expected.bottom, expected.right});
}

/// Checks the same for a window of a pool, whose last outputs may reach beyond the map.
inline Error check_pool(const Window& found, bool count_padding, const Layer& layer) {
  if (auto error = check_window(found, layer, /*strides=*/true)) return error;
  const Shape output = found.output(layer.input, layer.output.channels);
  if (output != layer.output)
    return Error::of("expected ", layer.output.height, "x", layer.output.width, " windows, found ",
                     output.height, "x", output.width);
  if (layer.op == Operator::average_pool && layer.padding != Padding(0) &&
      count_padding != layer.count_padding)
    return Error::of("expected means that ", layer.count_padding ? "" : "do not ",
                     "count the padding, found others");
  return {};
}

/// Returns whether a resized map is that of a layer, as far as the file says its size: an error in
/// the words of a message about the layer.
inline Error check_resize(const GraphNode& node, const Layer& layer) {
  const auto text = [](Resampling how) {
    return how == Resampling::nearest ? "nearest" : "bilinear";
  };
  if (node.resampling != layer.resampling)
    return Error::of("expected ", text(layer.resampling), " pixels, found ", text(node.resampling));
  const auto size = [](int known, float factor, int before, int expected) {
    if (known > 0) return known;
    if (factor <= 0) return expected;
    // Factors are rounded, and may be of any size.
    const double product = std::min(double{factor} * before, 1e9);
    return std::abs(product - expected) < 1e-3 ? expected : static_cast<int>(product);
  };
  const Shape& output = layer.output;
  const int height = size(node.size[0], node.alpha, layer.input.height, output.height);
  const int width = size(node.size[1], node.beta, layer.input.width, output.width);
  if (height == output.height && width == output.width) return {};
  return Error::of("expected ", output.height, "x", output.width, " pixels, found ", height, "x",
                   width);
}

}  // namespace pplcnet::inline PPLCNET_ABI

#endif  // PPLCNET_WEIGHTS_IMPORT_GEOMETRY_HPP
