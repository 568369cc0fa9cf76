// Copies of the rows around a band's edges, for every band of some networks.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "pplcnet/kernels/edge_copies.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/networks/ghostnet.hpp"
#include "pplcnet/networks/mobilenet_v2.hpp"
#include "pplcnet/networks/shufflenet_v2.hpp"
#include "pplcnet/plan/make_plan.hpp"

namespace pplcnet_test::edge_copies_test {
namespace {

using pplcnet::EdgeCopies;
using pplcnet::Layer;
using pplcnet::Map;
using pplcnet::Plan;
using pplcnet::RowRange;

/// Returns the rows of its source that a band of a chain's rows reads.
RowRange rows_read(const Plan& plan, int first, int last, RowRange band) {
  for (int i = last; i >= first; --i) {
    const Layer& layer = plan.layers[i];
    band = {std::max(0, band.begin * layer.stride.height - layer.padding.top),
            std::min(layer.input.height, (band.end - 1) * layer.stride.height - layer.padding.top +
                                             layer.reach().height)};
  }
  return band;
}

/// Checks the copies that all bands of a chain make: they are the map's rows, no row that a band
/// beside reads is left out, and they have room.
void check_chain(const Plan& plan, int first, const std::vector<float>& maps) {
  const int last = plan.layers[first].chain_end - 1;
  const Map& map = plan.layers[first].source;
  const auto pixels = static_cast<std::size_t>((map.left + map.shape.width) * map.pixel_pitch);
  const int height = plan.layers[last].output.height / plan.layers[last].rows_of_one();
  for (int bands = 1; bands <= std::min(height, 9); ++bands) {
    const auto band_of = [&](int i) {
      return RowRange{height * i / bands, height * (i + 1) / bands};
    };
    for (int i = 0; i < bands; ++i) {
      const RowRange band = band_of(i), read = rows_read(plan, first, last, band);
      std::vector<float> scratch(plan.scratch_of(bands));
      EdgeCopies copies;
      copies.copy(plan.layers, first, last, band, read, maps.data(), scratch.data());
      for (int y = read.begin; y < read.end; ++y) {
        const float* const copy = copies.row(y);
        bool is_shared = false;
        for (const int other : {i - 1, i + 1})
          if (other >= 0 && other < bands)
            is_shared = is_shared || rows_read(plan, first, last, band_of(other)).has(y);
        ASSERT_TRUE(copy != nullptr || !is_shared)
            << "row " << y << " of band " << i << "/" << bands;
        if (copy == nullptr) continue;
        ASSERT_GE(copy, scratch.data() + plan.scratch_floats);
        ASSERT_LE(copy + map.row_pitch(), scratch.data() + scratch.size());
        // A map's last pixel may have other channels after its own.
        ASSERT_TRUE(std::equal(copy, copy + pixels - map.pixel_pitch + map.shape.channels,
                               maps.data() + map.row(y)));
      }
      ASSERT_EQ(copies.row(read.begin - 1), nullptr);
      ASSERT_EQ(copies.row(read.end), nullptr);
    }
  }
}

void check(const pplcnet::Graph& graph) {
  const Plan plan = make_plan(graph);
  std::vector<float> maps(plan.map_floats);
  std::iota(maps.begin(), maps.end(), 0.0F);
  int checked = 0;
  for (int first = 0; first < plan.layer_count; first = plan.layers[first].chain_end)
    if (copies_edges(plan.layers[first])) {
      check_chain(plan, first, maps);
      ++checked;
    }
  EXPECT_GT(checked, 0);
}

TEST(EdgeCopies, HaveWhatTheBandsBesideReadToo) {
  check(pplcnet_v1(pplcnet::Scale::x0_25));
  check(pplcnet_v1(pplcnet::Scale::x0_35, {.input = {33, 63}}));
  check(pplcnet_v1_backbone(pplcnet::Scale::x0_25, {.output_stride = 8}));
  check(pplcnet_v4(pplcnet::Size::small, pplcnet::V4::detection));
}

TEST(EdgeCopies, AreOfSomeChannelsWhereTheMapIs) {
  check(pplcnet::torchvision_shufflenet_v2());
  check(pplcnet::paddle_ghostnet());
  check(pplcnet::torchvision_mobilenet_v2());
}

}  // namespace
}  // namespace pplcnet_test::edge_copies_test
