// How Paddle's graphs say that maps are resized.
#include "pplcnet/weights/paddle/attributes.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace pplcnet_test::paddle_attributes_test {
namespace {

using pplcnet::GraphNode;
using pplcnet::NodeType;
using pplcnet::Resampling;
using pplcnet::paddle::Attribute;
using pplcnet::paddle::Operation;

GraphNode read(std::string_view type, std::vector<Attribute> attributes) {
  GraphNode node;
  const Operation operation = {type, std::move(attributes)};
  pplcnet::paddle::set_type(type, node);
  pplcnet::paddle::read_attributes(operation, node);
  return node;
}

Attribute integer(std::string_view name, std::int64_t value) {
  return {.name = name, .integers = {value}};
}

TEST(PaddleAttributes, NearestPixelsAreRead) {
  for (const std::string_view type : {"nearest_interp_v2", "nearest_interp"}) {
    // As PicoDet's neck has it: by a factor, so that the size is open.
    const GraphNode node = read(type, {integer("out_h", -1), integer("out_w", -1),
                                       integer("align_corners", 0), integer("align_mode", 1)});
    EXPECT_EQ(node.type, NodeType::resize);
    EXPECT_EQ(node.resampling, Resampling::nearest);
    EXPECT_EQ(node.size, (std::array<int, 2>{0, 0}));
  }
  EXPECT_EQ(read("nearest_interp", {integer("align_corners", 1)}).type, NodeType::other);
}

TEST(PaddleAttributes, BilinearPixelsAreReadFromTheirMiddles) {
  const GraphNode node =
      read("bilinear_interp_v2", {integer("out_h", 24), integer("out_w", 40),
                                  integer("align_corners", 0), integer("align_mode", 0)});
  EXPECT_EQ(node.type, NodeType::resize);
  EXPECT_EQ(node.resampling, Resampling::bilinear);
  EXPECT_EQ(node.size, (std::array<int, 2>{24, 40}));
  EXPECT_EQ(read("bilinear_interp", {integer("align_mode", 1)}).type, NodeType::other);
  EXPECT_EQ(
      read("bilinear_interp", {integer("align_mode", 0), {.name = "data_layout", .text = "NHWC"}})
          .type,
      NodeType::other);
}

}  // namespace
}  // namespace pplcnet_test::paddle_attributes_test
