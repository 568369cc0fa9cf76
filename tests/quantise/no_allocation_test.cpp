// A network in bytes allocates nothing: malloc itself counts, for all threads.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "bits/allocations.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/quantised_network.hpp"
#include "threads.hpp"

namespace {

using Net = pplcnet::Quantised<pplcnet::PPLCNet<pplcnet::Scale::x0_25>>;

TEST(NetworkInBytes, AllocatesNothing) {
  if (!pplcnet_test::kCounted) GTEST_SKIP() << "malloc cannot be counted here";
  const auto weights = std::make_unique<Net::Weights>();
  const auto workspace = std::make_unique<Net::ParallelWorkspace<2>>();
  const std::vector<float> values(Net::input_size);
  const std::vector<std::uint8_t> bytes(Net::input_size);
  const std::vector<pplcnet::ByteTable> tables(3);
  const auto picture = pplcnet::Picture::interleaved(bytes.data(), tables.data(), Net::input_shape);
  const Net::Image image(values.data(), Net::input_size);
  Net::Logits logits;
  Net::Features requested;
  requested.logits = logits.data();
  for (const int count : {1, 2}) {
    pplcnet_test::Threads threads(count);
    const pplcnet::RunOptions options = {.executor = threads.executor()};
    EXPECT_EQ(pplcnet_test::allocations_in([&] {
                Net::forward(*weights, image, *workspace, logits, options);
                Net::forward(*weights, picture, *workspace, logits, options);
                Net::features(*weights, image, *workspace, requested, options);
              }),
              0);
  }
}

}  // namespace
