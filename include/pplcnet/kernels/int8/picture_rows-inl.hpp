// Rows of the picture as bytes. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Puts `count` pixels of three planes side by side.
HWY_INLINE void interleave(const std::uint8_t* const* planes, std::size_t count, std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d))
    hn::StoreInterleaved3(hn::LoadU(d, planes[0] + x), hn::LoadU(d, planes[1] + x),
                          hn::LoadU(d, planes[2] + x), d, to + kPictureChannels * x);
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c) to[kPictureChannels * x + c] = planes[c][x];
}

/// Copies `count` pixels, of which `from` is channel 0, whose channels lie in the opposite order.
HWY_INLINE void reverse_pixels(const std::uint8_t* from, std::size_t count, std::uint8_t* to) {
  from -= kPictureChannels - 1;
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS
  const hn::ScalableTag<std::uint8_t> d;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    hn::Vec<decltype(d)> a, b, c;
    hn::LoadInterleaved3(d, from + kPictureChannels * x, a, b, c);
    hn::StoreInterleaved3(c, b, a, d, to + kPictureChannels * x);
  }
#endif
  for (; x < count; ++x)
    for (std::size_t c = 0; c < kPictureChannels; ++c)
      to[kPictureChannels * x + c] = from[kPictureChannels * (x + 1) - 1 - c];
}

/// Rounds `count` values of a channel, side by side, as picture_byte does.
HWY_INLINE void round_values(const float* from, float scale, float zero, std::size_t count,
                             std::uint8_t* to) {
  std::size_t x = 0;
#if PPLCNET_BYTE_VECTORS && HWY_HAVE_FLOAT64  // without float64, Highway's quotients are not exact
  const hn::ScalableTag<float> d;
  const hn::Rebind<std::uint8_t, decltype(d)> bytes;
  const hn::Rebind<std::uint32_t, decltype(d)> words;
  for (; x + hn::Lanes(d) <= count; x += hn::Lanes(d)) {
    const auto quotient = hn::Div(hn::LoadU(d, from + x), hn::Set(d, scale));
    const auto step = hn::Add(quotient, hn::Set(d, zero));
    const auto inside =
        hn::IfThenElseZero(hn::Gt(step, hn::Zero(d)), hn::Min(step, hn::Set(d, 255)));
    // From 2^23 on, floats are integers, whose lowest byte is the one.
    const auto integer = hn::BitCast(words, hn::Add(inside, hn::Set(d, 8388608)));
    hn::StoreU(hn::TruncateTo(bytes, integer), bytes, to + x);
  }
#endif
  for (; x < count; ++x) to[x] = picture_byte(from[x], scale, zero);
}

/// Copies pixels whose bytes are others in the network, or lie anywhere: some at a time, so that
/// what is computed for each channel is in cache.
HWY_INLINE void convert_pixels(const Picture& picture, const PictureBytes& bytes,
                               std::ptrdiff_t row, std::size_t count, std::uint8_t* to) {
  constexpr std::size_t kBlock = 256;
  std::uint8_t blocks[kPictureChannels][kBlock];
  for (std::size_t begin = 0; begin < count; begin += kBlock, to += kPictureChannels * kBlock) {
    const std::size_t length = std::min(kBlock, count - begin);
    const std::uint8_t* planes[kPictureChannels];
    for (std::ptrdiff_t c = 0; c < kPictureChannels; ++c) {
      const std::ptrdiff_t first =
          row + c * picture.channel + static_cast<std::ptrdiff_t>(begin) * picture.pixel;
      planes[c] = blocks[c];
      if (picture.values != nullptr && picture.pixel == 1) {
        round_values(picture.values + first, bytes.constants.scale[c], bytes.constants.zero[c],
                     length, blocks[c]);
      } else if (picture.values != nullptr) {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              picture_byte(picture.values[first + static_cast<std::ptrdiff_t>(i) * picture.pixel],
                           bytes.constants.scale[c], bytes.constants.zero[c]);
      } else if (bytes.same && picture.pixel == 1) {
        planes[c] = picture.bytes + first;
      } else {
        for (std::size_t i = 0; i < length; ++i)
          blocks[c][i] =
              bytes.table[c][picture.bytes[first + static_cast<std::ptrdiff_t>(i) * picture.pixel]];
      }
    }
    interleave(planes, length, to);
  }
}

/// Copies rows [begin, end) of the picture, of which some may be outside of it, inside their frame,
/// as far as a convolution reads them.
inline HWY_NOINLINE void load_picture_rows(const QuantisedLayer& layer, const Picture& picture,
                                           const PictureBytes& bytes, int begin, int end,
                                           std::uint8_t* to) {
  constexpr std::size_t kPixel = kPictureChannels;
  const std::size_t pitch = layer.picture_row_pitch();
  const std::size_t left = kPixel * static_cast<std::size_t>(layer.padding.left);
  const std::size_t count =
      std::min(static_cast<std::size_t>(layer.input.width), (pitch - left) / kPixel);
  constexpr std::size_t kPattern = 16 * kPixel;
  std::uint8_t pattern[kPixel + kPattern];
  for (std::size_t i = 0; i < sizeof pattern; ++i) pattern[i] = bytes.frame[i % kPixel];
  const auto fill_frame = [&](std::size_t from, std::size_t until) {
    const std::uint8_t* const first = pattern + from % kPixel;
    for (; from + kPattern <= until; from += kPattern) std::memcpy(to + from, first, kPattern);
    std::memcpy(to + from, first, until - from);
  };
  for (int y = begin; y < end; ++y, to += pitch) {
    if (y < 0 || y >= layer.input.height) {
      fill_frame(0, pitch);
      continue;
    }
    const bool interleaved = bytes.same && picture.pixel == kPictureChannels;
    const std::ptrdiff_t row = y * picture.row;
    fill_frame(0, left);
    if (interleaved && picture.channel == 1)
      std::memcpy(to + left, picture.bytes + row, kPixel * count);
    else if (interleaved && picture.channel == -1)
      reverse_pixels(picture.bytes + row, count, to + left);
    else
      convert_pixels(picture, bytes, row, count, to + left);
    fill_frame(left + kPixel * count, pitch);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
