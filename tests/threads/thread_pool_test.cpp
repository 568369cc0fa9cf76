// The pool does every part once, whether its threads are awake, asleep, or too few.
#include "pplcnet/thread_pool.hpp"

#include <gtest/gtest.h>
#if defined(__linux__)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include <array>
#include <atomic>
#include <chrono>
#include <fstream>
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

TEST(ThreadPool, EndsWhetherItsThreadsSleepOrNot) {
  for (int i = 0; i < 200; ++i) {
    pplcnet::ThreadPool pool(3);
    for (int job = 0; job < i % 3; ++job) expect_each_part_once(pool, 5);
  }
}

TEST(ThreadPool, EveryPartOnce) {
  for (const int threads : {1, 2, 3, 5}) {
    pplcnet::ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    EXPECT_EQ(pool.executor().threads(), threads);
    for (int round = 0; round < 3000; ++round) expect_each_part_once(pool, round % kMostParts + 1);
  }
}

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// A process that has address space for a few more stacks, of 64 that are asked for.
TEST(ThreadPool, HasFewerThreadsWhereTheSystemHasNoMore) {
  constexpr int kNoLimits = 77;
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    constexpr rlim_t kStack = 8 << 20;
    const rlim_t room = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + 5 * kStack;
    const rlimit stack = {kStack, RLIM_INFINITY}, space = {room, room};
    if (setrlimit(RLIMIT_STACK, &stack) != 0 || setrlimit(RLIMIT_AS, &space) != 0) _exit(2);
    rlimit limit = {};
    if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur != room) _exit(kNoLimits);
    pplcnet::ThreadPool pool(64);
    for (int round = 0; round < 100; ++round) expect_each_part_once(pool, kMostParts);
    const bool fewer = pool.threads() >= 1 && pool.threads() < 64;
    _exit(fewer && pool.executor().threads() == pool.threads() && !testing::Test::HasFailure() ? 0
                                                                                               : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoLimits)
    GTEST_SKIP() << "QEMU does not limit address space.";
  EXPECT_EQ(status, 0);
}
#endif

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
