// Neighbouring panels of a depthwise layer side by side: rows of their bytes fill vectors, so quads
// and endings take fewer shuffles. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE {

/// Vectors of words that have a panel in each lane: vector v has channels 4v to 4v + 3. Halves of a
/// panel, lower or upper, come from two of them.
inline constexpr int kLaneVectors = 4;
inline constexpr int kHalfVectors = 2;

/// `count` panels side by side, in the first lanes; in those after them are the same ones, of other
/// rows.
struct PanelLanes {
  int first;
  std::size_t panels[kSidePanels];

  HWY_INLINE PanelLanes(int begin, int count) : first(begin) {
    for (int i = 0; i < kSidePanels; ++i)
      panels[i] = static_cast<std::size_t>(first + (i < count ? i : i - count));
  }

  /// Loads 16 bytes of each panel's array: those of number `part`.
  template <class Vector>
  HWY_INLINE Vector load(const void* arrays, std::size_t panel_bytes, int part) const {
    const std::uint8_t* lanes[kSidePanels];
    for (int i = 0; i < kSidePanels; ++i)
      lanes[i] = static_cast<const std::uint8_t*>(arrays) + 16 * part + panels[i] * panel_bytes;
    Vector vector;
    load_lanes(lanes, vector);
    return vector;
  }
  HWY_INLINE Words load_words(const std::int32_t* array, int part) const {
    return load<Words>(array, kPanel * sizeof *array, part);
  }
  HWY_INLINE Halves operator()(const std::int16_t* array, int part) const {
    return load<Halves>(array, kPanel * sizeof *array, part);
  }
};

/// Subtracts what the offset of bytes adds to sums of products with these weights.
template <class Dot, int kTaps>
HWY_INLINE void subtract_offset(const typename Dot::Operand* taps, Words& start) {
  if constexpr (Dot::kOffset != 0) {
    const Words none = subtract_words(start, start);
    Words offset = none;
    for (int tap = 0; tap < kTaps; ++tap)
      offset = Dot::add(offset, Dot::bytes(none), taps[tap * kLaneVectors]);
    start = subtract_words(start, offset);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
