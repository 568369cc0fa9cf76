// What processes that share batches learn: the bits of one process. Here they are threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/train/exchange.hpp"
#include "pplcnet/train/shared_loss.hpp"
#include "pplcnet/training.hpp"
#include "synthetic.hpp"
#include "threads.hpp"
#include "train/graphs.hpp"

namespace pplcnet_test::exchange_test {
namespace {

using pplcnet::AnyTrainer;
using pplcnet::Error;
using pplcnet::Graph;
using pplcnet::Isa;
using pplcnet::Scale;
using pplcnet::TrainingExchange;
using pplcnet::TrainingParts;
using pplcnet::TrainingPass;
using pplcnet::TrainingRows;

/// Threads that meet.
struct Meeting {
  explicit Meeting(int ranks) : barrier(ranks), numbers(static_cast<std::size_t>(ranks)) {}

  std::barrier<> barrier;
  std::vector<const float*> numbers;
};

class ThreadExchange final : public TrainingExchange {
 public:
  ThreadExchange(Meeting& meeting, int rank)
      : TrainingExchange(rank, static_cast<int>(meeting.numbers.size())), meeting_(meeting) {}
  using TrainingExchange::check_ranks;

  bool fails = false;

 private:
  Error fill(float* numbers, const Places& counts, const Places& begins) override {
    if (fails) return Error("the line is dead");
    meeting_.numbers[static_cast<std::size_t>(rank())] = numbers;
    meeting_.barrier.arrive_and_wait();
    for (std::size_t other = 0; other < meeting_.numbers.size(); ++other)
      if (static_cast<int>(other) != rank())
        std::copy_n(meeting_.numbers[other] + begins[other], counts[other],
                    numbers + begins[other]);
    meeting_.barrier.arrive_and_wait();
    return {};
  }

  Meeting& meeting_;
};

struct Learnt {
  std::vector<float> parameters, velocities, statistics;
  std::vector<double> losses;
  bool operator==(const Learnt&) const = default;
};

struct Task {
  Graph graph;
  int batch = 8;
  bool batch_statistics = true;
  int steps = 3;
};

/// What a process learns, without an exchange, or with its images of each batch.
Learnt learn(const Task& task, const TrainingPass& chosen) {
  const TrainingRows own = chosen.exchange == nullptr ? TrainingRows{0, task.batch}
                                                      : chosen.exchange->images(task.batch);
  const auto images = static_cast<int>(own.count());
  std::optional<AnyTrainer> made;
  const auto error = AnyTrainer::make(task.graph, {.images = images}, /*seed=*/3, made);
  EXPECT_FALSE(error) << error.message();
  AnyTrainer& trainer = *made;
  const auto classes = static_cast<std::size_t>(trainer.classes());
  const auto size = static_cast<std::size_t>(trainer.picture().size());
  std::vector<float> class_weights(classes);
  for (std::size_t i = 0; i < classes; ++i)
    class_weights[i] = 1 / (1 + 0.3F * static_cast<float>(i));
  Learnt learnt;
  for (int step = 0; step < task.steps; ++step) {
    const std::vector<float> pictures =
        synthetic_input(static_cast<std::uint64_t>(step + 1), static_cast<std::size_t>(task.batch),
                        3, static_cast<std::size_t>(trainer.picture().height),
                        static_cast<std::size_t>(trainer.picture().width));
    std::vector<std::int32_t> labels;
    for (int i = 0; i < task.batch; ++i) labels.push_back((i + step) % trainer.classes());
    TrainingPass pass = chosen;
    pass.batch = task.batch;
    pass.batch_statistics = task.batch_statistics;
    pass.dropout_seed = static_cast<std::uint64_t>(step);
    trainer.forward(std::span(pictures).subspan(static_cast<std::size_t>(own.begin) * size), images,
                    pass);
    const pplcnet::LossOptions options = {.smoothing = 0.1, .class_weights = class_weights};
    const pplcnet::BatchLogits logits = trainer.batch_logits();
    std::vector<double> scratch(classes);
    const auto loss = pass.exchange == nullptr
                          ? loss_and_gradients(options, {.labels = labels}, logits, scratch)
                          : loss_and_gradients(*pass.exchange, task.batch, options,
                                               {.labels = labels}, logits, scratch);
    trainer.backward();
    trainer.update({.learning_rate = 0.05, .l2 = 1e-4, .largest_norm = 2});
    learnt.losses.push_back(loss.total);
  }
  const auto copy = [](std::span<const float> values) {
    return std::vector<float>(values.begin(), values.end());
  };
  learnt.parameters = copy(trainer.parameters());
  learnt.velocities = copy(trainer.velocities());
  learnt.statistics = copy(trainer.statistics());
  return learnt;
}

/// What each of some processes learns, each with some threads.
std::vector<Learnt> learn_together(const Task& task, int ranks, int threads = 1) {
  Meeting meeting(ranks);
  std::vector<Learnt> learnt(static_cast<std::size_t>(ranks));
  std::vector<std::thread> processes;
  for (int rank = 0; rank < ranks; ++rank)
    processes.emplace_back([&, rank] {
      ThreadExchange exchange(meeting, rank);
      Threads own(threads);
      learnt[static_cast<std::size_t>(rank)] =
          learn(task, {.executor = own.executor(), .exchange = &exchange});
      EXPECT_FALSE(exchange.error()) << exchange.error().message();
    });
  for (std::thread& process : processes) process.join();
  return learnt;
}

void expect_same(const Task& task, std::initializer_list<int> all_ranks) {
  SCOPED_TRACE(std::string(task.graph.title) + ", " + std::to_string(task.batch) + " images");
  Threads two(2);
  const Learnt one = learn(task, {.executor = two.executor()});
  EXPECT_NE(one.losses.front(), one.losses.back());
  for (const int ranks : all_ranks) {
    const std::vector<Learnt> learnt = learn_together(task, ranks);
    for (const Learnt& own : learnt)
      EXPECT_TRUE(own == one) << ranks << " processes learn something else";
  }
}

constexpr pplcnet::Options kSmall = {.classes = 4, .input = {48, 40}};

TEST(Exchange, HasTheBitsOfOneProcess) {
  expect_same({pplcnet_v1(Scale::x0_25, kSmall)}, {1, 2, 4, 8});
  expect_same({.graph = pplcnet_v1(Scale::x0_25, kSmall), .batch = 32, .steps = 2}, {2});
  expect_same({pplcnet_v2(pplcnet::V2::small, {.classes = 5, .input = {32, 40}})}, {2});
  expect_same({pplcnet_test::everything()}, {2, 4, 8});
}

/// A batch that cannot be divided.
TEST(Exchange, TakesBatchesOfAnySize) {
  for (const int batch : {2, 3, 7, 11, 19}) expect_same({pplcnet_test::everything(), batch}, {2});
  expect_same({pplcnet_test::everything(), 7}, {4});
  expect_same({pplcnet_test::everything(), 31}, {16});
  expect_same({pplcnet_v1(Scale::x0_25, kSmall), 5}, {2, 4});
}

TEST(Exchange, TakesFrozenBatchNorms) {
  expect_same({.graph = pplcnet_test::everything(), .batch = 6, .batch_statistics = false}, {2});
}

TEST(Exchange, HasTheSameBitsWithThreads) {
  const Task task = {pplcnet_v1(Scale::x0_25, kSmall)};
  EXPECT_EQ(learn_together(task, 2, 2).back(), learn(task, {}));
}

/// Parts end where the images of processes do; no row is left out.
TEST(Exchange, DividesBatchesAsTheirSumsAre) {
  for (int images = 1; images <= 70; ++images)
    for (const std::int64_t rows : {1, 3, 49, 50, 130, 4000})
      for (const int chunk : {1, 8, 64, 256, 1024}) {
        const TrainingParts channels = pplcnet::channel_parts(images, rows, 32768 / chunk);
        const TrainingParts weights = pplcnet::weight_parts(images, rows, chunk);
        EXPECT_LE(weights.count(), pplcnet::most_weight_parts(images, rows, chunk));
        for (const bool of_weights : {false, true}) {
          const TrainingParts& parts = of_weights ? weights : channels;
          ASSERT_LE(parts.count(), pplcnet::kTrainingParts);
          std::int64_t end = 0;
          for (int i = 0; i < parts.count(); ++i) {
            ASSERT_EQ(parts[i].begin, end);
            ASSERT_GT(parts[i].count(), 0);
            end = parts[i].end;
          }
          ASSERT_EQ(end, images * rows);
          for (int ranks = 2; ranks <= std::min(parts.shares, images); ranks *= 2)
            for (int rank = 0; rank < ranks; ++rank) {
              const std::int64_t first = std::int64_t{images} * rank / ranks,
                                 last = std::int64_t{images} * (rank + 1) / ranks;
              const int first_part = parts.count() * rank / ranks,
                        end_part = parts.count() * (rank + 1) / ranks;
              ASSERT_EQ(parts[first_part].begin, first * rows);
              ASSERT_EQ(parts[end_part - 1].end, last * rows);
              if (!of_weights) continue;
              ASSERT_LE(end_part - first_part,
                        pplcnet::most_weight_parts(static_cast<int>(last - first), rows, chunk));
            }
        }
        ASSERT_EQ(channels.shares,
                  std::min(16, static_cast<int>(std::bit_floor(static_cast<unsigned>(images)))));
      }
}

TEST(Exchange, SaysWhatIsWrong) {
  Meeting meeting(2);
  EXPECT_FALSE(ThreadExchange::check_ranks(1));
  EXPECT_FALSE(ThreadExchange::check_ranks(16));
  for (const int ranks : {0, 3, 32})
    EXPECT_EQ(std::string(ThreadExchange::check_ranks(ranks).message()),
              "training: expected 1, 2, 4, 8 or 16 processes, found " + std::to_string(ranks));
  std::optional<AnyTrainer> trainer;
  ASSERT_FALSE(AnyTrainer::make(pplcnet_v1(Scale::x0_25, kSmall), {.images = 4}, 1, trainer));
  const std::vector<float> pictures = synthetic_input(1, 4, 3, 48, 40);
  const std::vector<float> before(trainer->parameters().begin(), trainer->parameters().end());
  const auto error_of = [&](int images, int batch, bool fails) {
    ThreadExchange exchange(meeting, 1);
    exchange.fails = fails;
    trainer->forward(pictures, images, {.exchange = &exchange, .batch = batch});
    trainer->backward();
    EXPECT_TRUE(std::isnan(trainer->update({.learning_rate = 0.1})));
    return std::string(exchange.error().message());
  };
  EXPECT_EQ(error_of(3, 7, false),
            "training: expected 4 images of a batch of 7 in process 1, found 3");
  EXPECT_EQ(error_of(1, 1, false),
            "training: expected a batch of an image for each of 2 processes, found 1 images");
  EXPECT_EQ(error_of(4, 8, true), "the line is dead");
  EXPECT_EQ(before, std::vector<float>(trainer->parameters().begin(), trainer->parameters().end()));
}

}  // namespace
}  // namespace pplcnet_test::exchange_test
