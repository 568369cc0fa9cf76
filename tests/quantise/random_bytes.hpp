#ifndef PPLCNET_TESTS_QUANTISE_RANDOM_BYTES_HPP
#define PPLCNET_TESTS_QUANTISE_RANDOM_BYTES_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "pplcnet/picture.hpp"
#include "pplcnet/plan/quantised_layer.hpp"

namespace pplcnet_test {

/// So many bytes, of which the first one is at a multiple of 64.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size, std::uint8_t value = 0)
      : bytes_(size + pplcnet::kByteAlignment, value) {}
  std::uint8_t* data() {
    const std::uintptr_t place = reinterpret_cast<std::uintptr_t>(bytes_.data());
    return bytes_.data() +
           (pplcnet::kByteAlignment - place % pplcnet::kByteAlignment) % pplcnet::kByteAlignment;
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// The packed weights of a plan, at random, such that values of all sizes come out of all layers.
class RandomWeights {
 public:
  using Layer = pplcnet::QuantisedLayer;
  using Operator = pplcnet::Operator;
  using Kind = pplcnet::Activation::Kind;

  explicit RandomWeights(const pplcnet::QuantisedPlan& plan, unsigned seed = 1)
      : size_(plan.weight_bytes), bytes_(plan.weight_bytes), random_(seed) {
    const pplcnet::PictureConstants picture = {{0.0171F, 0.0175F, 0.0174F},
                                               {123.675F, 116.28F, 103.53F}};
    std::memcpy(bytes_.data(), &picture, sizeof picture);
    for (int i = 0; i < plan.layer_count; ++i) {
      if (plan.layers[i].op == Operator::picture) continue;
      for (int c = 0; c < plan.layers[i].output.channels; ++c) fill_channel(plan.layers[i], c);
    }
  }

  const std::byte* data() { return reinterpret_cast<const std::byte*>(bytes_.data()); }
  std::size_t size() const { return size_; }

 private:
  int between(int least, int most) {
    return least + static_cast<int>(random_() % static_cast<unsigned>(most - least + 1));
  }

  template <class Value>
  void put(std::size_t place, int channel, Value value) {
    std::memcpy(bytes_.data() + place + static_cast<std::size_t>(channel) * sizeof value, &value,
                sizeof value);
  }
  void put_half(const Layer& layer, int number, int channel, int value) {
    put(layer.halves(number), channel, static_cast<std::int16_t>(value));
  }

  /// Writes the weights of a channel, all of at most 64. Returns their sum.
  int fill_weights(const Layer& layer, int channel) {
    const int width = layer.op == Operator::depthwise ? layer.kernel.height
                      : layer.op == Operator::convolution
                          ? layer.input.channels * layer.kernel.width
                          : layer.input.channels;
    const int padded = static_cast<int>(pplcnet::round_up(width, pplcnet::kQuad));
    const std::size_t panel =
        layer.weights + static_cast<std::size_t>(channel / pplcnet::kPanel * pplcnet::kPanel) *
                            static_cast<std::size_t>(layer.depth());
    int sum = 0;
    for (int k = 0; k < layer.depth(); ++k) {
      if (k % padded >= width) continue;
      const int weight = between(-64, 64);
      sum += weight;
      put(panel + static_cast<std::size_t>(k / pplcnet::kQuad * pplcnet::kPanel * pplcnet::kQuad),
          channel % pplcnet::kPanel * pplcnet::kQuad + k % pplcnet::kQuad,
          static_cast<std::int8_t>(weight));
    }
    return sum;
  }

  void fill_channel(const Layer& layer, int channel) {
    const int sum = layer.has_weights() ? fill_weights(layer, channel) : 0;
    int shift = 0;
    while (layer.depth() * 2000 >> shift > 20000) ++shift;
    if (layer.ending == pplcnet::Ending::logits) shift = 0;
    put(layer.words(0), channel, static_cast<std::int32_t>(between(-10000, 10000) - sum * 100));
    put(layer.words(1), channel, static_cast<std::int32_t>(shift));
    put(layer.words(2), channel, static_cast<float>(between(1, 100)) / 1024);
    const bool ends_at_zero = layer.last_activation.kind == Kind::relu ||
                              layer.activation.kind == Kind::relu ||
                              layer.activation.kind == Kind::relu6;
    put_half(layer, 0, channel, multiplier(layer));
    put_half(layer, 1, channel,
             layer.ending == pplcnet::Ending::factors ? between(2000, 3000) : between(8000, 16000));
    put_half(layer, 2, channel,
             layer.ending == pplcnet::Ending::factors ? between(900, 1200)
             : ends_at_zero                           ? 0
                                                      : between(0, 255));
    put_half(layer, 3, channel, between(8000, 11000));
    put_half(layer, 4, channel, between(0, 255));
  }

  int multiplier(const Layer& layer) {
    if (layer.op == Operator::pool) return between(256, 556);
    if (layer.ending == pplcnet::Ending::factors) return between(20000, 32000);
    if (layer.activation.kind == Kind::hardswish) return between(3000, 9000);
    return layer.addend >= 0 ? between(8000, 16000) : between(400, 800);
  }

  std::size_t size_;
  AlignedBytes bytes_;
  std::mt19937 random_;
};

/// Returns the lookup tables of pictures whose bytes are the network's.
inline std::vector<pplcnet::ByteTable> tables_of(const std::byte* weights) {
  pplcnet::PictureConstants picture;
  std::memcpy(&picture, weights, sizeof picture);
  std::vector<pplcnet::ByteTable> tables(pplcnet::kPictureChannels);
  for (std::size_t c = 0; c < tables.size(); ++c)
    for (std::size_t i = 0; i < tables[c].size(); ++i)
      tables[c][i] = (static_cast<float>(i) - picture.zero[c]) * picture.scale[c];
  return tables;
}

}  // namespace pplcnet_test

#endif  // PPLCNET_TESTS_QUANTISE_RANDOM_BYTES_HPP
