// What the snippets of the pages take for granted.
#define PPLCNET_COMPILED  // they are not linked, so that the kernels need not be parsed
#include <cstddef>
#include <cstdio>
#include <memory>
#include <opencv2/core.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/detector.hpp"
#include "pplcnet/pplcnet.hpp"
#include "pplcnet/weights/load_any.hpp"
#include "pplcnet/weights/onnx/save.hpp"

using Net = pplcnet::PPLCNet<pplcnet::Scale::x1_0>;

#define SNIPPET_PARAMETERS                                                                     \
  [[maybe_unused]] const std::unique_ptr<Net::Weights> &weights,                               \
      [[maybe_unused]] Net::Workspace &workspace, [[maybe_unused]] Net::Image image,           \
      [[maybe_unused]] Net::Logits &logits, [[maybe_unused]] std::span<const std::byte> bytes, \
      [[maybe_unused]] const std::vector<std::string> &labels,                                 \
      [[maybe_unused]] pplcnet::ImageView page, [[maybe_unused]] const cv::Mat &mat
