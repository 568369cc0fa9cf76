// The pool does every part once, whether its threads are awake, asleep, or too few.
#include "pplcnet/thread_pool.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "goldens/synthetic_network.hpp"

namespace {

constexpr int kMostParts = 9;

/// Runs one task of `parts` parts and checks what was done.
void expect_each_part_once(pplcnet::ThreadPool& pool, int parts) {
  std::array<std::atomic<int>, kMostParts> done = {};
  const auto body = [&](int part) { ++done.at(static_cast<std::size_t>(part)); };
  pool(parts, pplcnet::Task(body));
  for (int part = 0; part < kMostParts; ++part)
    ASSERT_EQ(done.at(static_cast<std::size_t>(part)), part < parts ? 1 : 0)
        << part << " of " << parts;
}

TEST(ThreadPool, EveryPartOnce) {
  for (const int threads : {1, 2, 3, 5}) {
    pplcnet::ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    EXPECT_EQ(pool.executor().threads(), threads);
    for (int round = 0; round < 3000; ++round) expect_each_part_once(pool, round % kMostParts + 1);
  }
}

TEST(ThreadPool, ThreadsThatSleepComeBack) {
  pplcnet::ThreadPool pool(3);
  std::set<std::thread::id> seen;
  for (int round = 0; round < 40; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // they give up looking for work
    std::array<std::thread::id, 3> ids;
    const auto body = [&](int part) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // time for the others to come
      ids.at(static_cast<std::size_t>(part)) = std::this_thread::get_id();
    };
    pool(3, pplcnet::Task(body));
    seen.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ThreadPool, GivesTheSameBits) {
  using Net = pplcnet::PPLCNet<pplcnet::Scale::x0_25>;
  const auto weights = pplcnet_test::synthetic_weights<Net>();
  const std::vector<float> image = pplcnet_test::synthetic_input(1, 1, 3, 224, 224);
  const auto workspace = std::make_unique<Net::ParallelWorkspace<4>>();
  Net::Logits alone, together;
  Net::forward(*weights, Net::Image(image), *workspace, alone);
  pplcnet::ThreadPool pool(4);
  for (int i = 0; i < 20; ++i) {
    together.fill(0);
    Net::forward(*weights, Net::Image(image), *workspace, together, {.executor = pool.executor()});
    ASSERT_EQ(together, alone);
  }
}

}  // namespace
