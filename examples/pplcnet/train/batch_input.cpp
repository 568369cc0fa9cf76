#include "train/batch_input.hpp"

#include <cstddef>

#include "pplcnet/train/random.hpp"

BatchInput::BatchInput(const Recipe& recipe, const pplcnet::Preprocessing& preprocessing)
    : mixing_(recipe.mixing()),
      seed_(recipe.seed),
      preprocessing_(preprocessing),
      tables_(pplcnet::normalisation_tables(preprocessing.normalisation)) {}

pplcnet::Mix BatchInput::make(Batch& batch, std::int64_t step, const pplcnet::Executor& executor) {
  const pplcnet::ImageSize size = {preprocessing_.width, preprocessing_.height};
  const std::size_t bytes = preprocessing_.tensor_size();
  const int images = batch.images();
  const auto picture = [&](int i) {
    return std::span(batch.pixels).subspan(static_cast<std::size_t>(i) * bytes, bytes);
  };
  const pplcnet::Random random(seed_, pplcnet::RandomPurpose::mixing, 0,
                               static_cast<std::uint64_t>(step));
  const pplcnet::Mix mix = pplcnet::draw_mix(mixing_, size, random);
  const auto mix_one = [&](int i) {
    const int other = pplcnet::Mix::partner(i, images);
    if (other > i) pplcnet::mix_pictures(mix, size, picture(i), picture(other));
  };
  if (mix.kind != pplcnet::Mix::Kind::none) executor(images, pplcnet::Task(mix_one));
  values_.resize(static_cast<std::size_t>(images) * bytes);
  const auto normalise_one = [&](int i) {
    normalise(picture(i), values_.data() + static_cast<std::size_t>(i) * bytes);
  };
  executor(images, pplcnet::Task(normalise_one));
  return mix;
}

/// Normalises the bytes of a picture, plane by plane.
void BatchInput::normalise(std::span<const std::uint8_t> rgb, float* to) const {
  const bool is_bgr = preprocessing_.channel_order == pplcnet::ChannelOrder::bgr;
  const std::size_t pixels = rgb.size() / pplcnet::kImageChannels;
  for (std::size_t plane = 0; plane < pplcnet::kImageChannels; ++plane, to += pixels) {
    const pplcnet::ByteTable& table = tables_[plane];
    const std::size_t channel = is_bgr ? 2 - plane : plane;
    for (std::size_t k = 0; k < pixels; ++k)
      to[k] = table[rgb[k * pplcnet::kImageChannels + channel]];
  }
}
