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

/// Returns the sum of a vector of so many shares, each of which consists of `parts` ones.
template <int kShares, class D>
HWY_INLINE hn::Vec<D> sum_shares(D d, const float* sums, int parts, std::int64_t pitch) {
  if constexpr (kShares > 1) {
    const auto half = sum_shares<kShares / 2>(d, sums, parts, pitch);
    return hn::Add(half,
                   sum_shares<kShares / 2>(d, sums + kShares / 2 * parts * pitch, parts, pitch));
  } else {
    auto sum = hn::LoadU(d, sums);
    for (int part = 1; part < parts; ++part) sum = hn::Add(sum, hn::LoadU(d, sums + part * pitch));
    return sum;
  }
}

/// Sums `count` numbers of so many shares.
inline HWY_NOINLINE void add_shares(const float* sums, int shares, int parts, std::int64_t pitch,
                                    std::int64_t count, float* to) {
  const auto add = [&]<int kShares>(std::integral_constant<int, kShares>) HWY_ATTR {
    for_vectors(static_cast<int>(count), [&](auto d, int i) HWY_ATTR {
      hn::StoreU(sum_shares<kShares>(d, sums + i, parts, pitch), d, to + i);
    });
  };
  switch (shares) {
    case 16:
      return add(std::integral_constant<int, 16>());
    case 8:
      return add(std::integral_constant<int, 8>());
    case 4:
      return add(std::integral_constant<int, 4>());
    case 2:
      return add(std::integral_constant<int, 2>());
    default:
      return add(std::integral_constant<int, 1>());
  }
}

/// Adds the own parts' sums, of `count` numbers each, and those of the other processes. A single
/// one may be where the sum is asked for.
inline void add_parts(const TrainingRun& run, const OwnParts& parts, const float* sums,
                      std::int64_t count, float* to) {
  const auto add = [&](const float* from, int shares, int of_share, float* sum) {
    if (from == sum) return;
    share(run, shares * of_share * count, count / kTrainingPanel,
          [&](int, std::int64_t begin, std::int64_t end) HWY_ATTR {
            const std::int64_t first = begin * kTrainingPanel;
            add_shares(from + first, shares, of_share, count, (end - begin) * kTrainingPanel,
                       sum + first);
          });
  };
  TrainingExchange* const exchange = parts.exchange;
  if (exchange == nullptr) return add(sums, parts.all.shares, parts.all.per_share(), to);
  const int ranks = exchange->ranks();
  float* const of_ranks = exchange->memory(size(ranks * count));
  if (of_ranks == nullptr) return;
  add(sums, parts.all.shares / ranks, parts.all.per_share(), of_ranks + exchange->rank() * count);
  exchange->gather(of_ranks, ranks, size(count));
  add(of_ranks, ranks, 1, to);
}

/// Sums a matrix over its rows, a bias's gradient; `scratch` has a row for each part.
inline HWY_NOINLINE void sum_columns(const TrainingRun& run, const Matrix<const float>& matrix,
                                     float* scratch, float* to) {
  const int pitch = matrix.pitch;
  const OwnParts parts(run, channel_parts(images_of_all(run), matrix.rows / run.images, pitch));
  for_parts(run, parts, matrix.rows * pitch, [&](int, int part, const TrainingRows& rows) HWY_ATTR {
    float* const sums = scratch + std::int64_t{part} * pitch;
    clear(sums, pitch);
    for (std::int64_t begin = rows.begin; begin < rows.end; begin += parts.all.chunk) {
      const std::int64_t count = std::min<std::int64_t>(parts.all.chunk, rows.end - begin);
      for_vectors(pitch, [&](auto d, int channel) HWY_ATTR {
        const float* const column = matrix[begin] + channel;
        const auto sum = sum_rows(d, count, [&](std::int64_t row, auto& both) HWY_ATTR {
          both.first = hn::Add(both.first, hn::LoadU(d, column + row * pitch));
        });
        store_or_add(d, sum.first, true, sums + channel);
      });
    }
  });
  add_parts(run, parts, scratch, pitch, to);
}

}  // namespace HWY_NAMESPACE::training
}  // namespace pplcnet::inline PPLCNET_ABI
HWY_AFTER_NAMESPACE();
