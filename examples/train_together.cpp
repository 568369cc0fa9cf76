// Processes that train one network together, on one machine or on several, by MPI: each has its
// part of every batch, and all learn the same, to the bit, as one process that has all of it.
//
//     mpirun -n 2 train_together WEIGHTS    (or 1, 4, 8, 16; without mpirun: one)
//
// Pictures are drawn: stripes that lie, stand, or lean. Another program would read its own ones.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "pplcnet/pplcnet.hpp"
#include "pplcnet/train/mpi.hpp"
#include "pplcnet/train/random.hpp"
#include "pplcnet/train/shared_loss.hpp"
#include "pplcnet/training.hpp"

using Net =
    pplcnet::PPLCNet<pplcnet::Scale::x0_25, pplcnet::Options{.classes = 3, .input = {32, 32}}>;
constexpr int kBatch = 32, kSteps = 80;  // images of all processes
using Trainer = pplcnet::Trainer<Net, kBatch>;

/// Draws a picture, [3][height][width], in noise: the same one in any process.
void draw(int number, std::int32_t label, std::span<float> picture) {
  pplcnet::Random random(/*seed=*/1, pplcnet::RandomPurpose::picture, /*epoch=*/0,
                         static_cast<std::uint64_t>(number));
  const double period = random.uniform(5, 9), phase = random.uniform(0, 1);
  constexpr int kWidth = Net::input_shape.width, kHeight = Net::input_shape.height;
  for (int i = 0; i < static_cast<int>(picture.size()); ++i) {
    const int x = i % kWidth, y = i / kWidth % kHeight;
    const int distance = label == 0 ? y : label == 1 ? x : x + y;
    picture[static_cast<std::size_t>(i)] = static_cast<float>(
        pplcnet::sine_and_cosine(distance / period + phase).sine + 0.5 * random.normal());
  }
}

pplcnet::Error train(const char* path) {
  std::optional<pplcnet::MpiExchange> exchange;
  if (auto error = pplcnet::MpiExchange::make(MPI_COMM_WORLD, exchange)) return error;
  const pplcnet::TrainingRows own = exchange->images(kBatch);
  const auto images = static_cast<int>(own.count());

  const auto trainer = std::make_unique<Trainer>(/*seed=*/1);  // the same in all processes
  std::vector<float> pictures(static_cast<std::size_t>(images) * Net::input_size);
  std::vector<std::int32_t> labels(kBatch);
  std::vector<double> scratch(Net::classes);
  for (int step = 0; step < kSteps; ++step) {
    for (int i = 0; i < kBatch; ++i)
      labels[static_cast<std::size_t>(i)] = (i + step) % Net::classes;
    for (int i = 0; i < images; ++i) {
      const auto place = static_cast<int>(own.begin) + i;  // in the batch
      draw(step * kBatch + place, labels[static_cast<std::size_t>(place)],
           std::span(pictures).subspan(static_cast<std::size_t>(i) * Net::input_size,
                                       Net::input_size));
    }
    trainer->forward(pictures, images,
                     {.dropout_seed = static_cast<std::uint64_t>(step),
                      .exchange = &*exchange,
                      .batch = kBatch});
    const pplcnet::BatchLoss loss =
        pplcnet::loss_and_gradients(*exchange, kBatch, {.smoothing = 0.1}, {.labels = labels},
                                    trainer->batch_logits(), scratch);
    trainer->backward();
    trainer->update({.learning_rate = 0.05, .l2 = 3e-5});
    if (exchange->error()) return exchange->error();
    if (exchange->rank() == 0 && step % 20 == 19)
      std::printf("step %d: loss %.4f, %d of %d right\n", step + 1, loss.total, loss.right, kBatch);
  }
  if (exchange->rank() != 0) return {};  // all have the same weights
  const auto weights = std::make_unique<Net::Weights>();
  if (auto error = trainer->fold(*weights)) return error;
  return pplcnet::save(path, *weights);
}

int main(int count, char** words) {
  int provided = 0;
  MPI_Init_thread(&count, &words, MPI_THREAD_FUNNELED, &provided);
  const pplcnet::Error error =
      count == 2 ? train(words[1]) : pplcnet::Error("usage: train_together WEIGHTS");
  if (error) std::fprintf(stderr, "%s\n", error.message());
  if (error) MPI_Abort(MPI_COMM_WORLD, 1);  // the others may wait
  MPI_Finalize();
}
