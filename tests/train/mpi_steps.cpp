// Prints what networks have learnt after 20 steps, as a hash of all bits: mpi_steps THREADS. Each
// of the processes that mpirun starts has some images of every batch.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pplcnet/networks/pplcnet_v1.hpp"
#include "pplcnet/networks/pplcnet_v2.hpp"
#include "pplcnet/rounding.hpp"
#include "pplcnet/thread_pool.hpp"
#include "pplcnet/train/mpi.hpp"
#include "pplcnet/train/shared_loss.hpp"
#include "pplcnet/training.hpp"
#include "synthetic.hpp"
#include "train/graphs.hpp"

namespace {

using pplcnet::AnyTrainer;
using pplcnet::Error;
using pplcnet::MpiExchange;

std::uint64_t hash(std::uint64_t sum, std::span<const float> values) {
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    sum = (sum ^ bits) * 0x100000001b3U;
  }
  return sum;
}

/// Trains a network with batches of so many images, of which this process has some.
Error train(const pplcnet::Graph& graph, int batch, MpiExchange& exchange,
            pplcnet::ThreadPool& pool) {
  const bool alone = exchange.ranks() == 1;
  const pplcnet::TrainingRows own = exchange.images(batch);
  const auto images = static_cast<int>(own.count());
  std::optional<AnyTrainer> made;
  if (auto error = AnyTrainer::make(graph, {.images = images}, /*seed=*/1, made)) return error;
  AnyTrainer& trainer = *made;
  const pplcnet::Shape& shape = trainer.picture();
  const std::vector<float> pictures = pplcnet_test::synthetic_input(
      1, static_cast<std::size_t>(batch), 3, static_cast<std::size_t>(shape.height),
      static_cast<std::size_t>(shape.width));
  std::vector<double> scratch(static_cast<std::size_t>(trainer.classes()));
  std::vector<float> averages(trainer.parameters().size());
  double loss = 0;
  for (int step = 0; step < 20; ++step) {
    std::vector<std::int32_t> labels;
    for (int i = 0; i < batch; ++i) labels.push_back((i * step) % trainer.classes());
    trainer.forward(std::span(pictures).subspan(static_cast<std::size_t>(own.begin * shape.size())),
                    images,
                    {.dropout_seed = static_cast<std::uint64_t>(step),
                     .executor = pool.executor(),
                     .exchange = alone ? nullptr : &exchange,
                     .batch = batch});
    const pplcnet::LossOptions options = {.smoothing = 0.1};
    const pplcnet::BatchLogits logits = trainer.batch_logits();
    loss += alone
                ? loss_and_gradients(options, {.labels = labels}, logits, scratch).total
                : loss_and_gradients(exchange, batch, options, {.labels = labels}, logits, scratch)
                      .total;
    trainer.backward();
    trainer.update({.learning_rate = 0.02, .l2 = 1e-4, .largest_norm = 5});
    if (exchange.error()) return exchange.error();
    std::ranges::transform(averages, trainer.parameters(), averages.begin(),
                           [](float average, float value) {
                             return average + pplcnet::rounded(0.1F * (value - average));
                           });
  }
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const std::span<const float> values :
       {std::span<const float>(averages), std::span<const float>(trainer.parameters()),
        std::span<const float>(trainer.velocities()), std::span<const float>(trainer.statistics())})
    sum = hash(sum, values);
  std::printf("%s, %d images: %a %016llx\n", std::string(graph.title).c_str(), batch, loss,
              static_cast<unsigned long long>(sum));
  return {};
}

Error train_all(int threads) {
  std::optional<MpiExchange> exchange;
  if (auto error = MpiExchange::make(MPI_COMM_WORLD, exchange)) return error;
  pplcnet::ThreadPool pool(threads);
  constexpr pplcnet::Options kLines = {
      .classes = 4, .input = {32, 48}, .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}};
  const pplcnet::Graph networks[] = {
      pplcnet_v1(pplcnet::Scale::x0_25, kLines),
      pplcnet_v2(pplcnet::V2::small, {.classes = 5, .input = {32, 40}}),
      pplcnet_test::everything()};
  for (const pplcnet::Graph& network : networks)
    for (const int batch : {8, 5})
      if (auto error = train(network, batch, *exchange, pool)) return error;
  return {};
}

}  // namespace

int main(int count, char** words) {
  int provided = 0;
  MPI_Init_thread(&count, &words, MPI_THREAD_FUNNELED, &provided);
  const Error error = train_all(count > 1 ? std::atoi(words[1]) : 1);
  if (error) std::fprintf(stderr, "%s\n", error.message());
  MPI_Finalize();
  return error ? 1 : 0;
}
