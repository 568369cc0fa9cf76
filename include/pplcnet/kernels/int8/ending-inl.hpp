// How sums of products become bytes, factors of gates, or logits. Compiled once per instruction
// set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// The most pixels whose sums end together, in whole units.
inline constexpr int kMostEnded = 28;

/// Where some pixels are. The last one is repeated, so that there is a whole unit of them.
template <class Byte>
class PixelPlaces {
 public:
  PixelPlaces() = default;
  HWY_INLINE PixelPlaces(const BytePixels<Byte>& map, int pixel, int count) {
    find(map, pixel, count);
  }
  /// Finds pixels [pixel, pixel + count) of rows of pixels.
  HWY_INLINE void find(const BytePixels<Byte>& map, int pixel, int count) {
    if (map.pixels == nullptr) {
      for (Byte*& place : places_) place = nullptr;
      return;
    }
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

/// How sums become bytes: with what is computed between the two. `either` is the first or the
/// second, as a layer says.
enum class ByteSteps : unsigned char { scale, hardswish, either, add };

/// The constants of a panel of channels, or of two, in vectors.
template <ByteSteps kSteps, int kPanels = 1>
class BytePanel {
 public:
  static constexpr bool kAdds = kSteps == ByteSteps::add;

  HWY_INLINE BytePanel(const SumEnding& ending, std::size_t channel)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < kVectors; ++i)
      shift_[i] =
          shifts_of(load_words(constants.shift + channel + i / kWords * kPanel, i % kWords));
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = load_halves<kPanels>(constants.multiplier + channel, i);
      zero_[i] = load_halves<kPanels>(constants.zero + channel, i);
      if constexpr (kMayActivate) set_three(load_halves<kPanels>(constants.three + channel, i), i);
      if constexpr (kAdds) {
        least_ = set_halves(ending.activation == Activation::Kind::relu ? 0 : -32768);
        addend_zero_[i] = load_halves<kPanels>(constants.addend_zero + channel, i);
        addend_multiplier_[i] = load_halves<kPanels>(constants.addend_multiplier + channel, i);
      }
    }
  }

  /// Those of panels side by side, for halves alone.
  template <class Lanes>
  HWY_INLINE BytePanel(const SumEnding& ending, const Lanes& panels)
      : hardswish_(ending.activation == Activation::Kind::hardswish) {
    const EndingConstants& constants = ending.constants;
    for (int i = 0; i < 2; ++i) {
      multiplier_[i] = panels(constants.multiplier, i);
      zero_[i] = panels(constants.zero, i);
      if constexpr (kMayActivate) set_three(panels(constants.three, i), i);
    }
  }

  /// Turns a unit's sums into the halves that saturate to its bytes. There are addends where they
  /// are added.
  HWY_INLINE void end(Words a, Words b, Words c, Words d, const Halves (&addends)[2],
                      Halves (&unit)[2]) const {
    // No loop, so that none of them is in memory.
    Halves lower = narrow(shift_words(a, shift_[0]), shift_words(b, shift_[1 % kVectors]));
    Halves upper =
        narrow(shift_words(c, shift_[2 % kVectors]), shift_words(d, shift_[3 % kVectors]));
    if (activates()) {
      lower = activate(lower, 0);
      upper = activate(upper, 1);
    }
    unit[0] = scale_and_add(lower, 0, addends[0]);
    unit[1] = scale_and_add(upper, 1, addends[1]);
  }

  /// Turns halves, the lower ones (0) or the upper ones (1), into those that saturate to bytes.
  HWY_INLINE Halves end(Halves sum, int i) const {
    static_assert(!kAdds, "there is no addend");
    return scale_and_add(activates() ? activate(sum, i) : sum, i, sum);
  }

 private:
  static constexpr int kVectors = kPanels * kWords;  // of a pixel's sums
  static constexpr bool kMayActivate =
      kSteps == ByteSteps::hardswish || kSteps == ByteSteps::either;

  HWY_INLINE void set_three(Halves three, int i) {
    three_[i] = three;
    minus_three_[i] = subtract(set_halves(0), three);
  }
  HWY_INLINE bool activates() const {
    return kSteps == ByteSteps::hardswish || (kSteps == ByteSteps::either && hardswish_);
  }
  HWY_INLINE Halves activate(Halves sum, int i) const {
    // From 0 to 6, in operations for which there are more ports than for one that saturates.
    const Halves within = lesser(greater(sum, minus_three_[i]), three_[i]);
    return scale(sum, subtract(within, minus_three_[i]));
  }
  HWY_INLINE Halves scale_and_add(Halves sum, int i, [[maybe_unused]] Halves addend) const {
    Halves value = scale(sum, multiplier_[i]);
    if constexpr (kAdds) {
      value = greater(value, least_);
      const Halves other =
          scale(shift_left<6>(subtract(addend, addend_zero_[i])), addend_multiplier_[i]);
      value = shift_right<4>(add(add(value, other), set_halves(8)));
    }
    return add(value, zero_[i]);
  }

  bool hardswish_;
  Shifts shift_[kVectors];
  Halves multiplier_[2], zero_[2], three_[2], minus_three_[2], addend_zero_[2],
      addend_multiplier_[2], least_;
};

/// Calls a function with the steps of an ending in bytes that adds nothing, as a constant. If Dot
/// takes several instructions, a branch in each ending costs little beside them, and halves the
/// kernels.
template <class Dot, class Function>
HWY_INLINE void with_activation(const SumEnding& ending, const Function& function) {
  using enum ByteSteps;
  if constexpr (!Dot::kOneInstruction)
    function(std::integral_constant<ByteSteps, either>());
  else if (ending.activation == Activation::Kind::hardswish)
    function(std::integral_constant<ByteSteps, hardswish>());
  else
    function(std::integral_constant<ByteSteps, scale>());
}

/// Calls it with those of an ending that may add.
template <class Dot, class Function>
HWY_INLINE void with_steps(const SumEnding& ending, bool adds, const Function& function) {
  if (adds)
    function(std::integral_constant<ByteSteps, ByteSteps::add>());
  else
    with_activation<Dot>(ending, function);
}

/// Ends the sums of a unit. The first `count` of its pixels are stored.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_words(const BytePanel<kSteps, kPanels>& panels, std::size_t channel, Words a,
                          Words b, Words c, Words d, int count, std::uint8_t* const* outputs,
                          const std::uint8_t* const* addends) {
  Halves added[2] = {}, unit[2];
  if constexpr (BytePanel<kSteps, kPanels>::kAdds) load_unit<kPanels>(addends, channel, added);
  panels.end(a, b, c, d, added, unit);
  constexpr int kPixels = kUnitPixels / kPanels;
  if (count >= kPixels)
    store_unit<kPanels>(unit, outputs, channel, kPixels);
  else
    store_unit<kPanels>(unit, outputs, channel, count);
}

/// Does so with sums [pixel][16 of each panel] in memory.
template <ByteSteps kSteps, int kPanels>
HWY_INLINE void end_unit(const BytePanel<kSteps, kPanels>& panels, std::size_t channel,
                         const std::int32_t* sums, int count, std::uint8_t* const* outputs,
                         const std::uint8_t* const* addends) {
  const auto word = [&](int i)
                        HWY_ATTR { return load_words(sums + i / kWords * kPanel, i % kWords); };
  end_words(panels, channel, word(0), word(1), word(2), word(3), count, outputs, addends);
}

/// Ends the sums [pixel][16] of a panel in bytes; those of the last unit are there, whatever they
/// are.
template <ByteSteps kSteps>
HWY_NOINLINE void end_bytes(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            int count, std::uint8_t* const* outputs,
                            const std::uint8_t* const* addends) {
  const BytePanel<kSteps> panel(ending, channel);
  for (int pixel = 0; pixel < count; pixel += kUnitPixels)
    end_unit(panel, channel, sums + pixel * kPanel, count - pixel, outputs + pixel,
             addends + pixel);
}

#if PPLCNET_BYTE_VECTORS
/// Returns 2^15 times the sigmoids of y / 1024. Pieces are looked up one by one.
template <class D, class Values = hn::Vec<D>>
HWY_INLINE Values sigmoids_of(D d, Values y) {
  constexpr std::int16_t kHalf = kSigmoidPieces / 2 * kSigmoidSteps;
  const auto place =
      hn::Add(hn::Min(hn::Max(y, hn::Set(d, -kHalf)), hn::Set(d, kHalf - 1)), hn::Set(d, kHalf));
  std::int16_t pieces[kPanel], starts[kPanel], slopes[kPanel];
  hn::StoreU(hn::ShiftRight<4>(place), d, pieces);
  for (std::size_t i = 0; i < hn::Lanes(d); ++i) {
    const std::int16_t* const piece = kSigmoidTable.data() + pieces[i];
    starts[i] = piece[0];
    slopes[i] = static_cast<std::int16_t>(piece[1] - piece[0]);
  }
  const auto step = hn::And(place, hn::Set(d, kSigmoidSteps - 1));
  return hn::Add(hn::LoadU(d, starts), hn::ShiftRight<4>(hn::Mul(hn::LoadU(d, slopes), step)));
}

/// Ends the sums of a panel as factors.
HWY_INLINE void end_factors(const SumEnding& ending, std::size_t channel, const std::int32_t* sums,
                            std::uint8_t* to) {
  const hn::CappedTag<std::int32_t, kPanel> d;
  const hn::Rebind<std::int16_t, decltype(d)> halves;
  const EndingConstants& constants = ending.constants;
  for (std::size_t i = 0; i < kPanel; i += hn::Lanes(d)) {
    const std::size_t c = channel + i;
    const auto load = [&](const std::int16_t* array)
                          HWY_ATTR { return hn::LoadU(halves, array + c); };
    const auto u =
        hn::DemoteTo(halves, hn::Shr(hn::LoadU(d, sums + i), hn::LoadU(d, constants.shift + c)));
    const auto y = hn::MulFixedPoint15(u, load(constants.multiplier));
    const auto three = load(constants.three);
    const auto factor =
        ending.activation == Activation::Kind::sigmoid
            ? hn::MulFixedPoint15(sigmoids_of(halves, y), three)
            : hn::Min(hn::Max(hn::SaturatedAdd(y, load(constants.zero)), hn::Zero(halves)), three);
    hn::StoreU(factor, halves, reinterpret_cast<std::int16_t*>(to) + c);
  }
}
#endif

/// Ends the sums of a panel as factors or logits; those of a pixel are so many after the last
/// one's.
inline HWY_NOINLINE void end_values(const SumEnding& ending, int panel, const std::int32_t* sums,
                                    int pitch, int count, std::uint8_t* const* outputs) {
  const EndingConstants& constants = ending.constants;
  const auto first = static_cast<std::size_t>(panel * kPanel);
  const int end =
      ending.kind == Ending::logits ? std::min(kPanel, ending.channels - panel * kPanel) : kPanel;
  for (int pixel = 0; pixel < count; ++pixel, sums += pitch) {
#if PPLCNET_BYTE_VECTORS
    if (ending.kind == Ending::factors) {
      end_factors(ending, first, sums, outputs[pixel]);
      continue;
    }
#endif
    for (int i = 0; i < end; ++i) {
      const std::size_t channel = first + static_cast<std::size_t>(i);
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
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
