// Weights and workspaces lie in huge pages, whoever allocates them, where the system has such
// pages.
#include "pplcnet/huge_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <new>
#include <sstream>
#include <string>

#include "pplcnet/any_network.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/weights/file.hpp"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pplcnet_test::huge_pages_test {
namespace {

using pplcnet::kHugePage;
using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_5>;  // 7.6 MB of weights, 1.2 MB of workspace
using Tiny = pplcnet::PPLCNet<pplcnet::Scale::x0_25,
                              pplcnet::Options{.classes = 2, .input = {32, 32}, .head = 0}>;

/// Returns whether the system takes such a wish at all.
bool system_has_huge_pages() {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  void* const memory =
      mmap(nullptr, kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool taken = memory != MAP_FAILED && madvise(memory, kHugePage, MADV_HUGEPAGE) == 0;
  if (memory != MAP_FAILED) munmap(memory, kHugePage);
  return taken;
#else
  return false;
#endif
}

/// Returns whether huge pages were asked for at an address: what Linux says of its mapping.
bool is_asked_for(const void* memory) {
  std::ifstream maps("/proc/self/smaps");
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::istringstream words(line);
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    if (words >> std::hex >> begin >> dash >> end && dash == '-')
      inside = begin <= address && address < end;
    else if (inside && line.starts_with("VmFlags:"))
      return line.find(" hg") != line.npos;
  }
  return false;
}

void expect_huge(const void* memory) {
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % kHugePage, 0u);
  EXPECT_EQ(is_asked_for(memory), system_has_huge_pages());
}

// The first of these tests: malloc may give what others freed, for which huge pages were asked.
TEST(HugePages, SmallObjectsStaySmall) {
  static_assert(sizeof(Tiny::Workspace) < kHugePage / 2);
  const auto workspace = std::make_unique<Tiny::Workspace>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(workspace.get()) % 64, 0u);
  EXPECT_FALSE(is_asked_for(workspace.get()));
}

TEST(HugePages, WeightsAndWorkspaceMadeByNew) {
  const auto weights = std::make_unique<Net::Weights>();
  const auto copy = std::make_unique<Net::Weights>(*weights);
  const auto workspace = std::make_unique<Net::Workspace>();
  expect_huge(weights.get());
  expect_huge(copy.get());
  expect_huge(workspace.get());
}

TEST(HugePages, NetworkOfRunTimeAndItsCopies) {
  pplcnet::AnyNetwork network(Net::Definition::graph());
  const pplcnet::AnyNetwork copy = network;
  expect_huge(network.weights().data());
  EXPECT_EQ(copy.weights().data(), network.weights().data());
}

TEST(HugePages, BytesOfFile) {
  const pplcnet::FileBytes bytes(3 * kHugePage);
  expect_huge(bytes.bytes().data());
}

#if defined(__linux__)
TEST(HugePages, MemoryOfOnesOwn) {
  constexpr std::size_t kSize = sizeof(Net::Weights) + 2 * kHugePage;
  void* const arena =
      mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(arena, MAP_FAILED);
  pplcnet::prefer_huge_pages(arena, kSize);
  auto* const weights = new (arena) Net::Weights;
  const auto inside = reinterpret_cast<std::uintptr_t>(weights) + kHugePage;
  EXPECT_EQ(is_asked_for(reinterpret_cast<const void*>(inside)), system_has_huge_pages());
  munmap(arena, kSize);
}
#endif

}  // namespace
}  // namespace pplcnet_test::huge_pages_test
