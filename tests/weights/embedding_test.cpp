#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "pplcnet/weights/file.hpp"
#include "pplcnet_embedded/array.hpp"
#include "pplcnet_embedded/assembled.hpp"

namespace pplcnet_test {
namespace {

TEST(EmbeddingTest, AFileIsPartOfTheProgramInBothWays) {
  pplcnet::FileBytes file;
  ASSERT_STREQ(pplcnet::read_file(PPLCNET_TESTS "/../examples/line.png", file).message(), "");
  const std::span<const std::byte> expected = std::as_const(file).bytes();
  for (const auto embedded : {pplcnet_embedded::assembled(), pplcnet_embedded::array()}) {
    EXPECT_TRUE(std::ranges::equal(embedded, expected));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(embedded.data()) % 64, 0u);
  }
}

}  // namespace
}  // namespace pplcnet_test
