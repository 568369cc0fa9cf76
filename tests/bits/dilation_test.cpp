// Dilation in place of stride: a backbone whose maps stay larger has, at every 2nd or 4th pixel,
// the bits of the one whose maps shrink. (Squeeze-excite, whose means are of other pixels, is left
// out.)
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/pplcnet.hpp"

namespace pplcnet_test::dilation_test {
namespace {

using pplcnet::Extent, pplcnet::Scale, pplcnet::Shape;

/// A user's own network: V1's backbone without squeeze-excite.
template <int kHeight, int kWidth, int kOutputStride>
constexpr pplcnet::Graph plain() {
  pplcnet::Graph g({kHeight, kWidth}, pplcnet::kPaddleClas, "plain");
  const auto width = [](int channels) { return pplcnet::scaled(channels, Scale::x0_25); };
  pplcnet::v1::Dilation dilation(2, kOutputStride);
  pplcnet::Value x = g.conv(g.image(), width(16), {.kernel = 3, .stride = 2}, "stem");
  int index = 0;
  for (const pplcnet::V1Row& row : pplcnet::kV1Table) {
    pplcnet::Conv conv = {.kernel = row.kernel, .stride = row.stride};
    dilation.apply(conv);
    x = g.depthwise(x, conv, {"blocks.#.dw", index});
    x = g.conv(x, width(row.out), {.activation = pplcnet::Activation::hardswish},
               {"blocks.#.pw", index++});
    const bool last = index == 13 || pplcnet::kV1Table[index].stage != row.stage;
    if (last) g.output(x, pplcnet::Role::stage);
  }
  g.output(x);
  return g;
}

/// The maps of all stages.
template <class Net>
std::vector<std::vector<float>> maps(pplcnet::Isa isa) {
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  const auto workspace = std::make_unique<typename Net::Workspace>();
  const std::vector<float> input =
      pplcnet_test::synthetic_input(1, 1, 3, Net::input_shape.height, Net::input_shape.width);
  std::vector<std::vector<float>> maps(Net::stage_count);
  typename Net::Features requested;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    maps[i].resize(static_cast<std::size_t>(Net::stage_shape(static_cast<int>(i)).size()));
    requested.stages[i] = maps[i].data();
  }
  Net::features(*weights, typename Net::Image(input), *workspace, requested, {.isa = isa});
  return maps;
}

/// Every `step`-th pixel of every `step`-th row.
std::vector<float> thinned(const std::vector<float>& map, const Shape& shape, int step) {
  std::vector<float> result;
  for (int c = 0; c < shape.channels; ++c)
    for (int y = 0; y < shape.height; y += step)
      for (int x = 0; x < shape.width; x += step)
        result.push_back(map[static_cast<std::size_t>((c * shape.height + y) * shape.width + x)]);
  return result;
}

template <int kHeight, int kWidth, int kOutputStride>
void check() {
  using Shrinking = pplcnet::Network<plain<kHeight, kWidth, 32>>;
  using Dilated = pplcnet::Network<plain<kHeight, kWidth, kOutputStride>>;
  for (const pplcnet::Isa isa : pplcnet_test::available_isas()) {
    const auto expected = maps<Shrinking>(isa), found = maps<Dilated>(isa);
    for (int i = 0; i < Shrinking::stage_count; ++i) {
      const int step = Shrinking::stage_stride(i).height / Dilated::stage_stride(i).height;
      EXPECT_EQ(step, std::max(1, (2 << i) / kOutputStride));
      EXPECT_EQ(thinned(found[static_cast<std::size_t>(i)], Dilated::stage_shape(i), step),
                expected[static_cast<std::size_t>(i)])
          << kHeight << " x " << kWidth << ", output stride " << kOutputStride << ", stage " << i
          << ", " << pplcnet::isa_name(isa);
    }
  }
}

TEST(DilationTest, OutputStride16) {
  check<224, 224, 16>();
  check<97, 131, 16>();
  check<33, 32, 16>();
}

TEST(DilationTest, OutputStride8) {
  check<224, 224, 8>();
  check<97, 131, 8>();
  check<33, 32, 8>();
}

}  // namespace
}  // namespace pplcnet_test::dilation_test
