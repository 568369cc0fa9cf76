// However a picture lies in memory, the output has the same bits.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "goldens/synthetic_network.hpp"
#include "pplcnet/models/pplcnet.hpp"

namespace pplcnet_test::picture_test {
namespace {

using pplcnet::ByteTable, pplcnet::Options, pplcnet::Picture, pplcnet::PPLCNet, pplcnet::Scale,
    pplcnet::Shape, pplcnet::Stride;

template <class Net>
class Pictures : public testing::Test {
 protected:
  static constexpr Shape kShape = Net::input_shape;
  static constexpr std::ptrdiff_t kGap = 5;  // at the end of an interleaved row

  Pictures() {
    for (std::size_t c = 0; c < 3; ++c)
      for (std::size_t i = 0; i < 256; ++i)
        lookup_[c][i] =
            (static_cast<float>(i) / 255.0F - 0.4F) / (0.2F + 0.1F * static_cast<float>(c));
    std::uint32_t random = 1;
    for (int c = 0; c < 3; ++c)
      for (int y = 0; y < kShape.height; ++y)
        for (int x = 0; x < kShape.width; ++x) {
          random = random * 1664525U + 1013904223U;
          const auto byte = static_cast<std::uint8_t>(random >> 24U);
          const float value = lookup_[static_cast<std::size_t>(c)][byte];
          const auto planar = static_cast<std::size_t>((c * kShape.height + y) * kShape.width + x);
          const auto pixel = static_cast<std::size_t>(y * kRow + x * 3);
          const auto channel = static_cast<std::size_t>(c);
          planar_bytes_[planar] = byte;
          planar_[planar] = value;
          bytes_[pixel + channel] = byte;
          values_[pixel + channel] = value;
          reversed_bytes_[pixel + 2 - channel] = byte;
          reversed_[pixel + 2 - channel] = value;
        }
  }

  std::vector<std::uint32_t> logits(const Picture& picture, pplcnet::Isa isa) const {
    typename Net::Logits logits;
    Net::forward(*weights_, picture, *workspace_, logits, {.isa = isa});
    std::vector<std::uint32_t> bits;
    for (const float logit : logits) bits.push_back(std::bit_cast<std::uint32_t>(logit));
    return bits;
  }

  static constexpr std::ptrdiff_t kRow = std::ptrdiff_t{kShape.width} * 3 + kGap;
  static constexpr std::size_t kBytes = kShape.height * kRow;
  std::unique_ptr<typename Net::Weights> weights_ = pplcnet_test::synthetic_weights<Net>();
  std::unique_ptr<typename Net::Workspace> workspace_ = std::make_unique<typename Net::Workspace>();
  std::array<ByteTable, 3> lookup_;
  std::vector<float> planar_ = std::vector<float>(Net::input_size);
  std::vector<std::uint8_t> planar_bytes_ = std::vector<std::uint8_t>(Net::input_size);
  std::vector<float> values_ = std::vector<float>(kBytes), reversed_ = values_;
  std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(kBytes), reversed_bytes_ = bytes_;
};

// Strides of the stem: two, one sideways, one downwards.
using Nets = testing::Types<
    PPLCNet<Scale::x0_25, Options{.classes = 7}>,
    PPLCNet<Scale::x0_25, Options{.classes = 7, .input = {37, 53}}>,
    PPLCNet<Scale::x0_25,
            Options{.classes = 7, .input = {33, 41}, .strides = {{{2, 1}, 2, 2, 2, 2}}}>,
    PPLCNet<Scale::x0_25,
            Options{.classes = 7, .input = {20, 31}, .strides = {{{1, 2}, 2, 2, 2, 2}}}>>;
TYPED_TEST_SUITE(Pictures, Nets);

TYPED_TEST(Pictures, SameBits) {
  constexpr Shape kPicture = TestFixture::kShape;
  constexpr std::ptrdiff_t kPitch = TestFixture::kRow;
  const ByteTable* const lookup = this->lookup_.data();
  for (const pplcnet::Isa isa : {pplcnet::Isa::baseline, pplcnet::best_isa()}) {
    const auto expected = this->logits(Picture::planar(this->planar_.data(), kPicture), isa);
    const auto judge = [&](const char* what, const Picture& picture) {
      EXPECT_EQ(this->logits(picture, isa), expected) << what << ", " << pplcnet::isa_name(isa);
    };
    judge("floats, interleaved", Picture::interleaved(this->values_.data(), kPicture, kPitch));
    judge("floats, reversed",
          Picture::interleaved(this->reversed_.data(), kPicture, kPitch).reversed(kPicture));
    judge("bytes, planar", Picture::planar(this->planar_bytes_.data(), lookup, kPicture));
    judge("bytes, interleaved",
          Picture::interleaved(this->bytes_.data(), lookup, kPicture, kPitch));
    judge("bytes, reversed",
          Picture::interleaved(this->reversed_bytes_.data(), lookup, kPicture, kPitch)
              .reversed(kPicture));
  }
}

}  // namespace
}  // namespace pplcnet_test::picture_test
