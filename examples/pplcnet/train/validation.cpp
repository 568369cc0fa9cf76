#include "train/validation.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "over_pictures.hpp"
#include "pictures.hpp"
#include "pplcnet/image/normalisation.hpp"
#include "pplcnet/train/elementary.hpp"

namespace {

using pplcnet::Error;

/// A network, and what one thread needs to run pictures.
struct Tool {
  pplcnet::AnyNetwork network;
  pplcnet::Preprocessing preprocessing;
  std::array<pplcnet::ByteTable, pplcnet::kImageChannels> tables;
  pplcnet::PreprocessScratch scratch;
};

/// What a network says of a picture.
struct Answer {
  double loss = 0;
  bool is_right = false;
};

/// Compares logits with the class that is meant.
Answer judge(const std::vector<float>& logits, int class_id) {
  const double own = double{logits[static_cast<std::size_t>(class_id)]};
  const float most = *std::ranges::max_element(logits);
  double sum = 0;
  for (const float value : logits) sum += pplcnet::exponential(double{value} - double{most});
  const auto best = std::ranges::max_element(logits) - logits.begin();
  return {pplcnet::natural_logarithm(sum) + double{most} - own, best == class_id};
}

}  // namespace

pplcnet::Score validate(const pplcnet::AnyNetwork& network,
                        const pplcnet::Preprocessing& preprocessing, int threads,
                        std::vector<Example>& examples) {
  const Tool tool = {
      network, preprocessing, pplcnet::normalisation_tables(preprocessing.normalisation), {}};
  pplcnet::Score sum;
  std::vector<Example> seen;
  over_pictures(
      tool, threads, examples.size(), one_by_one(examples),
      [](Tool& own, const Example& example) {
        Outcome<Answer> outcome;
        outcome.error = see_example(example, [&](pplcnet::ImageView image) {
          if (!pplcnet::resize_and_crop(own.preprocessing, image, own.scratch))
            return too_narrow(example.path);
          const pplcnet::Shape shape = own.network.input_shape();
          const auto picture =
              pplcnet::Picture::interleaved(own.scratch.pixels.data(), own.tables.data(), shape);
          const bool is_bgr = own.preprocessing.channel_order == pplcnet::ChannelOrder::bgr;
          std::vector<float> logits(static_cast<std::size_t>(own.network.classes()));
          own.network.run(is_bgr ? picture.reversed(shape) : picture, own.network.traits().logits,
                          logits);
          outcome.value = judge(logits, example.class_id);
          return Error();
        });
        return outcome;
      },
      [&](const Example& example, auto& outcome) {
        sum.loss += outcome.value.loss;
        sum.accuracy += outcome.value.is_right ? 1 : 0;
        seen.push_back(example);
        return true;
      });
  examples = std::move(seen);
  const auto count = static_cast<double>(std::max<std::size_t>(1, examples.size()));
  return {.accuracy = sum.accuracy / count, .loss = sum.loss / count};
}

std::vector<float> some_pictures(const pplcnet::Preprocessing& preprocessing, int threads,
                                 const std::vector<Example>& examples, std::size_t most) {
  std::vector<Example> chosen;
  const std::size_t count = std::min(most, examples.size());
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(examples[i * examples.size() / count]);
  std::vector<float> pictures;
  over_pictures(
      std::pair(preprocessing, pplcnet::PreprocessScratch()), threads, chosen.size(),
      one_by_one(chosen),
      [](auto& own, const Example& example) {
        Outcome<std::vector<float>> outcome;
        outcome.error = see_example(example, [&](pplcnet::ImageView image) {
          outcome.value.resize(own.first.tensor_size());
          return pplcnet::preprocess(own.first, image, outcome.value, own.second)
                     ? Error()
                     : too_narrow(example.path);
        });
        return outcome;
      },
      [&](const Example&, auto& outcome) {
        pictures.insert(pictures.end(), outcome.value.begin(), outcome.value.end());
        return true;
      });
  return pictures;
}
