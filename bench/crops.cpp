// Measures how many crops of text lines a classifier predicts in a second, from decoded pixels to
// labels.
//
//   bench_crops [THREADS]          up to so many, 2 by default
//
//   PPLCNET_BENCH_QUICK=1          does it work? 2 rounds
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "pplcnet/classifier.hpp"
#include "pplcnet/models/ocr.hpp"
#include "pplcnet/thread_pool.hpp"

namespace {

using Net = pplcnet::models::textline_orientation_x0_25;

/// Synthetic weights and pictures: time does not depend on what they are.
std::unique_ptr<Net::Weights> some_weights() {
  auto weights = std::make_unique<Net::Weights>();
  float sign = 0.02F;
  for (float& value : weights->values) value = sign = -sign;
  return weights;
}

/// Crops as text detection cuts them out of a page: 24 to 103 pixels high, two to nine times as
/// wide.
std::vector<pplcnet::ImageView> crops_of(const std::vector<std::uint8_t>& page, int page_width,
                                         int count) {
  std::vector<pplcnet::ImageView> crops;
  for (int i = 0; i < count; ++i) {
    const int height = 24 + i * 37 % 80, width = height * (2 + i * 5 % 8);
    crops.emplace_back(page.data() + 3 * (i * 11 % 1000), width, height, pplcnet::PixelFormat::bgr,
                       static_cast<std::size_t>(3 * page_width));
  }
  return crops;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown CPU";
}

}  // namespace

int main(int count_of_arguments, char** arguments) {
  const int most_threads = count_of_arguments > 1 ? std::atoi(arguments[1]) : 2;
  const int rounds = std::getenv("PPLCNET_BENCH_QUICK") != nullptr ? 2 : 25;
  constexpr int kCrops = 256, kPageWidth = 2048, kPageHeight = 128;
  std::vector<std::uint8_t> page(3 * kPageWidth * kPageHeight);
  std::uint32_t state = 1;
  for (std::uint8_t& value : page)
    value = static_cast<std::uint8_t>((state = state * 1664525U + 1013904223U) >> 24);
  const auto crops = crops_of(page, kPageWidth, kCrops);
  std::vector<pplcnet::Prediction> best(crops.size());
  const auto weights = some_weights();
  pplcnet::Classifier<Net> classifier;
  classifier.view(*weights);
  std::printf("%s, %s\n", cpu_name().c_str(),
              std::string(pplcnet::isa_name(pplcnet::best_isa())).c_str());
  for (int threads = 1; threads <= most_threads; threads *= 2) {
    pplcnet::ThreadPool pool(threads);
    double fastest = 1e9;
    for (int round = 0; round < rounds; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      if (auto error = classifier.classify(crops, best, {.executor = pool.executor()}))
        return std::puts(error.message()), 1;
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
      fastest = std::min(fastest, time.count());
    }
    std::printf("%d thread%s: %.0f crops per second (the fastest of %d rounds of %d)\n", threads,
                threads == 1 ? "" : "s", kCrops / fastest, rounds, kCrops);
  }
}
