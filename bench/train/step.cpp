// Steps of training, as bench/train/compare.py asks for them: forward pass, loss, backward pass and
// update of a batch. With a third argument it prints how long each of them takes instead.
//
//   peers_train NETWORK THREADS [parts]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "../machine.hpp"
#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/training.hpp"

namespace {

struct Task {
  pplcnet::Graph graph;
  int images;
};

/// The networks of compare.py.
std::map<std::string, Task> tasks() {
  const pplcnet::Options lines = {
      .classes = 2, .input = {80, 160}, .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}};
  return {{"x0_25_textline", {pplcnet::pplcnet_v1(pplcnet::Scale::x0_25, lines), 32}},
          {"x0_5", {pplcnet::pplcnet_v1(pplcnet::Scale::x0_5, {}), 16}}};
}

/// A trainer, and a batch of noise.
class Step {
 public:
  Step(pplcnet::AnyTrainer& trainer, int threads)
      : trainer_(trainer),
        pool_(threads),
        pictures_(static_cast<std::size_t>(trainer.picture().size() * trainer.images())),
        scratch_(static_cast<std::size_t>(trainer.classes())) {
    std::mt19937 random(0);
    std::normal_distribution<float> number;
    std::ranges::generate(pictures_, [&] { return number(random); });
    for (int i = 0; i < trainer.images(); ++i) labels_.push_back(i % trainer.classes());
  }

  /// Takes a step; returns the loss and adds the seconds of its parts.
  double run(double (&seconds)[4]) {
    const auto start = bench::Clock::now();
    trainer_.forward(pictures_, trainer_.images(),
                     {.dropout_seed = ++count_, .executor = pool_.executor()});
    const double forward = bench::seconds_since(start);
    const auto loss = pplcnet::loss_and_gradients({.smoothing = 0.1}, {.labels = labels_},
                                                  trainer_.batch_logits(), scratch_);
    const double with_loss = bench::seconds_since(start);
    trainer_.backward();
    const double backward = bench::seconds_since(start);
    trainer_.update({.learning_rate = 0.01, .l2 = 3e-5});
    const double parts[] = {forward, with_loss - forward, backward - with_loss,
                            bench::seconds_since(start) - backward};
    for (int i = 0; i < 4; ++i) seconds[i] += parts[i];
    return loss.total;
  }

 private:
  pplcnet::AnyTrainer& trainer_;
  pplcnet::ThreadPool pool_;
  std::vector<float> pictures_;
  std::vector<std::int32_t> labels_;
  std::vector<double> scratch_;
  std::uint64_t count_ = 0;
};

/// Replies to each line, a number of seconds, with the median and the least time of a step.
void serve(Step& step) {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<double> times;
    for (double sum = 0; sum < std::atof(line.c_str()); sum += times.back()) {
      double seconds[4] = {};
      step.run(seconds);
      times.push_back(seconds[0] + seconds[1] + seconds[2] + seconds[3]);
    }
    const double middle = bench::median(times);
    std::printf("%.6g %.6g\n", middle, times.front());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int count, char** words) {
  const auto known = tasks();
  if (count < 3 || !known.contains(words[1])) {
    std::fprintf(stderr, "usage: %s NETWORK THREADS [parts]\n", words[0]);
    return 2;
  }
  const Task& task = known.at(words[1]);
  std::optional<pplcnet::AnyTrainer> trainer;
  if (auto error = pplcnet::AnyTrainer::make(task.graph, {.images = task.images}, 1, trainer)) {
    std::fprintf(stderr, "%s\n", error.message());
    return 1;
  }
  Step step(*trainer, std::atoi(words[2]));
  double seconds[4] = {};
  std::printf("%.6g\n", step.run(seconds));
  std::fflush(stdout);
  if (count == 3) return serve(step), 0;
  std::fill(seconds, seconds + 4, 0.0);
  constexpr int kSteps = 20;
  for (int i = 0; i < kSteps; ++i) step.run(seconds);
  std::printf("forward %.2f, loss %.2f, backward %.2f, update %.2f ms\n", seconds[0] / kSteps * 1e3,
              seconds[1] / kSteps * 1e3, seconds[2] / kSteps * 1e3, seconds[3] / kSteps * 1e3);
  std::printf("memory %.1f MB\n", static_cast<double>(trainer->memory_bytes()) / 1e6);
}
