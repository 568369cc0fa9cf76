// A step of training allocates nothing: malloc itself counts, for all threads.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "bits/allocations.hpp"
#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/training.hpp"
#include "threads.hpp"

namespace {

using Net =
    pplcnet::PPLCNet<pplcnet::Scale::x0_25, pplcnet::Options{.classes = 5, .input = {64, 48}}>;

TEST(Training, AllocatesNothingInAStep) {
  if (!pplcnet_test::kCounted) GTEST_SKIP() << "malloc cannot be counted here";
  constexpr int kImages = 4;
  const auto trainer = std::make_unique<pplcnet::Trainer<Net, kImages>>();
  const std::vector<float> pictures(kImages * Net::input_size, 0.5F);
  const std::vector<std::int32_t> labels = {0, 1, 2, 4};
  std::vector<double> scratch(Net::classes);
  for (const int count : {1, 2}) {
    pplcnet_test::Threads threads(count);
    const pplcnet::TrainingPass pass = {.executor = threads.executor()};
    EXPECT_EQ(pplcnet_test::allocations_in([&] {
                trainer->forward(pictures, kImages, pass);
                pplcnet::loss_and_gradients({.smoothing = 0.1}, {.labels = labels},
                                            trainer->batch_logits(), scratch);
                trainer->backward();
                trainer->update({.learning_rate = 0.1, .largest_norm = 1});
              }),
              0);
  }
}

}  // namespace
