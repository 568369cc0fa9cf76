// Prints what networks have learnt after 20 steps, as a hash of all bits: print_trained [ISA
// [THREADS]]
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "pplcnet/models/pplcnet.hpp"
#include "pplcnet/train/loss.hpp"
#include "pplcnet/training.hpp"
#include "synthetic.hpp"
#include "threads.hpp"

namespace {

std::uint64_t hash(std::uint64_t sum, std::span<const float> values) {
  for (const float value : values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    sum = (sum ^ bits) * 0x100000001b3U;
  }
  return sum;
}

template <class Net>
void print(const char* name, const pplcnet::TrainingPass& chosen) {
  constexpr int kImages = 4, kSteps = 20;
  const auto trainer = std::make_unique<pplcnet::Trainer<Net, kImages>>(/*seed=*/1);
  const std::vector<float> pictures = pplcnet_test::synthetic_input(
      1, kImages, 3, static_cast<std::size_t>(Net::input_shape.height),
      static_cast<std::size_t>(Net::input_shape.width));
  std::vector<double> scratch(Net::classes);
  for (int step = 0; step < kSteps; ++step) {
    std::vector<std::int32_t> labels;
    for (int i = 0; i < kImages; ++i) labels.push_back((i * step) % Net::classes);
    pplcnet::TrainingPass pass = chosen;
    pass.dropout_seed = static_cast<std::uint64_t>(step);
    trainer->forward(pictures, kImages, pass);
    pplcnet::loss_and_gradients({.smoothing = 0.1}, {.labels = labels}, trainer->batch_logits(),
                                scratch);
    trainer->backward();
    trainer->update({.learning_rate = 0.02, .l2 = 1e-4, .largest_norm = 5});
  }
  const pplcnet::TrainingPasses& learnt = *trainer;
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const auto& values : {learnt.parameters(), learnt.velocities(), learnt.statistics()})
    sum = hash(sum, values);
  std::printf("%s %016llx\n", name, static_cast<unsigned long long>(sum));
}

}  // namespace

int main(int count, char** arguments) {
  using pplcnet::Isa;
  constexpr pplcnet::Options kV1 = {.classes = 10, .input = {48, 40}};
  constexpr pplcnet::Options kLines = {
      .classes = 2, .input = {32, 48}, .strides = {{2, {2, 1}, {2, 1}, {2, 1}, {2, 1}}}};
  constexpr pplcnet::V2Options kV2 = {.classes = 5, .input = {32, 40}};
  const std::string_view name = count > 1 ? arguments[1] : "best";
  const int thread_count = count > 2 ? std::atoi(arguments[2]) : 1;
  pplcnet::TrainingPass pass;
  if (name == "baseline") pass.isa = Isa::baseline;
  if (name == "avx2") pass.isa = Isa::avx2;
  if (name == "avx512") pass.isa = Isa::avx512;
  if (!pplcnet::has_isa(pass.isa)) return 77;
  pplcnet_test::Threads threads(thread_count);
  if (thread_count > 1) pass.executor = threads.executor();
  print<pplcnet::PPLCNet<pplcnet::Scale::x0_25, kV1>>("x0_25", pass);
  print<pplcnet::PPLCNet<pplcnet::Scale::x0_5, kLines>>("lines", pass);
  print<pplcnet::PPLCNetV2<pplcnet::V2::small, kV2>>("v2_small", pass);
  return 0;
}
