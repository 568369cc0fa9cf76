// Vectors of channels, and sums over rows. Compiled once per instruction set.
HWY_BEFORE_NAMESPACE();
namespace pplcnet::inline PPLCNET_ABI {
namespace HWY_NAMESPACE::training {

using namespace pplcnet::training;  // NOLINT(google-build-using-namespace): of all instruction sets

/// Calls `body(d, channel)` for all vectors of so many channels, a multiple of 8.
template <class Body>
HWY_INLINE void for_vectors(int channels, const Body& body) {
  int channel = 0;
  for (; channel + kLanes <= channels; channel += kLanes) body(Lanes16(), channel);
  if constexpr (kLanes > kTrainingPanel)
    if (channel < channels) body(Lanes8(), channel);
}

/// Stores a vector, or adds it to what is there.
template <class D, class V = hn::Vec<D>>
HWY_INLINE void store_or_add(D d, V vector, bool adds, float* to) {
  hn::StoreU(adds ? hn::Add(hn::LoadU(d, to), vector) : vector, d, to);
}

inline void clear(float* to, std::int64_t count) { std::fill_n(to, count, 0.0F); }

/// Two sums that are made at once.
template <class V>
struct TwoSums {
  V first, second;

  HWY_INLINE TwoSums operator+(const TwoSums& other) const {
    return {hn::Add(first, other.first), hn::Add(second, other.second)};
  }
};

/// Returns the sums over rows of what `add(row, sums)` adds for each, in four chains, so that one
/// need not wait for the other.
template <class D, class Add>
HWY_INLINE TwoSums<hn::Vec<D>> sum_rows(D d, std::int64_t rows, const Add& add) {
  const TwoSums<hn::Vec<D>> zero = {hn::Zero(d), hn::Zero(d)};
  TwoSums<hn::Vec<D>> a = zero, b = zero, c = zero, e = zero;
  std::int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    add(row, a);
    add(row + 1, b);
    add(row + 2, c);
    add(row + 3, e);
  }
  if (row < rows) add(row, a);
  if (row + 1 < rows) add(row + 1, b);
  if (row + 2 < rows) add(row + 2, c);
  return (a + b) + (c + e);
}

/// Sums the same place of all parts' sums.
inline HWY_NOINLINE void add_parts(const float* sums, int parts, std::int64_t pitch,
                                   std::int64_t count, float* to) {
  for_vectors(static_cast<int>(count), [&](auto d, int i) HWY_ATTR {
    auto sum = hn::LoadU(d, sums + i);
    for (int part = 1; part < parts; ++part)
      sum = hn::Add(sum, hn::LoadU(d, sums + part * pitch + i));
    hn::StoreU(sum, d, to + i);
  });
}

/// Sums a matrix over its rows, a bias's gradient; `scratch` has a row for each part.
inline HWY_NOINLINE void sum_columns(const TrainingRun& run, const Matrix<const float>& matrix,
                                     float* scratch, float* to) {
  const TrainingParts parts{matrix.rows, channel_chunk(matrix.pitch)};
  const auto pitch = size(matrix.pitch);
  share(run, matrix.rows * matrix.pitch, parts.count(),
        [&](int, std::int64_t first, std::int64_t last) HWY_ATTR {
          for (auto part = static_cast<int>(first); part < last; ++part) {
            float* const sums = scratch + size(part) * pitch;
            clear(sums, matrix.pitch);
            const TrainingRows rows = parts[part];
            for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.chunk) {
              const std::int64_t count = std::min<std::int64_t>(parts.chunk, rows.end - begin);
              for_vectors(matrix.pitch, [&](auto d, int channel) HWY_ATTR {
                const float* const column = matrix[begin] + channel;
                const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
                  both.first = hn::Add(both.first, hn::LoadU(d, column + row * matrix.pitch));
                });
                store_or_add(d, sum.first, true, sums + channel);
              });
            }
          }
        });
  add_parts(scratch, parts.count(), matrix.pitch, matrix.pitch, to);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
