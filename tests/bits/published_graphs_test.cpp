// Every network that is a function: the same bits whatever the instruction set (of those that fuse
// multiply and add, and of those that do not), the threads and the size of the batch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

#include "bits/graph_output.hpp"
#include "published_graphs.hpp"

namespace pplcnet_test::published_graphs_test {
namespace {

using pplcnet::AnyNetwork;
using pplcnet::Isa;
using pplcnet::Picture;
using pplcnet_test::Bits;
using pplcnet_test::results;

constexpr std::size_t kImages = 3;

class PublishedGraphs : public testing::TestWithParam<pplcnet_test::PublishedGraph> {};

TEST_P(PublishedGraphs, SameBits) {
  const AnyNetwork network = pplcnet_test::synthetic_network(GetParam().graph());
  const pplcnet_test::SyntheticPictures synthetic(network.input_shape(), kImages);
  const std::vector<Picture>& pictures = synthetic.pictures();

  Bits expected;  // one by one
  for (const Picture& picture : pictures)
    std::ranges::copy(results(network, GetParam().output, {picture}, pplcnet::best_isa(), 1),
                      std::back_inserter(expected));
  const auto size =
      static_cast<std::ptrdiff_t>(pplcnet_test::output_layer(network, GetParam().output).second);
  EXPECT_NE(Bits(expected.begin(), expected.begin() + size),
            Bits(expected.end() - size, expected.end()));
  EXPECT_EQ(results(network, GetParam().output, pictures, pplcnet::best_isa(), 2), expected)
      << "two threads";
  const Isa other = std::min(Isa::avx2, pplcnet::best_isa());
  EXPECT_EQ(results(network, GetParam().output, pictures, other, 1), expected)
      << pplcnet::isa_name(other);
  const Bits first = results(network, GetParam().output, {pictures[0]}, Isa::baseline, 1);
  const Bits both =
      results(network, GetParam().output, {pictures[0], pictures[1]}, Isa::baseline, 2);
  EXPECT_EQ(Bits(both.begin(), both.begin() + size), first) << "two threads of the baseline";
}

INSTANTIATE_TEST_SUITE_P(Each, PublishedGraphs, testing::ValuesIn(pplcnet_test::kPublishedGraphs),
                         [](const auto& test) { return std::string(test.param.graph().title); });

}  // namespace
}  // namespace pplcnet_test::published_graphs_test
