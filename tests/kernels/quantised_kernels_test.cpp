// Products and depthwise layers of bytes, on every instruction set, against plain loops: equal in
// every byte, and nothing else is written.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "pplcnet/kernels/int8/arguments.hpp"
#include "pplcnet/kernels/int8/kernels.hpp"
#include "pplcnet/kernels/isa.hpp"
#include "pplcnet/quantise/arithmetic.hpp"

namespace {

using pplcnet::Activation;
using pplcnet::ByteDepthwise;
using pplcnet::ByteProduct;
using pplcnet::Ending;
using pplcnet::Isa;
using pplcnet::Pair;
using pplcnet::QuantisedKernels;
using Kind = Activation::Kind;

constexpr std::byte kUntouched{0xA5};

/// What sums end with, and whether there is an addend.
struct Finish {
  Ending kind = Ending::bytes;
  Kind activation = Kind::none;
  bool adds = false;
};
constexpr Finish kFinishes[] = {
    {Ending::bytes, Kind::none},          {Ending::bytes, Kind::relu},
    {Ending::bytes, Kind::relu6},         {Ending::bytes, Kind::hardswish},
    {Ending::bytes, Kind::none, true},    {Ending::bytes, Kind::relu, true},
    {Ending::factors, Kind::hardsigmoid}, {Ending::factors, Kind::sigmoid},
    {Ending::logits, Kind::none}};
constexpr int kBytesFinishes = 6;

int padded(int count, int step) { return (count + step - 1) / step * step; }
std::size_t size(int count) { return static_cast<std::size_t>(count); }

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int between(int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(engine_);
  }
  /// Returns extreme bytes as often as others.
  std::uint8_t byte() {
    const int choice = between(0, 3);
    return static_cast<std::uint8_t>(choice == 0 ? 0 : choice == 1 ? 255 : between(0, 255));
  }
  std::int8_t weight() {
    const int choice = between(0, 3);
    return static_cast<std::int8_t>(choice == 0 ? 127 : choice == 1 ? -127 : between(-127, 127));
  }
  /// Returns a neighbour whose magnitude and that of `other` are at most 128 together.
  std::int8_t neighbour(int other) {
    const int most = std::min(127, 128 - std::abs(other));
    const int choice = between(0, 2);
    return static_cast<std::int8_t>(choice == 0   ? most
                                    : choice == 1 ? -most
                                                  : between(-most, most));
  }

 private:
  std::mt19937 engine_;
};

/// The constants of padded channels, so that values are of all sizes and some saturate.
struct Constants {
  std::vector<std::int32_t> bias, shift;
  std::vector<float> scale;
  std::vector<std::int16_t> multiplier, three, zero, addend_multiplier, addend_zero;

  Constants(Random& random, int channels, const Finish& finish) {
    for (int c = 0; c < channels; ++c) {
      shift.push_back(finish.kind == Ending::logits ? 0 : random.between(0, 12));
      bias.push_back(random.between(-1, 1) * random.between(0, 1 << random.between(4, 20)));
      scale.push_back(static_cast<float>(random.between(1, 1000)) / 1024);
      const int size = 1 << random.between(6, 15);
      multiplier.push_back(static_cast<std::int16_t>(random.between(size / 2, size - 1)));
      three.push_back(static_cast<std::int16_t>(random.between(1, 16383)));
      const bool from_zero = finish.activation == Kind::relu || finish.activation == Kind::relu6;
      zero.push_back(static_cast<std::int16_t>(from_zero ? 0 : random.between(0, 255)));
      addend_multiplier.push_back(static_cast<std::int16_t>(random.between(64, 32767)));
      addend_zero.push_back(static_cast<std::int16_t>(random.between(0, 255)));
    }
  }
  pplcnet::EndingConstants view() const {
    return {bias.data(),
            shift.data(),
            scale.data(),
            multiplier.data(),
            three.data(),
            zero.data(),
            addend_multiplier.data(),
            addend_zero.data()};
  }
};

int saturated(int value) { return std::clamp(value, -32768, 32767); }
int scaled(int a, int b) { return (a * b + (1 << 14)) >> 15; }

/// Ends a sum by the definition, and stores it as the kernels do.
void end_sum(const Constants& constants, const Finish& finish, int c, std::int32_t sum, int addend,
             std::byte* pixel) {
  const std::size_t channel = size(c);
  if (finish.kind == Ending::logits) {
    const float logit = static_cast<float>(sum) * constants.scale[channel];
    std::memcpy(pixel + channel * sizeof logit, &logit, sizeof logit);
    return;
  }
  const int multiplier = constants.multiplier[channel], zero = constants.zero[channel];
  const int three = constants.three[channel];
  int u = saturated(sum >> constants.shift[channel]);
  if (finish.kind == Ending::factors) {
    int factor = scaled(u, multiplier);
    if (finish.activation == Kind::sigmoid)
      factor = scaled(pplcnet::sigmoid_of(static_cast<std::int16_t>(factor)), three);
    else
      factor = std::clamp(saturated(factor + zero), 0, three);
    const auto half = static_cast<std::int16_t>(factor);
    std::memcpy(pixel + channel * sizeof half, &half, sizeof half);
    return;
  }
  if (finish.activation == Kind::hardswish)
    u = scaled(u, std::clamp(saturated(u + three), 0, 2 * three));
  int value = scaled(u, multiplier);
  if (finish.adds) {
    if (finish.activation == Kind::relu) value = std::max(value, 0);
    const int other = scaled((addend - constants.addend_zero[channel]) * 64,
                             constants.addend_multiplier[channel]);
    value = saturated(saturated(value + other) + 8) >> 4;
  }
  pixel[channel] = static_cast<std::byte>(std::clamp(saturated(value + zero), 0, 255));
}

/// A map of pixels with a gap after each row, and what is around it.
struct Map {
  int width, rows, element;  // bytes of one
  std::size_t pixel_pitch, row_pitch;
  std::vector<std::byte> bytes;

  Map(Random& random, int pixels, int channels, int bytes_of_one)
      : width(random.between(1, pixels)),
        rows((pixels + width - 1) / width),
        element(bytes_of_one),
        pixel_pitch(size(channels * element + 16 * random.between(0, 2))),
        row_pitch(size(width) * pixel_pitch + size(16 * random.between(0, 3))),
        bytes(size(rows) * row_pitch, kUntouched) {}
  std::byte* pixel(int number) {
    return bytes.data() + size(number / width) * row_pitch + size(number % width) * pixel_pitch;
  }
  template <class Byte>
  pplcnet::BytePixels<Byte> view() {
    return {reinterpret_cast<Byte*>(bytes.data()), width, pixel_pitch, row_pitch};
  }
};

class QuantisedKernelsTest : public testing::TestWithParam<std::tuple<Isa, bool>> {
 protected:
  void SetUp() override {
    const auto [isa, dot] = GetParam();
    kernels_ = pplcnet::quantised_kernels(isa, dot);
  }

  void judge_product(int pixels, int depth, int channels, int kernel_rows, const Finish& finish) {
    std::ostringstream name;
    name << pixels << " pixels, depth " << kernel_rows << " x " << depth << ", " << channels
         << " channels, ending " << static_cast<int>(finish.kind) << ", activation "
         << static_cast<int>(finish.activation) << (finish.adds ? ", addend" : "");
    SCOPED_TRACE(name.str());
    Random random(++seed_);
    const int panels = padded(channels, 16) / 16, row_depth = padded(depth, 4);
    const int pitch = row_depth + random.between(0, 3);
    const int logical = kernel_rows * row_depth;

    std::vector<std::vector<std::uint8_t>> inputs(size(kernel_rows));
    std::vector<const std::uint8_t*> rows;
    for (auto& row : inputs) {
      row.resize(size((pixels - 1) * pitch + row_depth));
      for (std::uint8_t& byte : row) byte = random.byte();
      rows.push_back(row.data());
    }
    std::vector<std::int8_t> weights(size(panels * 16 * logical));
    for (std::size_t i = 0; i < weights.size(); i += 2) {
      weights[i] = random.weight();
      weights[i + 1] = random.neighbour(weights[i]);
    }
    const Constants constants(random, panels * 16, finish);
    const int element = finish.kind == Ending::bytes ? 1 : finish.kind == Ending::factors ? 2 : 4;
    Map output(random, pixels, panels * 16, element), expected = output;
    Map addend(random, pixels, panels * 16, 1);
    for (std::byte& byte : addend.bytes) byte = std::byte{random.byte()};

    const int stored = finish.kind == Ending::logits ? channels : panels * 16;
    for (int m = 0; m < pixels; ++m)
      for (int c = 0; c < stored; ++c) {
        std::int32_t sum = constants.bias[size(c)];
        for (int k = 0; k < logical; ++k)
          sum += inputs[size(k / row_depth)][size(m * pitch + k % row_depth)] *
                 weights[size(((c / 16 * logical + k / 4 * 4) * 16) + c % 16 * 4 + k % 4)];
        end_sum(constants, finish, c, sum, static_cast<int>(addend.pixel(m)[c]), expected.pixel(m));
      }

    const ByteProduct product = {
        .rows = rows.data(),
        .kernel_rows = kernel_rows,
        .row_depth = row_depth,
        .pixel_pitch = size(pitch),
        .weights = weights.data(),
        .ending = {constants.view(), finish.kind, finish.activation, Kind::none, channels},
        .output = output.view<std::uint8_t>(),
        .addend = finish.adds ? addend.view<const std::uint8_t>()
                              : pplcnet::BytePixels<const std::uint8_t>{}};
    const int middle = random.between(0, panels);
    kernels_.product(product, pixels, 0, middle);
    kernels_.product(product, pixels, middle, panels);
    ASSERT_EQ(output.bytes, expected.bytes);
  }

  void judge_depthwise(int rows, int width, int channels, Pair kernel, Pair stride, Pair dilation,
                       const Finish& finish) {
    std::ostringstream name;
    name << rows << " x " << width << " pixels, " << channels << " channels, kernel "
         << kernel.height << "x" << kernel.width << " / " << stride.height << "x" << stride.width
         << ", dilation " << dilation.height << "x" << dilation.width << ", activation "
         << static_cast<int>(finish.activation) << (finish.adds ? ", addend" : "");
    SCOPED_TRACE(name.str());
    Random random(++seed_);
    const int panels = padded(channels, 16) / 16, quads = padded(kernel.height, 4) / 4;
    const int input_rows = (rows - 1) * stride.height + (kernel.height - 1) * dilation.height + 1;
    const int input_width = (width - 1) * stride.width + (kernel.width - 1) * dilation.width + 1;
    const int pitch = panels * 16;
    std::vector<std::uint8_t> input(size(input_rows * input_width * pitch));
    for (std::uint8_t& byte : input) byte = random.byte();
    std::vector<std::int8_t> weights(size(panels * kernel.width * quads * 64));
    const auto weight = [&](int c, int y, int x) -> std::int8_t& {
      return weights[size((((c / 16 * kernel.width + x) * quads + y / 4) * 16 + c % 16) * 4 +
                          y % 4)];
    };
    for (int c = 0; c < pitch; ++c)
      for (int y = 0; y < kernel.height; ++y)
        for (int x = 0; x < kernel.width; ++x) weight(c, y, x) = random.weight();
    const Constants constants(random, pitch, finish);
    Map output(random, width, pitch, 1), addend(random, width, pitch, 1);
    for (Map* map : {&output, &addend}) {
      map->width = width;
      map->row_pitch = size(width) * map->pixel_pitch + size(16 * random.between(0, 2));
      map->bytes.assign(size(rows) * map->row_pitch, kUntouched);
    }
    for (std::byte& byte : addend.bytes) byte = std::byte{random.byte()};
    Map expected = output;

    for (int m = 0; m < rows * width; ++m)
      for (int c = 0; c < pitch; ++c) {
        std::int32_t sum = constants.bias[size(c)];
        for (int y = 0; y < kernel.height; ++y)
          for (int x = 0; x < kernel.width; ++x)
            sum += input[size(((m / width * stride.height + y * dilation.height) * input_width +
                               m % width * stride.width + x * dilation.width) *
                                  pitch +
                              c)] *
                   weight(c, y, x);
        end_sum(constants, finish, c, sum, static_cast<int>(addend.pixel(m)[c]), expected.pixel(m));
      }

    const ByteDepthwise depthwise = {
        .input = input.data(),
        .pixel_pitch = size(pitch),
        .row_pitch = size(input_width * pitch),
        .kernel = kernel,
        .stride = stride,
        .dilation = dilation,
        .weights = weights.data(),
        .ending = {constants.view(), Ending::bytes, finish.activation, Kind::none, channels},
        .rows = rows,
        .output = output.view<std::uint8_t>(),
        .addend = finish.adds ? addend.view<const std::uint8_t>()
                              : pplcnet::BytePixels<const std::uint8_t>{}};
    const int middle = random.between(0, panels);
    kernels_.depthwise(depthwise, 0, middle);
    kernels_.depthwise(depthwise, middle, panels);
    ASSERT_EQ(output.bytes, expected.bytes);
  }

  QuantisedKernels kernels_;

 private:
  unsigned seed_ = 0;
};

constexpr int kChannels[] = {8, 16, 24, 40, 48, 64, 200};

TEST_P(QuantisedKernelsTest, ProductsOfAllSizes) {
  int turn = 0;
  for (int pixels = 1; pixels <= 40; ++pixels)
    for (const int channels : kChannels) {
      ++turn;
      judge_product(pixels, kChannels[size(turn) % std::size(kChannels)], channels, 1,
                    kFinishes[size(turn) % std::size(kFinishes)]);
    }
}

TEST_P(QuantisedKernelsTest, ProductsWithAllEndings) {
  for (const Finish& finish : kFinishes)
    for (const int pixels : {1, 2, 5, 13, 29})
      for (const int channels : {16, 40, 88}) judge_product(pixels, 36, channels, 1, finish);
}

TEST_P(QuantisedKernelsTest, ConvolutionsOfPictures) {
  for (const Finish& finish : kFinishes)
    for (const int pixels : {1, 3, 7, 31, 112}) judge_product(pixels, 9, 8, 3, finish);
}

TEST_P(QuantisedKernelsTest, DepthwiseOfAllWidths) {
  int turn = 0;
  for (int width = 1; width <= 30; ++width)
    for (const int kernel : {3, 5})
      for (const Pair stride : {Pair(1, 1), Pair(2, 2), Pair(2, 1), Pair(1, 2)}) {
        ++turn;
        judge_depthwise(1 + turn % 5, width, kChannels[size(turn) % std::size(kChannels)], kernel,
                        stride, 1, kFinishes[turn % kBytesFinishes]);
      }
}

TEST_P(QuantisedKernelsTest, DepthwiseOfManyPanels) {
  int turn = 0;
  for (const int width : {4, 7, 28, 29, 57, 84})
    for (const int channels : {32, 48, 64, 80, 112, 128})
      for (const int kernel : {3, 5})
        for (const Pair stride : {Pair(1, 1), Pair(2, 2), Pair(2, 1)}) {
          ++turn;
          judge_depthwise(1 + turn % 4, width, channels, kernel, stride, 1,
                          kFinishes[turn % kBytesFinishes]);
        }
}

TEST_P(QuantisedKernelsTest, DepthwiseOfOtherKernels) {
  int turn = 0;
  for (const int height : {1, 3, 5, 7})
    for (const int width : {1, 3, 5, 7})
      for (const Pair stride : {Pair(1, 1), Pair(2, 2), Pair(3, 1)})
        for (const Pair dilation : {Pair(1, 1), Pair(2, 2), Pair(1, 3)}) {
          ++turn;
          judge_depthwise(1 + turn % 3, 1 + turn % 11, 24, {height, width}, stride, dilation,
                          kFinishes[turn % kBytesFinishes]);
        }
}

std::string copy_name(const testing::TestParamInfo<std::tuple<Isa, bool>>& test) {
  const Isa isa = std::get<0>(test.param);
  const std::string copy = isa == Isa::baseline ? "baseline" : isa == Isa::avx2 ? "avx2" : "avx512";
  return copy + (std::get<1>(test.param) ? "_dot_instructions" : "");
}

/// Returns the copies that this program has and this CPU runs.
std::vector<std::tuple<Isa, bool>> available_copies() {
  std::vector<std::tuple<Isa, bool>> copies;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    if (!pplcnet::has_isa(isa)) continue;
    const QuantisedKernels& plain = pplcnet::quantised_kernels(isa, false);
    copies.emplace_back(isa, false);
    if (&pplcnet::quantised_kernels(isa, true) != &plain) copies.emplace_back(isa, true);
  }
  return copies;
}

INSTANTIATE_TEST_SUITE_P(All, QuantisedKernelsTest, testing::ValuesIn(available_copies()),
                         copy_name);

}  // namespace
