// How sums of products become bytes, factors of gates, or logits. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The most pixels whose sums wait for their ending, in whole units.
inline constexpr int kMostEnded = 24;

/// Where some pixels are. The last one is repeated, so that there is a whole unit of them.
template <class Byte>
class PixelPlaces {
 public:
  /// Pixels [pixel, pixel + count) of rows of pixels.
  HWY_INLINE PixelPlaces(const BytePixels<Byte>& map, int pixel, int count) {
    if (map.pixels == nullptr) return;
    const int row = pixel / map.width;
    int column = pixel - row * map.width;
    const std::size_t gap = map.row_pitch - static_cast<std::size_t>(map.width) * map.pixel_pitch;
    Byte* place = map.pixels + static_cast<std::size_t>(row) * map.row_pitch +
                  static_cast<std::size_t>(column) * map.pixel_pitch;
    if (gap == 0 || column + count <= map.width) {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) places_[i] = place;
    } else {
      for (int i = 0; i < count; ++i, place += map.pixel_pitch) {
        places_[i] = place;
        if (++column < map.width) continue;
        column = 0;
        place += gap;
      }
    }
    for (int i = count; i % kUnitPixels != 0; ++i) places_[i] = places_[count - 1];
  }
  HWY_INLINE Byte* const* from(int pixel) const { return places_ + pixel; }

 private:
  Byte* places_[kMostEnded];
};

/// Where the pixels of a unit are that are in one row.
template <class Byte>
struct UnitPlaces {
  Byte* places[kUnitPixels];

  HWY_INLINE UnitPlaces(const BytePixels<Byte>& map, int y, int x) {
    Byte* const first = map.pixels + static_cast<std::size_t>(y) * map.row_pitch +
                        static_cast<std::size_t>(x) * map.pixel_pitch;
    for (int i = 0; i < kUnitPixels; ++i)
      places[i] = first + static_cast<std::size_t>(i) * map.pixel_pitch;
  }
};

/// How sums become bytes: with what is computed between the two.
enum class ByteSteps : unsigned char { scale, hardswish, add, relu_and_add };

/// The constants of one panel of channels, in vectors.
template <ByteSteps kSteps>
class BytePanel {
 public:
  static constexpr bool kAdds = kSteps == ByteSteps::add || kSteps == ByteSteps::relu_and_add;

  HWY_INLINE BytePanel(const EndingConstants& constants, std::size_t channel) {
    for (int i = 0; i < kWords; ++i) shift_[i] = load_words(constants.shift + channel, i);
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = load_halves(constants.multiplier + channel, i);
      zero_[i] = load_halves(constants.zero + channel, i);
      if constexpr (kSteps == ByteSteps::hardswish)
        three_[i] = load_halves(constants.three + channel, i);
      if constexpr (kAdds) {
        addend_zero_[i] = load_halves(constants.addend_zero + channel, i);
        addend_multiplier_[i] = load_halves(constants.addend_multiplier + channel, i);
      }
    }
  }

  /// Those of panels side by side, for halves alone.
  template <class Lanes>
  HWY_INLINE BytePanel(const EndingConstants& constants, const Lanes& panels) {
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = panels(constants.multiplier, i);
      zero_[i] = panels(constants.zero, i);
      if constexpr (kSteps == ByteSteps::hardswish) three_[i] = panels(constants.three, i);
    }
  }

  /// Turns a unit's sums into the halves that saturate to its bytes. There are addends where they
  /// are added.
  HWY_INLINE void end(const Words (&sums)[4], const Halves (&addends)[2], Halves (&unit)[2]) const {
    for (int i = 0; i < 2; ++i)
      unit[i] = end(narrow(shift_words(sums[2 * i], shift_[2 * i % kWords]),
                           shift_words(sums[2 * i + 1], shift_[(2 * i + 1) % kWords])),
                    i, addends[i]);
  }

  /// Turns halves, the lower ones (0) or the upper ones (1), into those that saturate to bytes.
  HWY_INLINE Halves end(Halves sum, int i, [[maybe_unused]] Halves addend = set_halves(0)) const {
    if constexpr (kSteps == ByteSteps::hardswish) {
      const Halves six = add(three_[i], three_[i]);
      const Halves gate = lesser(greater(add(sum, three_[i]), set_halves(0)), six);
      sum = scale(sum, gate);
    }
    Halves value = scale(sum, multiplier_[i]);
    if constexpr (kSteps == ByteSteps::relu_and_add) value = greater(value, set_halves(0));
    if constexpr (kAdds) {
      const Halves other =
          scale(shift_left<6>(subtract(addend, addend_zero_[i])), addend_multiplier_[i]);
      value = shift_right<4>(add(add(value, other), set_halves(8)));
    }
    return add(value, zero_[i]);
  }

 private:
  Words shift_[kWords];
  Halves multiplier_[2], zero_[2], three_[2], addend_zero_[2], addend_multiplier_[2];
};

/// Calls a function with the steps of an ending in bytes, as a constant.
template <class Function>
HWY_INLINE void with_steps(const SumEnding& ending, bool adds, const Function& function) {
  using enum ByteSteps;
  if (adds) {
    if (ending.activation == Activation::Kind::relu)
      return function(std::integral_constant<ByteSteps, relu_and_add>());
    return function(std::integral_constant<ByteSteps, add>());
  }
  if (ending.activation == Activation::Kind::hardswish)
    return function(std::integral_constant<ByteSteps, hardswish>());
  function(std::integral_constant<ByteSteps, scale>());
}

/// Ends the sums [pixel][16] of a panel in bytes; those of the last unit are there, whatever they
/// are.
template <ByteSteps kSteps>
HWY_NOINLINE void end_bytes(const EndingConstants& constants, std::size_t channel,
                            const std::int32_t* sums, int count, std::uint8_t* const* outputs,
                            const std::uint8_t* const* addends) {
  const BytePanel<kSteps> panel(constants, channel);
  for (int pixel = 0; pixel < count; pixel += kUnitPixels, sums += kUnitPixels * kPanel) {
    Words words[4];
    for (int i = 0; i < 4; ++i) words[i] = load_words(sums + i / kWords * kPanel, i % kWords);
    Halves added[2] = {}, unit[2];
    if (addends != nullptr) load_unit(addends + pixel, channel, added);
    panel.end(words, added, unit);
    store_unit(unit, outputs + pixel, channel, count - pixel);
  }
}

/// Ends the sums of a panel as factors or logits.
inline HWY_NOINLINE void end_values(const SumEnding& ending, int panel, const std::int32_t* sums,
                                    int count, std::uint8_t* const* outputs) {
  const EndingConstants& constants = ending.constants;
  const int end =
      ending.kind == Ending::logits ? std::min(kPanel, ending.channels - panel * kPanel) : kPanel;
  for (int pixel = 0; pixel < count; ++pixel, sums += kPanel)
    for (int i = 0; i < end; ++i) {
      const auto channel = static_cast<std::size_t>(panel * kPanel + i);
      if (ending.kind == Ending::logits) {
        const float logit = static_cast<float>(sums[i]) * constants.scale[channel];
        std::memcpy(outputs[pixel] + channel * sizeof logit, &logit, sizeof logit);
        continue;
      }
      const std::int16_t factor = factor_of(sums[i], ending.activation,
                                            {.shift = constants.shift[channel],
                                             .multiplier = constants.multiplier[channel],
                                             .three = constants.three[channel],
                                             .zero = constants.zero[channel]});
      std::memcpy(outputs[pixel] + channel * sizeof factor, &factor, sizeof factor);
    }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
